/** How a run ends, or goes back, by what happens around it: its password, its user, a newer run, time, a mistake. */
import type { FaultCode } from '#kernel/fault.ts'
import { limits } from '#kernel/limits.ts'
import { type Activation, hasEnded } from './activation.ts'
import type { Effect, Reduced } from './effect.ts'
import { refused } from './proof.ts'
import { type Of, stay, stop } from './step.ts'

type Step = Reduced<Activation>

/** The password was replaced, revoked, used or has expired while this run was on its way. */
export function grantClosed(activation: Activation, event: Of<'grant_closed'>): Step {
  const beforeUse: readonly Activation['phase'][] = [
    'answering',
    'answered',
    'proof_kept',
    'judging',
    'claimed',
  ]
  // Once used, a password may go; a user who goes takes every run along.
  const concerned =
    event.code === 'user.removed' ? !hasEnded(activation) : beforeUse.includes(activation.phase)
  if (!concerned) return stay(activation)
  // The way to tell it comes with the mail.
  if (activation.phase === 'mailed') return stop(activation, event.code, event.atMs)
  return refused(activation, event.code, event.atMs)
}

/** Another run of the same handheld under the same grant is the one that counts. */
export function superseded(activation: Activation, event: Of<'superseded'>): Step {
  const open: readonly Activation['phase'][] = ['answering', 'answered', 'proof_kept', 'judging', 'claimed']
  if (!open.includes(activation.phase)) return stay(activation)
  const error = { code: 'request.superseded' } as const
  const step = stop(activation, error.code, event.atMs, { kind: 'erase_pending_key' })
  return { ...step, next: { ...step.next, stage: 'superseded', supersededBy: event.by, error } }
}

/** Nothing is sent to it any more, so that nothing but this can end the run. */
export function handheldEnded(activation: Activation, { code, by, atMs }: Of<'handheld_ended'>): Step {
  if (activation.stage !== 'waiting_for_services') return stay(activation)
  const step = stop(activation, code, atMs)
  return by === undefined ? step : { ...step, next: { ...step.next, stage: 'superseded', supersededBy: by } }
}

/** A time the run was waiting for has come. */
export function timePassed(activation: Activation, event: Of<'time_passed'>): Step {
  if (hasEnded(activation)) return stay(activation)
  switch (activation.phase) {
    case 'mailed':
      return mailLifeOver(activation, event.atMs)
    case 'answering':
    case 'answered':
    case 'proof_kept':
      return keptLongEnough(activation, event.atMs)
    case 'claimed':
      return claimOver(activation, event.atMs)
    default:
      return stay(activation)
  }
}

function mailLifeOver(activation: Activation, nowMs: number): Step {
  const endMs = activation.startedAtMs + limits.etpLifeSecondsMax * 1000
  return nowMs >= endMs ? stop(activation, 'mail.lost', nowMs) : stay(activation)
}

function keptLongEnough(activation: Activation, nowMs: number): Step {
  const { request, answer } = activation
  const lifeEndMs = request ? request.mailedAtMs + request.lifeMs : 0
  const endMs = answer?.keepUntilMs ?? lifeEndMs
  if (nowMs < endMs) return stay(activation)
  // An answer is kept for the shorter of two lives: where it is not the request's, the password's is over.
  if (endMs < lifeEndMs) return refused(activation, 'grant.expired', nowMs)
  const code = activation.code ?? (answer ? 'proof.none' : 'request.expired')
  return stop(activation, code, nowMs)
}

function claimOver(activation: Activation, nowMs: number): Step {
  const claimedAtMs = activation.confirmation?.atMs ?? activation.sinceMs
  if (nowMs < claimedAtMs + limits.claimSecondsMax * 1000) return stay(activation)
  return unclaimed(activation, 'proof.not_confirmed', nowMs)
}

/** The server made a mistake: the run is over, and the password is not kept from others by it. */
export function broken(activation: Activation, event: Of<'broken'>): Step {
  if (hasEnded(activation)) return stay(activation)
  const code = 'internal.invariant'
  return activation.phase === 'claimed'
    ? unclaimed(activation, code, event.atMs)
    : stop(activation, code, event.atMs)
}

/** Ends a run that had claimed the grant: the claim and the master key that nobody confirmed go. */
function unclaimed(activation: Activation, code: FaultCode, atMs: number): Step {
  const release: Effect = { kind: 'grant', change: { kind: 'released', txn: activation.txn } }
  return stop(activation, code, atMs, release, { kind: 'erase_pending_key' })
}
