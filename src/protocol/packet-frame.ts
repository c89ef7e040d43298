/** The packet: a header in clear, authenticated with the sealed body. Keys and sealing are `#crypto/packet.ts`. */
import { limits } from '#kernel/limits.ts'
import { type Decoded, decoded } from '#kernel/result.ts'
import { bytes16, kid } from './fields.ts'
import { element, row } from './record-shape.ts'
import { bytes, decodeShape, encodeShape, oneOf, type Shape, uint, uint8 } from './shape.ts'

export const contentTypes = {
  otakeygen: 1,
  itAdmin: 2,
  cmime: 3,
  cical: 4,
  sync: 5,
  serviceBook: 6,
  ack: 7,
} as const

/** From the handheld to the server (0 on the wire), or back (1). */
export const directions = { deviceToServer: 'd2s', serverToDevice: 's2d' } as const
export type Direction = (typeof directions)[keyof typeof directions]

/** `header` is kept as its exact bytes: they are hashed and authenticated. */
export interface Packet {
  /** For `decodePacketHeader`, and as it is for `openPacketBody` and `packetTag` of `#crypto/packet.ts`. */
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

const directionNumber = oneOf(0, 1)

const direction: Shape<Direction> = {
  read: (value, at) => {
    const number = directionNumber.read(value, at)
    return number.ok ? decoded(number.value === 0 ? 'd2s' : 's2d') : number
  },
  write: (value) => (value === 'd2s' ? 0 : 1),
}

const header = row<PacketHeader>(
  [],
  {
    kid: element(kid),
    direction: element(direction),
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
