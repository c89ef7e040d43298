/** A grant is one activation password set for a user: it may be tried by several activations, and used once. */
import { unreachable } from '#kernel/assert.ts'
import type { ActivationId, Pin } from '#kernel/brand.ts'
import type { FaultCode } from '#kernel/fault.ts'
import { limits } from '#kernel/limits.ts'

export type GrantState = 'open' | 'claimed' | 'used' | 'expired' | 'replaced' | 'revoked'

export interface Grant {
  readonly id: number
  readonly state: GrantState
  /** Generated passwords have 59 bits; typed ones are guarded earlier. */
  readonly origin: 'generated' | 'typed'
  readonly createdAtMs: number
  readonly expiresAtMs: number
  /** Before this a handheld that asks is told to come later; absent where the password works at once. */
  readonly notBeforeMs?: number
  /** Wrong proofs that one handheld may send, where the administrator allows fewer than the protocol. */
  readonly tries?: number
  /** Set by an administrator who means one handheld only. */
  readonly boundTo?: Pin
  readonly claim?: { readonly pin: Pin; readonly txn: ActivationId; readonly atMs: number }
  /** Wrong proofs by PIN. */
  readonly fails: Readonly<Record<string, number>>
  readonly closedAtMs?: number
  /** Handhelds that an administrator lets prove although the grant is guarded. */
  readonly approved?: readonly Pin[]
}

/** What may become of a grant while it is live. */
export type GrantChange =
  | { readonly kind: 'proof_failed'; readonly pin: Pin }
  | { readonly kind: 'claimed'; readonly pin: Pin; readonly txn: ActivationId; readonly atMs: number }
  | { readonly kind: 'released'; readonly txn: ActivationId }
  | { readonly kind: 'used'; readonly atMs: number }
  /** By an administrator; every other change is an activation's. */
  | { readonly kind: 'approved'; readonly pin: Pin }

/** An open grant past its life is expired whether or not anybody has written it down yet. */
export function grantStateAt(grant: Grant, nowMs: number): GrantState {
  return grant.state === 'open' && nowMs >= grant.expiresAtMs ? 'expired' : grant.state
}

export const isLive = (grant: Grant, nowMs: number): boolean => {
  const state = grantStateAt(grant, nowMs)
  return state === 'open' || state === 'claimed'
}

/** Open, and its time has not come: it is set, and works later. */
export const isEarly = (grant: Grant, nowMs: number): boolean =>
  grant.state === 'open' && nowMs < (grant.notBeforeMs ?? 0)

export const failsOf = (grant: Grant, pin: Pin): number => grant.fails[pin] ?? 0

export const totalFails = (grant: Grant): number =>
  Object.values(grant.fails).reduce((sum, fails) => sum + fails, 0)

export const isApproved = (grant: Grant, pin: Pin): boolean => grant.approved?.includes(pin) ?? false

/** So many wrong proofs that a person must approve each handheld (protocol.md, "Guessing"). */
export function isGuarded(grant: Grant): boolean {
  const max = grant.origin === 'generated' ? limits.guardTotalGenerated : limits.guardTotalTyped
  return totalFails(grant) >= max
}

/** The grant after `change`. A change that no longer fits leaves it as it is. */
export function changeGrant(grant: Grant, change: GrantChange): Grant {
  switch (change.kind) {
    case 'proof_failed':
      return { ...grant, fails: { ...grant.fails, [change.pin]: failsOf(grant, change.pin) + 1 } }
    case 'claimed':
      return {
        ...grant,
        state: 'claimed',
        claim: { pin: change.pin, txn: change.txn, atMs: change.atMs },
      }
    case 'released':
      return grant.claim?.txn === change.txn && grant.state === 'claimed' ? released(grant) : grant
    case 'used':
      return { ...grant, state: 'used', closedAtMs: change.atMs }
    case 'approved':
      return isApproved(grant, change.pin)
        ? grant
        : { ...grant, approved: [...(grant.approved ?? []), change.pin] }
    default:
      return unreachable(change)
  }
}

/**
 * A claim that was never confirmed: the password works again if it has life left. One that has none is closed like
 * every open grant whose time is over, with its records and the word to its other runs.
 */
function released(grant: Grant): Grant {
  const { claim: _claim, ...rest } = grant
  return { ...rest, state: 'open' }
}

/** Why `pin` may not prove under this grant now, or null where it may (protocol.md, server state machine). */
export function refusalOf(grant: Grant, pin: Pin, nowMs: number): FaultCode | null {
  if (grant.boundTo !== undefined && grant.boundTo !== pin) return 'grant.bound_elsewhere'
  const closed = closedCode(grantStateAt(grant, nowMs))
  if (closed) return closed
  if (grant.claim && grant.claim.pin !== pin) return 'grant.claimed'
  if (triesLeft(grant, pin) === 0) return 'proof.too_many_tries'
  const mayProve = grant.claim?.pin === pin || isApproved(grant, pin)
  return isGuarded(grant) && !mayProve ? 'proof.guarded' : null
}

/** The code of a grant that is no longer live, or null. */
export function closedCode(state: GrantState): FaultCode | null {
  switch (state) {
    case 'open':
    case 'claimed':
      return null
    case 'used':
      return 'grant.used'
    case 'expired':
      return 'grant.expired'
    case 'replaced':
      return 'grant.replaced'
    case 'revoked':
      return 'grant.revoked'
    default:
      return unreachable(state)
  }
}

export const triesLeft = (grant: Grant, pin: Pin): number =>
  Math.max(0, Math.min(limits.triesPerPin, grant.tries ?? limits.triesPerPin) - failsOf(grant, pin))
