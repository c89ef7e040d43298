/** One run of activating a handheld: what is known of it after folding its events. */
import type { ActivationId, MailAddress, Pin } from '#kernel/brand.ts'
import type { FaultCode } from '#kernel/fault.ts'
import type { DeviceFacts, EtpRequest, MailFacts, MessageName, Suite } from './event.ts'

/** The stages a person is shown, in their order (mission.md's rows). `failed` and `superseded` end one. */
export const stages = [
  'activating',
  'verifying_encryption',
  'waiting_for_services',
  'services_received',
  'activation_complete',
] as const

export type Stage = (typeof stages)[number] | 'failed' | 'superseded'

/**
 * Where the server is in its own work:
 * mailed (the relay says so) → answering → answered (M2 out) → proof_kept (until its PIN is known or approved)
 * → judging → claimed (M4 out) → policy_due → policy_out → books_due → books_out → complete; or stopped.
 */
export type Phase =
  | 'mailed'
  | 'answering'
  | 'answered'
  | 'proof_kept'
  | 'judging'
  | 'claimed'
  | 'policy_due'
  | 'policy_out'
  | 'policy_refused'
  | 'books_due'
  | 'books_out'
  | 'books_refused'
  | 'complete'
  | 'stopped'

export interface Activation {
  readonly txn: ActivationId
  /** Number of events folded. */
  readonly version: number
  readonly address: MailAddress
  readonly stage: Stage
  readonly phase: Phase
  /** When the phase was entered. */
  readonly sinceMs: number
  readonly startedAtMs: number
  /** Why it stopped or waits for a person. */
  readonly code?: FaultCode
  /** The rule of the access list that kept the handheld out, in words. */
  readonly deniedBy?: string
  readonly grantId?: number
  readonly request?: EtpRequest
  readonly mail?: MailFacts
  readonly token?: string
  readonly pin?: Pin
  readonly answer?: {
    readonly m2: string
    readonly kid: number
    readonly suite: Suite
    readonly keepUntilMs: number
  }
  /** The error sent instead of, or after, an answer: the code and the tries left with it. */
  readonly error?: { readonly code: FaultCode; readonly triesLeft?: number }
  readonly lastAnswerAtMs?: number
  /** When the mail came a second time. */
  readonly copyAtMs?: number
  readonly proof?: { readonly pin: Pin; readonly m3: string; readonly m3Hash: string }
  readonly judgedHash?: string
  readonly device?: DeviceFacts
  readonly confirmation?: { readonly m4: string; readonly keyCheck: string; readonly atMs: number }
  readonly policy?: {
    readonly number: number
    readonly status?: number
    readonly leftOut?: readonly string[]
  }
  readonly books?: { readonly number: number; readonly status?: number }
  /** The relay's last word on each message. */
  readonly receipts: Readonly<Partial<Record<MessageName, number>>>
  readonly supersededBy?: ActivationId
}

const ended: readonly Phase[] = ['complete', 'stopped']

export const hasEnded = (activation: Activation): boolean => ended.includes(activation.phase)
