/** What an activation asks the world to do, as plain data; all of it is written in the event's own commit. */
import type { ActivationId, Pin } from '#kernel/brand.ts'
import type { FaultCode } from '#kernel/fault.ts'
import type { GrantChange } from './grant.ts'

/** Work for the agent or the Policy Service: it raises the next event. */
export type Work = 'make_answer' | 'judge_proof' | 'send_policy' | 'send_books' | 'supersede_others'

/** Messages the reducer hands to the relay's way; the bytes are in the state. */
export type Message =
  | { readonly kind: 'm2' }
  | { readonly kind: 'error'; readonly code: FaultCode; readonly triesLeft?: number }
  | { readonly kind: 'm4' }
  | { readonly kind: 'key_check' }

export type Effect =
  /** `afterMs`: not before so much later. */
  | { readonly kind: 'work'; readonly work: Work; readonly afterMs?: number }
  | { readonly kind: 'send'; readonly message: Message }
  /** One word to a handheld that is not the one this run belongs to. */
  | { readonly kind: 'tell'; readonly pin: Pin; readonly code: FaultCode }
  /** Stop sending these again: they were answered, or the run is over. */
  | { readonly kind: 'stop_sending'; readonly messages: readonly Message['kind'][] }
  | { readonly kind: 'grant'; readonly change: GrantChange }
  /** The master key agreed on becomes current, older keys of the account go. */
  | { readonly kind: 'key_current' }
  /** Erase what only this run needed: Z, V, and a master key that never became current. */
  | { readonly kind: 'erase_run_secrets' }
  | { readonly kind: 'erase_pending_key' }
  /** Erase the registration records of the grant: it is used. */
  | { readonly kind: 'erase_records' }
  /** Raise `time_passed` at this time. */
  | { readonly kind: 'wake'; readonly atMs: number }

export interface Reduced<A> {
  readonly next: A
  readonly effects: readonly Effect[]
}

/** Idempotency keys: what is asked for twice is done once. */
export const messageKey = (txn: ActivationId, message: Message): string =>
  message.kind === 'error' ? `error:${txn}:${message.code}` : `${message.kind}:${txn}`
export const workKey = (txn: ActivationId, work: Work): string => `${work}:${txn}`
