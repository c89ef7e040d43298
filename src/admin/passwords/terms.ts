/** The terms of an activation password as an administrator says them, checked. */
import type { Pin } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import { limits } from '#kernel/limits.ts'
import type { PasswordTerms } from '../admin.ts'
import { shortened, typedPin } from '../lookup.ts'
import type { AdminParts } from '../ports.ts'

const hourMs = 3_600_000
const hoursMax = 720
/** A password that begins later than this is a slip of the pen. */
const aheadMaxMs = 366 * 24 * hourMs
/** A moment that was just now when it was typed is still good. */
const lateMs = 60_000

export interface CheckedTerms {
  readonly lifeMs: number
  readonly notBeforeMs: number | null
  readonly boundTo?: Pin
  /** Where it is fewer than the protocol allows. */
  readonly tries?: number
}

/** @throws Fault admin.usage */
export function checkedTerms(
  { passwordHours, passwordTries }: Pick<AdminParts, 'passwordHours' | 'passwordTries'>,
  terms: PasswordTerms,
  nowMs: number,
): CheckedTerms {
  const boundTo = pinOf(terms.pin)
  const tries = triesOf(terms.tries ?? passwordTries)
  return {
    lifeMs: lifeHours(terms.hours ?? passwordHours) * hourMs,
    notBeforeMs: beginning(terms.notBeforeMs, nowMs),
    ...(boundTo ? { boundTo } : {}),
    ...(tries < limits.triesPerPin ? { tries } : {}),
  }
}

function lifeHours(hours: number): number {
  if (Number.isInteger(hours) && hours >= 1 && hours <= hoursMax) return hours
  throw new Fault('admin.usage', `a password lives for 1 to ${hoursMax} whole hours, not ${hours}`)
}

function triesOf(tries: number): number {
  if (Number.isInteger(tries) && tries >= 1 && tries <= limits.triesPerPin) return tries
  throw new Fault('admin.usage', `a handheld has 1 to ${limits.triesPerPin} tries, not ${tries}`)
}

/** Null where it begins at once. */
function beginning(atMs: number | undefined, nowMs: number): number | null {
  if (atMs === undefined) return null
  if (atMs < nowMs - lateMs) throw new Fault('admin.usage', 'the time at which the password begins is over')
  if (atMs > nowMs + aheadMaxMs) throw new Fault('admin.usage', 'a password begins within a year')
  return atMs <= nowMs ? null : atMs
}

function pinOf(typed: string | undefined): Pin | null {
  if (typed === undefined) return null
  const pin = typedPin(typed)
  if (pin) return pin
  throw new Fault('admin.usage', `a PIN has eight hex digits: ${shortened(typed)}`)
}
