/** What two ends say to each other through the relay: a kind number and that message's exact bytes. */
import { limits } from '#kernel/limits.ts'
import { type Decoded, decoded, refused } from '#kernel/result.ts'
import { type CborValue, decodeCbor, encodeCbor, isCborArray } from './cbor.ts'

/** `bytes` is one whole message: for `decodeM2`, `decodeM3`, `decodeM4`, `decodePacket`, `decodePart`, `decodeErrorMessage`. */
export interface Payload {
  readonly kind: PayloadKind
  readonly bytes: Uint8Array
}

export type PayloadKind = 'm2' | 'm3' | 'm4' | 'packet' | 'part' | 'error'

const kindNumbers: Readonly<Record<PayloadKind, number>> = {
  m2: 2,
  m3: 3,
  m4: 4,
  packet: 5,
  part: 7,
  error: 9,
}

const kindsByNumber = new Map<CborValue | undefined, PayloadKind>()
for (const kind of ['m2', 'm3', 'm4', 'packet', 'part', 'error'] as const)
  kindsByNumber.set(kindNumbers[kind], kind)

/**
 * Decodes kind and length only; a kind of a later version is `unsupported`.
 * @param bytesMax what one frame may hold, unless the payload is not from a frame
 */
export function decodePayload(
  bytes: Uint8Array,
  bytesMax: number = limits.framePayloadBytesMax,
): Decoded<Payload> {
  if (bytes.length > bytesMax) return refused('too_big', 'payload')
  const value = decodeCbor(bytes)
  if (!value.ok) return value
  if (!isCborArray(value.value) || value.value.length !== 2) return refused('wrong_shape', 'payload')
  const [number, inner] = value.value
  if (typeof number !== 'number' || !(inner instanceof Uint8Array)) return refused('wrong_shape', 'payload')
  const kind = kindsByNumber.get(number)
  return kind ? decoded({ kind, bytes: inner }) : refused('unsupported', 'payload.kind')
}

export const encodePayload = (payload: Payload): Uint8Array =>
  encodeCbor([kindNumbers[payload.kind], payload.bytes])

/** The kind of an encoded payload without decoding it: what the relay may look at. Null for unknown kinds. */
export function payloadKind(bytes: Uint8Array): PayloadKind | null {
  const arrayOfTwo = 0x82
  return bytes[0] === arrayOfTwo ? (kindsByNumber.get(bytes[1]) ?? null) : null
}
