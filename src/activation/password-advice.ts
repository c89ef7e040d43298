/** What to do where a run has ended for its password: that depends on what has become of passwords since. */
import type { FaultCode, Turn } from '#kernel/fault.ts'
import type { Activation } from './activation.ts'
import { type Grant, isLive, triesLeft } from './grant.ts'

export interface PasswordFacts {
  /** The activation password the run was about. */
  readonly grant: Grant | null
  /** The user's newest one. */
  readonly newestGrant?: Grant | null
  readonly nowMs: number
}

interface Advice {
  readonly turn: Turn | 'nobody'
  readonly next: string
}

export const isAboutPassword = (code: FaultCode): boolean =>
  code.startsWith('grant.') || code === 'proof.wrong_password' || code === 'proof.too_many_tries'

/** @param otherwise where nothing has become of it */
export function nowDo(
  { sinceMs, pin }: Activation,
  otherwise: Advice,
  { grant, newestGrant, nowMs }: PasswordFacts,
): Advice {
  if (newestGrant && isLive(newestGrant, nowMs) && newestGrant.createdAtMs > sinceMs)
    return {
      turn: 'user',
      next: 'A newer activation password is open: the user starts again with it (the terminal handheld with `--anew`).',
    }
  const isSpent =
    grant !== null && (!isLive(grant, nowMs) || (pin !== undefined && triesLeft(grant, pin) === 0))
  return isSpent
    ? { turn: 'administrator', next: 'Generate a new password; the user starts again with it.' }
    : otherwise
}
