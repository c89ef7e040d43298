/** What a handheld wants done. The edge performs actions in order, and `persist` completely before the next one. */
import type { HandheldCode } from '#protocol/handheld-text.ts'
import type { DevPeers, FrameAck, MailAsk, Send } from '#protocol/relay-frame.ts'
import type { PasswordFault } from './password.ts'
import type { Stage } from './state.ts'
import type { Taken } from './taken.ts'

/** Moments at which the state goes to disk; each is a pair of failpoints, before and after. */
export type PersistPoint =
  | 'login'
  | 'request'
  | 'waiting'
  | 'm3'
  | 'm4'
  | 'key_current'
  | 'held'
  | 'part'
  | 'policy'
  | 'command'
  | 'lock'
  | 'wiped'
  | 'books'
  | 'ack'
  | 'seq'
  | 'receipt'
  | 'rollover'
  | 'complete'
  | 'failed'
  | 'cancelled'

export type Action =
  | { readonly kind: 'persist'; readonly point: PersistPoint }
  | { readonly kind: 'send'; readonly what: SendName; readonly frame: MailAsk | DevPeers | Send | FrameAck }
  | { readonly kind: 'show'; readonly text: string; readonly code: HandheldCode | null }
  /** Nothing of it comes on the screen by itself. */
  | { readonly kind: 'took'; readonly taken: Taken }
  /** The text that was just shown ends nothing: the run waits until then at the longest. */
  | { readonly kind: 'waits'; readonly code: HandheldCode; readonly untilMs: number }
  | { readonly kind: 'stage'; readonly stage: Stage }
  /** Null: nothing to wait for. One timer for all; an earlier one is forgotten. */
  | { readonly kind: 'set_timer'; readonly atMs: number | null }
  | VerifyPolicy
  /** The run has not begun: the user must agree first, then the edge types again with `confirmed`. */
  | { readonly kind: 'ask'; readonly question: Question; readonly text: string }
  /**
   * Nothing more happens by itself: the run is over (code 0 is Activation Complete, null was cancelled by the user, and
   * with it went everything where it was erased), or it waits for a person because of how the line to the relay ended.
   */
  | { readonly kind: 'ended'; readonly code: HandheldCode | 0 | 'erased' | null; readonly text: string }
  /** What came of a password that the user typed at the lock. */
  | { readonly kind: 'password'; readonly outcome: PasswordOutcome; readonly text: string }
  | {
      readonly kind: 'log'
      readonly level: 'debug' | 'info' | 'warn'
      readonly message: string
      readonly fields: Fields
    }

/** Checking a CMS signature is asynchronous; `policy_verified` brings the result. */
export interface VerifyPolicy {
  readonly kind: 'verify_policy'
  readonly id: string
  /** DER. */
  readonly cms: Uint8Array
  readonly caCertificate: Uint8Array
  /** The relay's time, by which validity is judged. */
  readonly atMs: number
}

export type PasswordOutcome =
  | 'unlocked'
  | 'must_change'
  | 'set'
  | 'removed'
  | 'wrong'
  | 'erased'
  | PasswordFault

export type SendName = 'mail_ask' | 'peers' | 'm3' | 'key_check' | 'ack' | 'rollover' | 'frame_ack'
export type Question = 'unanswered_proofs' | 'other_account'
export type Fields = Readonly<Record<string, string | number | boolean>>
