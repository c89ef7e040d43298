/**
 * The heart: folds one event into one activation and says what the world must do next. Total: an event that
 * makes no sense in a phase changes nothing, since mail, frames and acknowledgements arrive late and twice.
 */
import { unreachable } from '#kernel/assert.ts'
import type { ActivationId } from '#kernel/brand.ts'
import type { Activation } from './activation.ts'
import type { Reduced } from './effect.ts'
import * as ending from './ending.ts'
import type { ActivationEvent } from './event.ts'
import * as proof from './proof.ts'
import * as provisioning from './provisioning.ts'
import * as request from './request.ts'
import { stay } from './step.ts'

export type ActivationStep = Reduced<Activation>

/**
 * @param activation the state so far, or null before the first event
 * @returns the next state, its version raised by one where the event was taken in; null where the event
 * cannot begin an activation
 */
export function reduce(
  txn: ActivationId,
  activation: Activation | null,
  event: ActivationEvent,
): ActivationStep | null {
  if (activation === null) return request.begin(txn, event)
  const step = proceed(activation, event)
  return step.next === activation
    ? step
    : { ...step, next: { ...step.next, version: activation.version + 1 } }
}

/** Folds a whole list, for replays; events that changed nothing were never stored. */
export function fold(txn: ActivationId, events: readonly ActivationEvent[]): Activation | null {
  return events.reduce<Activation | null>((state, event) => reduce(txn, state, event)?.next ?? state, null)
}

function proceed(activation: Activation, event: ActivationEvent): ActivationStep {
  switch (event.kind) {
    case 'relay_mailed':
      return stay(activation)
    case 'etp_seen':
      return request.seen(activation, event)
    case 'asked_again':
      return request.askedAgain(activation, event)
    case 'answer_made':
      return request.answerMade(activation, event)
    case 'answer_impossible':
      return activation.phase === 'answering'
        ? request.refuse(activation, event.code, event.atMs)
        : stay(activation)
    case 'receipt':
      return proof.receipt(activation, event)
    case 'proof_seen':
      return proof.seen(activation, event)
    case 'approved':
      return proof.approved(activation, event)
    case 'proof_judged':
      return proof.judged(activation, event)
    case 'key_check_seen':
      return provisioning.keyCheckSeen(activation, event)
    case 'policy_sent':
    case 'policy_acked':
    case 'books_sent':
    case 'books_acked':
      return provisioning.answered(activation, event)
    case 'policy_changed':
      return provisioning.policyChanged(activation, event)
    case 'undelivered':
      return provisioning.undelivered(activation, event)
    case 'grant_closed':
      return ending.grantClosed(activation, event)
    case 'superseded':
      return ending.superseded(activation, event)
    case 'handheld_ended':
      return ending.handheldEnded(activation, event)
    case 'time_passed':
      return ending.timePassed(activation, event)
    case 'broken':
      return ending.broken(activation, event)
    default:
      return unreachable(event)
  }
}
