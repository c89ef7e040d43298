/** Values of rules as administrators write them: read, held against the catalogue, and written again. */
import { utf8 } from '#kernel/bytes.ts'
import type { RuleValue } from '#protocol/it-admin.ts'
import { type Rule, ruleCatalogue } from './it-policy.ts'

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: 'unknown' | 'value'; readonly says: string }

const byName: ReadonlyMap<string, Rule> = new Map(ruleCatalogue.map((rule) => [rule.name, rule]))

/** What a value of this rule looks like, in plain words. */
export function rangeOf(rule: Rule): string {
  switch (rule.type) {
    case 'bool':
      return 'true or false'
    case 'int':
      return `a whole number from ${rule.min} to ${rule.max}`
    case 'text':
      return `a text of at most ${rule.bytesMax} bytes`
    default:
      return rule.among
        ? `a list of one or more of ${rule.among.join(', ')}`
        : `a list of at most ${rule.countMax} texts`
  }
}

/** The rule's value as it was typed: lists with commas, nothing for an empty list or text. */
export function parseRuleValue(name: string, typed: string): Checked<RuleValue> {
  const rule = byName.get(name)
  if (!rule) return unknown(name)
  const value = read(rule, typed.trim())
  return value === null ? wrong(rule) : checkRuleValue(name, value)
}

function read(rule: Rule, typed: string): RuleValue | null {
  switch (rule.type) {
    case 'bool':
      if (['true', 'yes', 'on'].includes(typed.toLowerCase())) return true
      return ['false', 'no', 'off'].includes(typed.toLowerCase()) ? false : null
    case 'int':
      return /^-?\d{1,15}$/.test(typed) ? Number(typed) : null
    case 'text':
      return typed
    default:
      return typed === '' ? [] : typed.split(',').map((one) => one.trim())
  }
}

/** Whether the value has the rule's type and range. */
export function checkRuleValue(name: string, value: unknown): Checked<RuleValue> {
  const rule = byName.get(name)
  if (!rule) return unknown(name)
  return fits(rule, value) ? { ok: true, value } : wrong(rule)
}

function fits(rule: Rule, value: unknown): value is RuleValue {
  switch (rule.type) {
    case 'bool':
      return typeof value === 'boolean'
    case 'int':
      return Number.isSafeInteger(value) && Number(value) >= rule.min && Number(value) <= rule.max
    case 'text':
      return typeof value === 'string' && utf8(value).length <= rule.bytesMax
    default:
      return (
        Array.isArray(value) &&
        value.length <= rule.countMax &&
        value.every((one) => typeof one === 'string' && one !== '' && utf8(one).length <= textBytesMax) &&
        (!rule.among || (value.length > 0 && value.every((one) => rule.among?.includes(one))))
      )
  }
}

/** Of one text in a list. */
const textBytesMax = 128

const wrong = (rule: Rule): Checked<never> => ({
  ok: false,
  why: 'value',
  says: `${rule.name} takes ${rangeOf(rule)}`,
})

function unknown(name: string): Checked<never> {
  const short = name.length > 64 ? `${name.slice(0, 64)}…` : name
  return { ok: false, why: 'unknown', says: `"${short}" is no rule` }
}

/** As `parseRuleValue` reads it. */
export const writeRuleValue = (value: RuleValue): string =>
  Array.isArray(value) ? value.join(', ') : String(value)
