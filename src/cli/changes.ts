/** What is otherwise with a user, field by field, in a few words. */
import type { FieldChange, FieldValue } from '#admin/people/people.ts'
import { faultRow, isFaultCode } from '#kernel/fault.ts'

export const changeWords = (changes: readonly FieldChange[]): string => changes.map(words).join('; ')

function words({ field, from, to }: FieldChange): string {
  if (!Array.isArray(from) || !Array.isArray(to)) return `${field}: ${shown(from)} → ${shown(to)}`
  const signed = [
    ...to.filter((one) => !from.includes(one)).map((one) => `+${one}`),
    ...from.filter((one) => !to.includes(one)).map((one) => `-${one}`),
  ]
  return `${field}: ${signed.join(' ')}`
}

function shown(value: FieldValue): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return String(value) === '' ? '(none)' : String(value)
}

/** Why a row was set aside. */
export function faultWords({ code, detail }: { readonly code: string; readonly detail: string }): string {
  const says = isFaultCode(code) ? faultRow(code).says : code
  return `${says}${detail ? ` (${detail})` : ''} [${code}]`
}
