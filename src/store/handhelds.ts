import type { Suite } from '#activation/event.ts'
import type { ActivationId, Pin } from '#kernel/brand.ts'

export type AccountState = 'active' | 'replaced' | 'removed' | 'wiped'

/** What an applied, refused or still travelling policy or book set looks like from here. */
export interface Provisioned {
  /** The number last sent, 0 before the first. */
  readonly sent: number
  /** The number last acknowledged as applied, 0 before the first. */
  readonly applied: number
  /** Rules or books that the handheld left out of `applied`. */
  readonly leftOut: readonly string[]
  /** Of the rules or books last given or queued; empty before any, or where that is in doubt. */
  readonly digest: string
}

/** One handheld that works for one user. */
export interface HandheldAccount {
  readonly pin: Pin
  readonly userId: number
  readonly txn: ActivationId
  readonly state: AccountState
  readonly model: string
  readonly software: string
  readonly platform: string
  readonly deviceKey: string
  readonly activatedAtMs: number
  readonly heardAtMs: number
  readonly policy: Provisioned
  readonly books: Provisioned
  /** When a wipe that it acknowledged will have been carried out; null: none was. */
  readonly wipeAtMs: number | null
  /** Of a replaced one: the handheld whose activation took its place, where that is known. */
  readonly replacedBy: Pin | null
}

export type AccountChange =
  | {
      readonly kind: 'activated'
      readonly account: Omit<
        HandheldAccount,
        'state' | 'policy' | 'books' | 'heardAtMs' | 'wipeAtMs' | 'replacedBy'
      >
      /** How many handhelds the user may have; the oldest beyond that are replaced in the same commit. */
      readonly perUserMax: number
    }
  | {
      readonly kind: 'sent' | 'applied'
      readonly pin: Pin
      readonly what: 'policy' | 'books'
      readonly number: number
      /** Of the rules or books that were sent. */
      readonly digest?: string
      readonly leftOut?: readonly string[]
    }
  /** What it has is in doubt: it will be given it again. */
  | { readonly kind: 'unsure'; readonly pin: Pin; readonly what: 'policy' | 'books' }
  /** By this item of the queue a wipe was acknowledged, and will be carried out then; null: it was taken back. */
  | { readonly kind: 'wipe'; readonly pin: Pin; readonly item: number; readonly atMs: number | null }

export interface MasterKey {
  readonly pin: Pin
  readonly kid: number
  readonly suite: Suite
  readonly txn: ActivationId
  readonly state: 'pending' | 'current' | 'previous'
  /** The key itself, sealed above the store. */
  readonly sealed: Uint8Array
  /** The replay window of what the handheld sends under this key, as the protocol's codec serialises it. */
  readonly window: Uint8Array
  readonly createdAtMs: number
  /** When it became current; null: it never was. */
  readonly currentSinceMs: number | null
  /** ML-KEM-768 has a part in it. */
  readonly hybrid: boolean
  /** When an administrator asked for its rollover; null: nobody has. */
  readonly rollWantedAtMs: number | null
}

export interface NewKey {
  readonly pin: Pin
  readonly kid: number
  readonly suite: Suite
  readonly txn: ActivationId
  readonly sealed: Uint8Array
  readonly window: Uint8Array
  /** Numbers below this are spoken for when the row appears. */
  readonly nextSeq: number
  readonly hybrid?: boolean
}

/** A packet of a handheld taken in: its number is marked in the commit of what it caused. */
export interface InboundMark {
  readonly pin: Pin
  readonly kid: number
  readonly seq: number
  /** The window it was judged by; where another process has moved it since, the change is refused. */
  readonly before: Uint8Array
  readonly window: Uint8Array
  readonly heardAtMs: number
  /** The acknowledgement given, kept so that a duplicate gets the same; absent where none is due. */
  readonly answer?: { readonly tag: Uint8Array; readonly status: number }
}

export interface PartRow {
  readonly pin: Pin
  readonly id: string
  readonly index: number
  readonly count: number
  readonly chunk: Uint8Array
  readonly atMs: number
}

export interface HandheldStore {
  list(): Promise<HandheldAccount[]>
  byPin(pin: Pin): Promise<HandheldAccount[]>
  byUser(userId: number): Promise<HandheldAccount[]>
  key(pin: Pin, kid: number): Promise<MasterKey | null>
  currentKey(pin: Pin): Promise<MasterKey | null>
  keys(pin: Pin): Promise<MasterKey[]>
  /** Speaks for `count` packet numbers at once; returns the first. @throws Fault handheld.not_active for an erased key */
  reserveSeq(pin: Pin, kid: number, count: number): Promise<number>
  /** The answer given earlier to this number, for duplicates. */
  answerGiven(pin: Pin, kid: number, seq: number): Promise<{ tag: Uint8Array; status: number } | null>
  /** Handhelds that work for users: those that are being activated are not counted. */
  countActive(): Promise<number>
  /** All PINs this server serves, for the relay's list. */
  servedPins(): Promise<Pin[]>
  /** Ends the account that works on this handheld, with its keys and all that waits for it. Whether there was one. */
  end(pin: Pin, state: 'removed' | 'wiped', nowMs: number): Promise<boolean>
  /** The parts of packets that are not complete, oldest set first. */
  partsOf(pin: Pin): Promise<PartRow[]>
  keepPart(part: PartRow): Promise<void>
  dropParts(pin: Pin, id: string): Promise<void>
  dropPartsBefore(atMs: number): Promise<number>
}
