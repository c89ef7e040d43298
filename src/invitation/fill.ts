/** Fills the placeholders of a template. What is filled in is text, never markup, and cannot add a line to a header. */

/** `text`: as it is; `html`: escaped; `header`: on one line. */
export type Form = 'text' | 'html' | 'header'

/** What a placeholder stands for; a line that holds one without a value is left out. */
export type Values = Readonly<Record<string, string>>

const placeholder = /\{\{\s*([^{}]*?)\s*\}\}/gu

/** Names in the order they stand in `template`. */
export const placeholdersIn = (template: string): string[] =>
  Array.from(template.matchAll(placeholder), ([, name]) => name ?? '')

/** @param markup values that are HTML already, in the form `html` */
export function fill(template: string, form: Form, values: Values, markup: Values = {}): string {
  const filled = (name: string): string => markup[name] ?? shown(values[name] ?? '', form)
  return template
    .split('\n')
    .filter((line) => placeholdersIn(line).every((name) => filled(name) !== ''))
    .map((line) => line.replace(placeholder, (_whole, name: string) => filled(name)))
    .join('\n')
}

function shown(value: string, form: Form): string {
  if (form === 'header') return oneLine(value)
  return form === 'html' ? escapeHtml(value) : value
}

/** Without the characters that end a line or a header, or steer a terminal. */
export const oneLine = (value: string): string => value.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim()

export const escapeHtml = (value: string): string =>
  value.replace(/[&<>"']/g, (found) => entities[found] ?? found).replace(/\r?\n/g, '<br>')

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
