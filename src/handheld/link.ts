/** One master key's channel to the server: sealing with reserved numbers, opening, the window and its answers. */
import { inflate } from '#crypto/deflate.ts'
import { directionKeys, openPacketBody, packetTag, type Suite, sealPacketBody } from '#crypto/packet.ts'
import { assert } from '#kernel/assert.ts'
import { sameBytes } from '#kernel/bytes.ts'
import { limits } from '#kernel/limits.ts'
import type { Random } from '#kernel/random.ts'
import type { AckStatus } from '#protocol/ack.ts'
import {
  contentTypes,
  decodePacketHeader,
  directions,
  encodePacket,
  encodePacketHeader,
  flagDeflated,
  type Packet,
  type PacketHeader,
} from '#protocol/packet-frame.ts'
import { encodePayload } from '#protocol/payload.ts'
import { emptyReplayWindow, markReplay, type ReplayWindow } from '#protocol/replay-window.ts'

export interface KeyLink {
  readonly kid: number
  readonly suite: Suite
  readonly masterKey: Uint8Array
  /** ML-KEM-768 has a part in it. */
  readonly hybrid: boolean
  /** The next number to send under. */
  readonly nextSeq: number
  /** Numbers below this are reserved on disk; after a restart sending goes on from here, so gaps are normal. */
  readonly reservedSeq: number
  readonly window: ReplayWindow
  /** What was answered to the numbers in the window, newest last. */
  readonly answers: readonly Answer[]
  /** The encoded payload with our key check (seq 0): sent again with these bytes for ever. */
  readonly keyCheck: Uint8Array
}

export interface Answer {
  readonly seq: number
  readonly tag: Uint8Array
  /** Null for OTAKEYGEN and ACK, which are not acknowledged. */
  readonly status: AckStatus | null
  readonly detail: Uint8Array | null
}

/** A packet of the server that was authenticated. `content` is null where it cannot be inflated. */
export interface Opened {
  readonly header: PacketHeader
  readonly tag: Uint8Array
  readonly content: Uint8Array | null
}

/** A new link; its key check carries `content` under seq 0. */
export function newLink(
  key: Pick<KeyLink, 'kid' | 'suite' | 'masterKey' | 'hybrid'>,
  content: Uint8Array,
  random: Random,
): KeyLink {
  const keyCheck = sealed(key, 0, contentTypes.otakeygen, content, random)
  const { kid, suite, masterKey, hybrid } = key
  return {
    ...{ kid, suite, masterKey, hybrid },
    nextSeq: 1,
    reservedSeq: limits.seqReserveBlock,
    window: emptyReplayWindow,
    answers: [],
    keyCheck,
  }
}

/** Seals `content` under the next number. `reserved` says that a new block was taken: persist before sending. */
export function sealNext(
  link: KeyLink,
  contentType: number,
  content: Uint8Array,
  random: Random,
): { link: KeyLink; payload: Uint8Array; reserved: boolean } {
  const seq = link.nextSeq
  const reserved = seq >= link.reservedSeq
  const reservedSeq = reserved ? seq + limits.seqReserveBlock : link.reservedSeq
  return {
    link: { ...link, nextSeq: seq + 1, reservedSeq },
    payload: sealed(link, seq, contentType, content, random),
    reserved,
  }
}

/** After a restart: numbers up to the reserved one may have been used. */
export const resumeLink = (link: KeyLink): KeyLink => ({ ...link, nextSeq: link.reservedSeq })

/** The kid of a packet of the server, without opening it; null where the header is none of theirs. */
export function packetHeader(packet: Packet): PacketHeader | null {
  const header = decodePacketHeader(packet.header)
  return header.ok && header.value.direction === directions.serverToDevice ? header.value : null
}

/** Authenticates and opens; null where it is not the server's under this key. Does not look at the window. */
export function openPacket(link: KeyLink, packet: Packet): Opened | null {
  const header = packetHeader(packet)
  if (!header || header.kid !== link.kid) return null
  const content = openPacketBody(link.suite, directionKeys(link.masterKey).s2d, packet.header, packet.body)
  if (!content || content.length > limits.contentBytesMax) return null
  return { header, tag: packetTag(packet.header), content: plainContent(header, content) }
}

/** The link with the packet's number seen and what was answered to it: to be persisted with the packet's effect. */
export function answered(link: KeyLink, answer: Answer): KeyLink {
  const window = markReplay(link.window, answer.seq)
  const kept = link.answers.filter((old) => old.seq >= window.next - limits.replayWindow)
  return { ...link, window, answers: [...kept, answer] }
}

/** The stored answer to this very packet; null for another packet under the same number. */
export function storedAnswer(link: KeyLink, seq: number, tag: Uint8Array): Answer | null {
  const answer = link.answers.find((one) => one.seq === seq)
  return answer && sameBytes(answer.tag, tag) ? answer : null
}

const compressible: ReadonlySet<number> = new Set([contentTypes.cmime, contentTypes.cical, contentTypes.sync])

function plainContent(header: PacketHeader, content: Uint8Array): Uint8Array | null {
  if ((header.flags & flagDeflated) === 0) return content
  return compressible.has(header.contentType) ? inflate(content) : null
}

function sealed(
  key: { readonly kid: number; readonly suite: Suite; readonly masterKey: Uint8Array },
  seq: number,
  contentType: number,
  content: Uint8Array,
  random: Random,
): Uint8Array {
  const header = encodePacketHeader({
    kid: key.kid,
    direction: directions.deviceToServer,
    seq,
    salt: random.bytes(16),
    contentType,
    flags: 0,
  })
  const body = sealPacketBody(key.suite, directionKeys(key.masterKey).d2s, header, content)
  const payload = encodePayload({ kind: 'packet', bytes: encodePacket({ header, body }) })
  assert(payload.length <= limits.unpartedPayloadBytesMax, 'a handheld sends no packet that needs parts yet')
  return payload
}
