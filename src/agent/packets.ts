/** Sealing packets to a handheld and opening its own: numbers, windows and keys of one server's side. */
import { inflate } from '#crypto/deflate.ts'
import { directionKeys, openPacketBody, packetTag, type Suite, sealPacketBody } from '#crypto/packet.ts'
import { assert } from '#kernel/assert.ts'
import type { Pin } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import {
  contentTypes,
  decodePacket,
  decodePacketHeader,
  encodePacket,
  encodePacketHeader,
  flagDeflated,
  type PacketHeader,
} from '#protocol/packet-frame.ts'
import { checkReplay, decodeReplayWindow, encodeReplayWindow, markReplay } from '#protocol/replay-window.ts'
import type { MasterKey } from '#store/handhelds.ts'
import type { AgentEnv } from './domain.ts'

export interface SealedPacket {
  /** The whole packet; the way to the relay cuts it into parts where it is long. */
  readonly bytes: Uint8Array
  readonly packet: { readonly kid: number; readonly seq: number; readonly tag: Uint8Array }
}

/** The vault's context of a master key. */
export const keyContext = (pin: Pin, kid: number): string => `master_key/${pin}/${kid}`

/** A master key in clear, to seal packets with. */
export interface SealingKey {
  readonly kid: number
  readonly suite: Suite
  readonly masterKey: Uint8Array
}

/** Seals `content` under `masterKey` with the number `seq`, from server to handheld. */
export function sealPacket(
  env: Pick<AgentEnv, 'random'>,
  key: SealingKey,
  seq: number,
  contentType: number,
  content: Uint8Array,
): SealedPacket {
  const header = encodePacketHeader({
    kid: key.kid,
    direction: 's2d',
    seq,
    salt: env.random.bytes(16),
    contentType,
    flags: 0,
  })
  const body = sealPacketBody(key.suite, directionKeys(key.masterKey).s2d, header, content)
  return { bytes: encodePacket({ header, body }), packet: { kid: key.kid, seq, tag: packetTag(header) } }
}

/** The master key in clear. @throws Fault storage_key.wrong */
export function openMasterKey(env: Pick<AgentEnv, 'vault'>, key: MasterKey): Uint8Array {
  const plain = env.vault.open(keyContext(key.pin, key.kid), key.sealed)
  if (!plain) throw new Fault('storage_key.wrong', `key ${key.kid} of ${key.pin}`)
  return plain
}

/** @throws Fault storage_key.wrong */
export const sealingKey = (env: Pick<AgentEnv, 'vault'>, key: MasterKey): SealingKey => ({
  kid: key.kid,
  suite: key.suite,
  masterKey: openMasterKey(env, key),
})

export type Opened =
  | {
      readonly kind: 'new'
      readonly header: PacketHeader
      readonly tag: Uint8Array
      /** Null where it cannot be inflated. */
      readonly content: Uint8Array | null
      readonly window: Uint8Array
    }
  | {
      readonly kind: 'seen'
      readonly header: PacketHeader
      readonly tag: Uint8Array
      readonly content: Uint8Array | null
    }
  | { readonly kind: 'dropped'; readonly why: string }

const dropped = (why: string): Opened => ({ kind: 'dropped', why })

/** A packet of a handheld taken apart, not yet opened. */
export interface ReadPacket {
  readonly headerBytes: Uint8Array
  readonly header: PacketHeader
  readonly body: Uint8Array
}

/** Null where the bytes are not a packet from a handheld. */
export function readPacket(bytes: Uint8Array): ReadPacket | null {
  const packet = decodePacket(bytes)
  const header = packet.ok ? decodePacketHeader(packet.value.header) : null
  if (!packet.ok || !header?.ok || header.value.direction !== 'd2s') return null
  return { headerBytes: packet.value.header, header: header.value, body: packet.value.body }
}

/** Opens a packet of a handheld. The number is marked by the commit of what it causes, not here. */
export function openPacket(env: Pick<AgentEnv, 'vault'>, key: MasterKey, read: ReadPacket): Opened {
  const { header, headerBytes } = read
  const window = decodeReplayWindow(key.window)
  assert(window.ok, 'a stored window decodes')
  const freshness = checkReplay(window.value, header.seq)
  if (freshness === 'too_old') return dropped('too old')
  const { d2s } = directionKeys(openMasterKey(env, key))
  const sealed = openPacketBody(key.suite, d2s, headerBytes, read.body)
  if (!sealed) return dropped('authentication')
  const tag = packetTag(headerBytes)
  const content = plainContent(header, sealed)
  if (freshness === 'seen') return { kind: 'seen', header, tag, content }
  const marked = encodeReplayWindow(markReplay(window.value, header.seq))
  return { kind: 'new', header, tag, content, window: marked }
}

/** Of an authenticated packet: nothing else reaches the inflater. */
function plainContent(header: PacketHeader, sealed: Uint8Array): Uint8Array | null {
  if (header.flags === 0) return sealed
  return header.flags === flagDeflated && isCompressible(header.contentType) ? inflate(sealed) : null
}

const isCompressible = (contentType: number): boolean =>
  contentType === contentTypes.cmime ||
  contentType === contentTypes.cical ||
  contentType === contentTypes.sync
