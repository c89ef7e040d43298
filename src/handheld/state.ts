/** All that a handheld knows, as one plain value: what `step` folds events into and what is kept on disk. */
import type { Suite } from '#crypto/packet.ts'
import type { ActivationId, MailAddress, Pin, RelayId, SrpId } from '#kernel/brand.ts'
import type { HandheldCode } from '#protocol/handheld-text.ts'
import type { PartSet } from '#protocol/parts.ts'
import type { KeyRing } from './keys.ts'
import type { KeyLink } from './link.ts'
import { type AppliedCommand, type Lock, openLock, type Refusal, type WaitingWipe } from './state-orders.ts'

/** Where the handheld stands, in the protocol's words. */
export type Stage =
  | 'idle'
  | 'mailing'
  | 'waiting'
  | 'proving'
  | 'confirming'
  | 'provisioning'
  | 'active'
  | 'failed'

/** The device itself; survives everything but its loss. The private key stays with the edge. */
export interface Device {
  readonly publicKey: Uint8Array
  readonly relayId: RelayId
  /** Maker, a space, model. */
  readonly model: string
  readonly softwareVersion: string
  readonly platform: string
  /** Null until the relay has given one. */
  readonly pin: Pin | null
  readonly certificate: Uint8Array | null
  readonly relayGeneration: number | null
  /** What to add to the local clock for the relay's time. */
  readonly clockOffsetMs: number
}

/** While the activation is not complete: when to ask whether the server still has the key. */
export interface Silence {
  readonly dueMs: number
  /** Of the last question, to know its receipt; null: none was asked since a packet came. */
  readonly mid: Uint8Array | null
  /** Since when the relay has refused it, without a break. */
  readonly refusedSinceMs: number | null
}

/** A message that is sent again, the same bytes each time, until something answers it. */
export interface Repeat {
  readonly sent: number
  readonly sinceMs: number
  readonly lastMs: number
  /** Null: not before the next log-in. */
  readonly dueMs: number | null
  /** Of the last copy, to know its receipt. */
  readonly mid: Uint8Array
  /** Since when the relay has refused it, without a break. */
  readonly refusedSinceMs: number | null
}

interface RunBase {
  readonly txn: ActivationId
  readonly address: MailAddress
  readonly startedAtMs: number
  /** When the present wait becomes worth a word to the user (E21, E22); null once said. */
  readonly hintDueMs: number | null
  readonly endsAtMs: number
}

/** From the user's word until a good M2 (stages `mailing` and `waiting`). */
export interface RequestRun extends RunBase {
  readonly stage: 'mailing' | 'waiting'
  /** The exact bytes that are mailed and hashed. */
  readonly body: Uint8Array
  readonly offer: readonly Suite[]
  readonly lifeSeconds: number
  readonly x: Uint8Array
  readonly w0: Uint8Array
  readonly w1: Uint8Array
  readonly shareP: Uint8Array
  /** Of the ML-KEM key in the body; null where it has none. */
  readonly kemSeed: Uint8Array | null
  /** A server without ML-KEM is not good enough. */
  readonly needsKem: boolean
  /** How often the run began again by itself: once at most. */
  readonly renewals: number
  readonly asked: number
  readonly askDueMs: number | null
  /** An error that came first; shown if no M2 follows soon. */
  readonly heldError: { readonly code: HandheldCode; readonly dueMs: number } | null
}

/** From our proof until the server's. Exactly what M4 needs; the password's secrets are gone. */
export interface ProvingRun extends RunBase {
  readonly stage: 'proving'
  readonly srpId: SrpId
  readonly m2Hash: Uint8Array
  readonly m3: Uint8Array
  readonly expectedConfirmV: Uint8Array
  readonly s2d: Uint8Array
  readonly th3: Uint8Array
  readonly suite: Suite
  readonly kid: number
  readonly masterKey: Uint8Array
  readonly hybrid: boolean
  readonly provedAtMs: number
  readonly repeat: Repeat
}

/** From the server's proof until its key check: the new key is pending. */
export interface ConfirmingRun extends RunBase {
  readonly stage: 'confirming'
  readonly srpId: SrpId
  readonly m2Hash: Uint8Array
  readonly m4Hash: Uint8Array
  /** What both key checks carry. */
  readonly th4: Uint8Array
  readonly link: KeyLink
  readonly organisation: string
  /** DER. */
  readonly caCertificate: Uint8Array
  readonly nextRolloverAt: number
  readonly repeat: Repeat
}

export type Run = RequestRun | ProvingRun | ConfirmingRun

/** A policy that was applied, as its signed bytes: rules are read from them when they are needed. */
export interface AppliedPolicy {
  readonly number: number
  readonly hash: Uint8Array
  readonly content: Uint8Array
  /** Rules this handheld does not know or cannot follow. */
  readonly leftOut: readonly string[]
}

