/** What was looked at, and how it was found: `status` and the doctor say it in the same words. */
import { type FaultCode, faultRow } from '#kernel/fault.ts'
import type { Check, Health } from './views.ts'

/** A check in the words of the fault table. */
export function fromFault(
  name: string,
  health: Health,
  code: FaultCode,
  sinceMs: number | null = null,
  detail = '',
): Check {
  const { says, next } = faultRow(code)
  return { name, health, says: detail ? `${says} (${detail})` : says, code, next, sinceMs }
}

export const fine = (name: string, says: string): Check => ({
  name,
  health: 'ok',
  says,
  code: null,
  next: null,
  sinceMs: null,
})

/** The worst of several, `ok` of none. */
export const worstOf = (checks: readonly { readonly health: Health }[]): Health =>
  (['broken', 'attention'] as const).find((health) => checks.some((check) => check.health === health)) ?? 'ok'
