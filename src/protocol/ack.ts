/** Content of ACK packets: what became of one packet, end to end. */
import { limits } from '#kernel/limits.ts'
import type { Decoded } from '#kernel/result.ts'
import { kid } from './fields.ts'
import { element, optionalElement, row } from './record-shape.ts'
import { bytes, decodeShape, encodeShape, list, text, uint, uint8 } from './shape.ts'

/** Numbers on the wire; the sender's next step for each is in docs/protocol.md, "Acknowledgements". */
export const ackStatus = {
  applied: 0,
  /** Applied in part: the detail names what was left out. */
  appliedInPart: 1,
  /** Refused: signature, chain or signer. */
  refusedSignature: 2,
  /** Refused: for another handheld or server. */
  refusedAddressee: 3,
  /** Refused: the number is not newer. */
  refusedNumber: 4,
  /** Refused: form or version not understood. */
  refusedForm: 5,
  /** Not now: it comes before something it needs. */
  notNow: 6,
  /** Content type, operation or command unknown. */
  unknown: 7,
  /** Failed; the detail says after how many seconds to try again. */
  tryAgain: 8,
  /** Accepted and will be carried out. */
  accepted: 9,
} as const

export type AckStatus = (typeof ackStatus)[keyof typeof ackStatus]

/** `kid`, `seq` and `tag` name the packet that is answered; `status` may be of a later version. */
export interface Ack {
  readonly kid: number
  readonly seq: number
  /** `packetTag` (`#crypto/packet.ts`) of the answered packet's header: without it an old answer could pass for a new packet's. */
  readonly tag: Uint8Array
  readonly status: number
  readonly detail?: Uint8Array
}

const ack = row<Ack>([], {
  kid: element(kid),
  seq: element(uint),
  tag: element(bytes(8)),
  status: element(uint8),
  detail: optionalElement(bytes(0, limits.contentBytesMax)),
})

const namesLeftOut = list(text(0, 1024), 0, 4096)
const recordsLeftOut = list(bytes(1, 64), 0, 4096)

/** Narrows a wire number; a status of a later version is none of ours. */
export const isAckStatus = (status: number): status is AckStatus =>
  Object.values<number>(ackStatus).includes(status)

export const decodeAck = (content: Uint8Array): Decoded<Ack> =>
  decodeShape(ack, content, limits.contentBytesMax, 'ack')

export const encodeAck = (value: Ack): Uint8Array => encodeShape(ack, value, 'ack')

/** Detail of `appliedInPart` for policies and books: the names of rules, or UIDs of books, left out. */
export const decodeNamesLeftOut = (detail: Uint8Array): Decoded<readonly string[]> =>
  decodeShape(namesLeftOut, detail, limits.contentBytesMax, 'ack.detail')

export const encodeNamesLeftOut = (names: readonly string[]): Uint8Array =>
  encodeShape(namesLeftOut, names, 'ack.detail')

/** Detail of `appliedInPart` for a sync batch: the ids of records set aside. */
export const decodeRecordsLeftOut = (detail: Uint8Array): Decoded<readonly Uint8Array[]> =>
  decodeShape(recordsLeftOut, detail, limits.contentBytesMax, 'ack.detail')

export const encodeRecordsLeftOut = (ids: readonly Uint8Array[]): Uint8Array =>
  encodeShape(recordsLeftOut, ids, 'ack.detail')

/** Detail of `tryAgain`: seconds to wait. */
export const decodeRetrySeconds = (detail: Uint8Array): Decoded<number> =>
  decodeShape(uint, detail, 9, 'ack.detail')

export const encodeRetrySeconds = (seconds: number): Uint8Array => encodeShape(uint, seconds, 'ack.detail')
