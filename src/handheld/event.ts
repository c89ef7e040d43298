/** What can happen to a handheld. Each event is plain data; time and randomness come with the call of `step`. */
import type { Suite } from '#crypto/packet.ts'
import type { ProverSecrets } from '#crypto/spake2plus.ts'
import type { MailAddress, Pin } from '#kernel/brand.ts'
import type { Deliver, MailDone, Receipt } from '#protocol/relay-frame.ts'

export type PostQuantum = 'off' | 'optional' | 'required'

/** The user selected Activate; the edge has canonicalised the address and stretched the password. */
export interface Typed {
  readonly kind: 'typed'
  readonly address: MailAddress
  readonly secrets: ProverSecrets
  /** Suites to offer, no repeats. */
  readonly offer: readonly Suite[]
  readonly lifeSeconds: number
  /** Whether ML-KEM-768 is offered, and whether a server without it is good enough. */
  readonly postQuantum: PostQuantum
  /** The user has answered yes to what `ask` asked. */
  readonly confirmed: boolean
}

export interface LoggedIn {
  readonly kind: 'logged_in'
  readonly pin: Pin
  readonly certificate: Uint8Array
  /** Unix seconds by the relay's clock. */
  readonly now: number
  readonly generation: number
}

/**
 * `refused`: the relay does not accept this identity; `version`: it speaks another protocol; `too_many`: it was asked
 * too often; `untrusted`: it is not the relay it should be. `final`: nothing more is tried without a person's word.
 */
export interface LinkDown {
  readonly kind: 'link_down'
  readonly reason: 'unreachable' | 'refused' | 'version' | 'too_many' | 'untrusted'
  readonly final?: true
}

export interface FrameReceived {
  readonly kind: 'frame'
  readonly frame: MailDone | Receipt | Deliver
}

/** The answer to `verify_policy`, of a policy or a command: the signed content, or null where signature, chain or signer did not verify. */
export interface PolicyVerified {
  readonly kind: 'policy_verified'
  readonly id: string
  readonly content: Uint8Array | null
  /** Why it did not verify. */
  readonly reason?: string
}

/** The user types the handheld's password; on one without any, what is typed does not matter. */
export interface Unlock {
  readonly kind: 'unlock'
  readonly password: string
}

/** The user changes the handheld's password. */
export interface SetPassword {
  readonly kind: 'set_password'
  /** The present one; empty where there is none. */
  readonly old: string
  /** Null: none from now on. */
  readonly password: string | null
}

export type HandheldEvent =
  | Typed
  | LoggedIn
  | LinkDown
  | FrameReceived
  | PolicyVerified
  | Unlock
  | SetPassword
  /** The user locks the handheld by hand. */
  | { readonly kind: 'lock' }
  /** The user looks at it: it does not lock by itself for a while. */
  | { readonly kind: 'used' }
  | { readonly kind: 'timer' }
  | { readonly kind: 'cancel' }
  /** Somebody wants the key rolled over now. */
  | { readonly kind: 'roll' }
  /** The process started again with the state that was persisted last. */
  | { readonly kind: 'restart' }
