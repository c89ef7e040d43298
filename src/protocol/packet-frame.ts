/** The packet: a header in clear, authenticated with the sealed body. Keys and sealing are `#crypto/packet.ts`. */
import { sha256 } from '#crypto/hash.ts'
import { limits } from '#kernel/limits.ts'
import type { Decoded } from '#kernel/result.ts'
import { bytes16, kid } from './fields.ts'
import { element, row } from './record-shape.ts'
import { bytes, decodeShape, encodeShape, oneOf, uint, uint8 } from './shape.ts'

export const contentTypes = {
  otakeygen: 1,
  itAdmin: 2,
  cmime: 3,
  cical: 4,
  sync: 5,
  serviceBook: 6,
  ack: 7,
} as const

/** 0 = from the handheld to the server, 1 = back. */
export const directions = { deviceToServer: 0, serverToDevice: 1 } as const
export type Direction = (typeof directions)[keyof typeof directions]

/** `header` is kept as its exact bytes: they are hashed, authenticated and give the tag of an ACK. */
export interface Packet {
  readonly header: Uint8Array
  readonly body: Uint8Array
}

export interface PacketHeader {
  readonly kid: number
  readonly direction: Direction
  readonly seq: number
  /** 16 random bytes that keep the packet's key unique. */
  readonly salt: Uint8Array
  /** One of `contentTypes`; another is answered with ACK 7, so the decoder lets it through. */
  readonly contentType: number
  /** Bit 0: the content is raw deflate. Any other bit is refused. */
  readonly flags: number
}

export const flagDeflated = 1

const packet = row<Packet>([], {
  header: element(bytes(1, 128)),
  body: element(bytes(0, limits.packetBytesMax)),
})

const header = row<PacketHeader>(
  [],
  {
    kid: element(kid),
    direction: element(oneOf(0, 1)),
    seq: element(uint),
    salt: element(bytes16),
    contentType: element(uint8),
    flags: element(oneOf(0, flagDeflated)),
  },
  1,
)

export const decodePacket = (bytes: Uint8Array): Decoded<Packet> =>
  decodeShape(packet, bytes, limits.packetBytesMax, 'packet')

export const encodePacket = (value: Packet): Uint8Array => encodeShape(packet, value, 'packet')

export const decodePacketHeader = (bytes: Uint8Array): Decoded<PacketHeader> =>
  decodeShape(header, bytes, 128, 'packet.header')

export const encodePacketHeader = (value: PacketHeader): Uint8Array =>
  encodeShape(header, value, 'packet.header')

/** The tag by which an ACK names its packet: the first 8 bytes of SHA-256 of the header's bytes. */
export const packetTag = (headerBytes: Uint8Array): Uint8Array => sha256(headerBytes).slice(0, 8)
