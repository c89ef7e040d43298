/** The handheld's own password: kept as a hash, held against the rules of the policy in force. */
import { devicePasswordHash, devicePasswordSaltBytes } from '#crypto/device-password.ts'
import { equalInConstantTime } from '#crypto/equal.ts'
import { utf8 } from '#kernel/bytes.ts'
import type { Random } from '#kernel/random.ts'
import { ruleFlag, ruleNumber } from './rules.ts'
import type { HandheldState } from './state.ts'
import type { Lock } from './state-orders.ts'

/** Why a new password is not taken. */
export type PasswordFault = 'required' | 'too_short' | 'pattern' | 'used_before' | 'too_long'
/** Why the user must choose a new one before anything is shown. */
export type PasswordDue = 'none_set' | 'does_not_fit' | 'too_old'

const dayMs = 24 * 60 * 60 * 1000
/** As many as the rule may ask for. */
const earlierMax = 10
/** As in a command that sets one; in UTF-8. */
export const passwordBytesMax = 128

/** Whether `typed` is the password. */
export const isPassword = ({ salt, password }: Lock, typed: string): boolean =>
  salt !== null && password !== null && equalInConstantTime(password.hash, devicePasswordHash(typed, salt))

/** The lock with a password that was found good, or null for none; the one before it is kept among the earlier ones. */
export function withPassword(lock: Lock, password: string | null, random: Random, nowMs: number): Lock {
  const earlier = [...(lock.password ? [lock.password.hash] : []), ...lock.earlier].slice(0, earlierMax)
  const salt = lock.salt ?? random.bytes(devicePasswordSaltBytes)
  const record = password === null ? null : { hash: devicePasswordHash(password, salt), setAtMs: nowMs }
  return { ...lock, salt, password: record, earlier, mustChange: false, wrongTries: 0 }
}

/** What speaks against a new password, by the rules in force. */
export function passwordFault(state: HandheldState, password: string | null): PasswordFault | null {
  if (password === null) return ruleFlag(state, 'password_required') === true ? 'required' : null
  if (utf8(password).length > passwordBytesMax) return 'too_long'
  return unfit(state, password) ?? (wasUsed(state, password) ? 'used_before' : null)
}

/** What the rules in force miss in a password, whether new or set under other rules. */
export function unfit(state: HandheldState, password: string): PasswordFault | null {
  if ([...password].length < (ruleNumber(state, 'password_min_length') ?? 1)) return 'too_short'
  return hasPattern(password, ruleNumber(state, 'password_pattern') ?? 0) ? null : 'pattern'
}

/** What the rules in force demand of a new password, in words for who has to choose one; empty where they demand nothing. */
export function demanded(state: HandheldState): string {
  const least = ruleNumber(state, 'password_min_length') ?? 1
  const signs = patterns[ruleNumber(state, 'password_pattern') ?? 0]?.words
  return [least > 1 ? `at least ${least} characters` : '', signs ?? '']
    .filter((words) => words)
    .join(', with ')
}

/** Null where nothing is due. */
export function passwordDue(state: HandheldState, nowMs: number): PasswordDue | null {
  const { password, mustChange } = state.lock
  if (!password) return ruleFlag(state, 'password_required') === true ? 'none_set' : null
  if (mustChange) return 'does_not_fit'
  const days = ruleNumber(state, 'password_max_age_days') ?? 0
  return days > 0 && nowMs - password.setAtMs >= days * dayMs ? 'too_old' : null
}

/** Wrong passwords that are left before the handheld erases itself; null: it does not. */
export function triesLeft(state: HandheldState): number | null {
  const max = ruleNumber(state, 'password_attempts_max') ?? 0
  return max > 0 ? Math.max(0, max - state.lock.wrongTries) : null
}

/** The present password never counts as a new one; of the earlier ones those that the rule remembers. */
function wasUsed(state: HandheldState, password: string): boolean {
  const { salt, password: present, earlier } = state.lock
  if (!salt) return false
  const remembered = earlier.slice(0, ruleNumber(state, 'password_history') ?? 0)
  const hash = devicePasswordHash(password, salt)
  return [...(present ? [present.hash] : []), ...remembered].some((one) => equalInConstantTime(one, hash))
}

const other = /[^\p{L}\p{Nd}\s]/u
const patterns: readonly { readonly words: string; readonly signs: readonly RegExp[] }[] = [
  { words: '', signs: [] },
  { words: 'letters and digits', signs: [/\p{L}/u, /\p{Nd}/u] },
  { words: 'letters, digits and another sign', signs: [/\p{L}/u, /\p{Nd}/u, other] },
  {
    words: 'capital and small letters, digits and another sign',
    signs: [/\p{Lu}/u, /\p{Ll}/u, /\p{Nd}/u, other],
  },
]

const hasPattern = (password: string, pattern: number): boolean =>
  (patterns[pattern]?.signs ?? []).every((sign) => sign.test(password))