/** Number and hash of the newest set of books: they outlive the books themselves when the user changes. */
export interface BookNumber {
  readonly number: number
  readonly hash: Uint8Array
}

export interface RegisteredBooks {
  readonly content: Uint8Array
  /** UIDs of books that could not be registered. */
  readonly leftOut: readonly string[]
}

/** What the handheld holds of one organisation, from the moment its key is current. */
export interface Account {
  readonly stage: 'provisioning' | 'active'
  readonly txn: ActivationId
  readonly address: MailAddress
  /** The server that proved itself; policies may name it as well as any of `servers`. */
  readonly srpId: SrpId
  /** Who may speak for the account; packets go to the first. */
  readonly servers: readonly SrpId[]
  readonly organisation: string
  readonly caCertificate: Uint8Array
  readonly nextRolloverAt: number
  readonly link: KeyLink
  readonly keys: KeyRing
  readonly m4Hash: Uint8Array
  /** Null once a packet with seq > 0 has shown that the server holds the key. */
  readonly repeat: Repeat | null
  /** Null once the activation is complete. */
  readonly silence: Silence | null
  readonly policy: AppliedPolicy | null
  /** A policy was applied, or found applied already, under the present key. */
  readonly policyConfirmed: boolean
  readonly bookNumber: BookNumber | null
  readonly books: RegisteredBooks | null
  /** The acknowledgement of the books lies safe at the relay and the user was told. */
  readonly complete: boolean
  readonly command: AppliedCommand | null
  /** Set by a command; stands before the one of the policy. */
  readonly ownerText: string | null
  readonly wipe: WaitingWipe | null
}

/** An acknowledgement, or an answer of a rollover, on its way to the relay: same mid and bytes until a receipt. */
export interface Outgoing {
  readonly mid: Uint8Array
  readonly to: SrpId
  readonly payload: Uint8Array
  readonly what: 'ack' | 'rollover'
  /** Of the key it is sealed under. */
  readonly kid: number
  /** The receipt for it is the end of the activation. */
  readonly completes: boolean
  /** A wipe waits for the receipt for it. */
  readonly wipes: boolean
  readonly sent: boolean
  readonly tries: number
  readonly dueMs: number | null
  readonly refusedSinceMs: number | null
}

/** A packet stored and not yet judged: it came before the key was current, or its signature is being checked. */
export interface HeldPacket {
  readonly id: string
  readonly from: SrpId
  readonly packet: Uint8Array
}

/** How the last run ended, until the next one. */
export interface Failure {
  readonly code: HandheldCode
  readonly text: string
  readonly txn: ActivationId
  readonly address: MailAddress
  readonly atMs: number
}

export interface HandheldState {
  readonly device: Device
  readonly online: boolean
  /** When being off the air becomes worth a word to the user (E01). */
  readonly offlineDueMs: number | null
  readonly run: Run | null
  readonly account: Account | null
  readonly failure: Failure | null
  readonly refusal: Refusal | null
  readonly lock: Lock
  /** The text on the screen, or behind the lock what comes on it when the handheld is opened. */
  readonly screen: string
  /** Null: that text is of no code. */
  readonly screenCode: HandheldCode | null
  readonly outbox: readonly Outgoing[]
  readonly held: readonly HeldPacket[]
  /** Incomplete sets of parts, by sender. */
  readonly parts: readonly { readonly from: SrpId; readonly sets: readonly PartSet[] }[]
  /** Proofs sent that no good M4 answered in time, by address (E23). */
  readonly unanswered: readonly { readonly address: MailAddress; readonly atMs: number }[]
}

export const initialState = (device: Device): HandheldState => ({
  device,
  online: false,
  offlineDueMs: null,
  run: null,
  account: null,
  failure: null,
  refusal: null,
  lock: openLock,
  screen: '',
  screenCode: null,
  outbox: [],
  held: [],
  parts: [],
  unanswered: [],
})

export function stageOf(state: HandheldState): Stage {
  if (state.run) return state.run.stage
  if (state.failure) return 'failed'
  return state.account?.stage ?? 'idle'
}

/** Whether this server may order something for the account. */
export const isServerOf = (account: Account, srpId: SrpId): boolean =>
  srpId === account.srpId || account.servers.includes(srpId)

/** The servers this handheld will hear: those of its account, and the one it is proving itself to. */
export function peersOf(state: HandheldState): readonly SrpId[] {
  const peers = new Set(state.account?.servers ?? [])
  if (state.run && 'srpId' in state.run) peers.add(state.run.srpId)
  return [...peers]
}
