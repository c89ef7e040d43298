/** What can happen to one activation. Events are stored as JSON and folded again: they hold no secret. */
import type { ActivationId, MailAddress, Pin } from '#kernel/brand.ts'
import type { FaultCode } from '#kernel/fault.ts'
import type { Grant } from './grant.ts'

/** Suites by number: 1 = AES-256-GCM, 2 = 3DES-CBC with HMAC-SHA256. */
export type Suite = 1 | 2

/** The request as mailed, with what the decision about it needs. Byte strings are hex. */
export interface EtpRequest {
  readonly address: MailAddress
  readonly bodyHash: string
  readonly body: string
  readonly token: string
  /** When the handheld made it and how long it lives, by the relay's clock. */
  readonly pressedAtMs: number
  readonly lifeMs: number
  readonly mailedAtMs: number
  readonly profile: number
  readonly offer: readonly number[]
  /** It offers ML-KEM-768 as well. */
  readonly kem?: true
}

/** How the user and the grant stood when something was decided, so that a replay decides the same. */
export interface Standing {
  readonly grant: Grant | null
  /** Whether the address typed has a registration record under the grant. */
  readonly hasRecord: boolean
  /** The user is disabled. */
  readonly disabled?: true
}

/** Where and when the mail was found; all that is known, for the timeline. */
export interface MailFacts {
  readonly mailbox: string
  readonly uid: number
  readonly receivedAtMs?: number
  readonly foundBy: 'hint' | 'push' | 'idle' | 'scan'
}

export interface DeviceFacts {
  readonly model: string
  readonly software: string
  readonly platform: string
  readonly deviceKey: string
}

export type PostQuantum = 'off' | 'optional' | 'required'

/** What the server may offer, as configured when the request was judged. */
export interface ServerTerms {
  /** In order of preference. */
  readonly suites: readonly Suite[]
  readonly profiles: readonly number[]
  /** Whether ML-KEM-768 is mixed in where the handheld can, or must be; absent: it is not spoken. */
  readonly postQuantum?: PostQuantum
}

export type Verdict = 'right' | 'wrong' | 'box_damaged' | 'other_pin' | 'not_allowed'

/** Payloads of a run that are not packets. */
export type MessageName = 'm2' | 'error' | 'm4' | 'key_check' | 'policy' | 'books'

export type Happening =
  | { readonly kind: 'relay_mailed'; readonly address: MailAddress }
  | {
      readonly kind: 'etp_seen'
      readonly request: EtpRequest
      readonly standing: Standing
      readonly terms: ServerTerms
      readonly mail: MailFacts
    }
  | { readonly kind: 'asked_again'; readonly token?: string }
  | {
      readonly kind: 'answer_made'
      readonly m2: string
      readonly kid: number
      readonly suite: Suite
      readonly keepUntilMs: number
    }
  | { readonly kind: 'answer_impossible'; readonly code: 'request.damaged' }
  | { readonly kind: 'receipt'; readonly of: MessageName; readonly status: number; readonly pin?: Pin }
  | {
      readonly kind: 'proof_seen'
      readonly pin: Pin
      readonly m3: string
      readonly m3Hash: string
      readonly standing: Standing
      /** The access list keeps its PIN out. */
      readonly denied?: true
      /** With `denied`: the rule that does, in words. */
      readonly rule?: string
    }
  | { readonly kind: 'approved'; readonly pin: Pin }
  | {
      readonly kind: 'proof_judged'
      readonly m3Hash: string
      readonly verdict: Verdict
      readonly standing: Standing
      /** With `not_allowed`: the rule of the access list that keeps the handheld out, in words. */
      readonly rule?: string
      /** With `right` only. */
      readonly device?: DeviceFacts
      readonly m4?: string
      readonly keyCheck?: string
    }
  | { readonly kind: 'key_check_seen'; readonly standing: Standing }
  | { readonly kind: 'policy_sent'; readonly number: number }
  | {
      readonly kind: 'policy_acked'
      readonly number: number
      readonly status: number
      readonly leftOut?: readonly string[]
      /** The handheld could not take it now and asks for it again after so long. */
      readonly retryAfterMs?: number
    }
  | { readonly kind: 'books_sent'; readonly number: number }
  | {
      readonly kind: 'books_acked'
      readonly number: number
      readonly status: number
      readonly retryAfterMs?: number
    }
  | { readonly kind: 'undelivered'; readonly of: MessageName }
  /** The IT policy that the handheld should have is another one now. */
  | { readonly kind: 'policy_changed' }
  | { readonly kind: 'grant_closed'; readonly code: FaultCode }
  | { readonly kind: 'superseded'; readonly by: ActivationId }
  /** The handheld that this run set up works for its user no more; `by`: a newer run set it up anew. */
  | { readonly kind: 'handheld_ended'; readonly code: FaultCode; readonly by?: ActivationId }
  | { readonly kind: 'time_passed' }
  | { readonly kind: 'broken'; readonly where: string }

export type ActivationEvent = { readonly atMs: number } & Happening
