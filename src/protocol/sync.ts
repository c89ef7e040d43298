/** The envelope of slow sync: sessions, batches and records, in CICAL and SYNC packets alike. */
import { limits } from '#kernel/limits.ts'
import type { Decoded } from '#kernel/result.ts'
import type { CborValue } from './cbor.ts'
import { bytes16 } from './fields.ts'
import { element, key, keyed, optionalElement, optionalKey } from './record-shape.ts'
import {
  boolean,
  bytes,
  decodeShape,
  encodeShape,
  integerMap,
  list,
  oneOf,
  type Shape,
  text,
  uint,
} from './shape.ts'
import { variant, variants } from './variant-shape.ts'

/** Opens or, said again, continues a session for one organizer database. */
export interface SyncStart {
  readonly type: 'start'
  /** 16 random bytes: the session's id. */
  readonly sid: Uint8Array
  readonly database: string
  /** 0 = all, 1 = since the anchor in the options. */
  readonly mode: number
  readonly options: SyncStartOptions
}

export interface SyncStartOptions {
  /** Largest batch in bytes. */
  readonly batchBytesMax?: number
  readonly batchRecordsMax?: number
  readonly anchor?: Uint8Array
}

/** Each direction counts its own `index` from 0; `last` ends that direction. */
export interface SyncBatch {
  readonly type: 'batch'
  readonly sid: Uint8Array
  readonly index: number
  readonly last: boolean
  readonly records: readonly SyncRecord[]
  /** None are defined yet: empty when we send, ignored when we receive. */
  readonly options: ReadonlyMap<number, CborValue>
}

export interface SyncEnd {
  readonly type: 'end'
  readonly sid: Uint8Array
  readonly summary: SyncSummary
}

export interface SyncSummary {
  readonly sent: number
  readonly setAside: number
  /** To come back with in mode 1. */
  readonly anchor?: Uint8Array
}

/** `code` is one of `syncStopCode`. */
export interface SyncStop {
  readonly type: 'stop'
  readonly sid: Uint8Array
  readonly code: number
  readonly text?: string
}

export type SyncMessage = SyncStart | SyncBatch | SyncEnd | SyncStop

export interface SyncRecord {
  /** 1..64 bytes, unique in the database. */
  readonly id: Uint8Array
  readonly operation: SyncOperation
  /** A put or delete that is not above the stored revision is skipped. */
  readonly revision: number
  /** A media type. */
  readonly form?: string
  readonly content?: Uint8Array
}

export const syncOperation = { put: 0, delete: 1 } as const
export type SyncOperation = (typeof syncOperation)[keyof typeof syncOperation]

export const syncStopCode = {
  unknownDatabase: 1,
  notAllowed: 2,
  busy: 3,
  unknownSession: 4,
  unknownAnchor: 5,
  failed: 6,
} as const

const textBytesMax = 1024
const anchorBytesMax = 1024
const anyOption = { unknownKeys: 'any' } as const

const startOptions = keyed<SyncStartOptions>(
  {
    batchBytesMax: optionalKey(1, uint),
    batchRecordsMax: optionalKey(2, uint),
    anchor: optionalKey(3, bytes(0, anchorBytesMax)),
  },
  anyOption,
)

const summary = keyed<SyncSummary>(
  { sent: key(1, uint), setAside: key(2, uint), anchor: optionalKey(3, bytes(0, anchorBytesMax)) },
  anyOption,
)

const record = keyed<SyncRecord>({
  id: key(1, bytes(1, 64)),
  operation: key(2, oneOf(0, 1)),
  revision: key(3, uint),
  form: optionalKey(4, text(0, textBytesMax)),
  content: optionalKey(5, bytes(0, limits.contentBytesMax)),
})

const sid = element(bytes16)
const recordsPerBatchMax = 65_536

const syncMessage: Shape<SyncMessage> = variants<SyncMessage>({
  start: variant(1, {
    sid,
    database: element(text(0, textBytesMax)),
    mode: element(uint),
    options: element(startOptions),
  }),
  batch: variant(2, {
    sid,
    index: element(uint),
    last: element(boolean),
    records: element(list(record, 0, recordsPerBatchMax)),
    options: element(integerMap),
  }),
  end: variant(3, { sid, summary: element(summary) }),
  stop: variant(4, { sid, code: element(uint), text: optionalElement(text(0, textBytesMax)) }),
})

/** Decodes one message; a first number of a later version is `unsupported` (ACK 7). Unknown options are dropped. */
export const decodeSync = (content: Uint8Array): Decoded<SyncMessage> =>
  decodeShape(syncMessage, content, limits.contentBytesMax, 'sync')

export const encodeSync = (message: SyncMessage): Uint8Array => encodeShape(syncMessage, message, 'sync')
