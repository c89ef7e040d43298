/** Shapes of the names and byte strings that many messages share (docs/protocol.cddl, "common"). */
import { type ActivationId, type MailAddress, parsePin, parseRelayId, parseSrpId } from '#kernel/brand.ts'
import { fromHex, toHex, utf8 } from '#kernel/bytes.ts'
import { decoded } from '#kernel/result.ts'
import { bytes, named, type Shape, uint8, uint32 } from './shape.ts'

export const bytes16 = bytes(16)
export const bytes32 = bytes(32)
export const bytes64 = bytes(64)
/** An uncompressed P-256 point. Only its length is checked here: a bad point has its own answer (E09). */
export const point = bytes(65)
export const routeToken = bytes(44)

export const pin = named(parsePin)
export const srpId = named(parseSrpId)
export const relayId = named(parseRelayId)

/** A transaction id: 16 bytes on the wire, lower-case hex everywhere else. */
export const txn: Shape<ActivationId> = {
  read: (value, at) => {
    const raw = bytes16.read(value, at)
    return raw.ok ? decoded(toHex(raw.value) as ActivationId) : raw
  },
  write: (value) => fromHex(value),
}

/** The id of a master key. */
export const kid = uint32

/** 1 = AES-256-GCM, 2 = 3DES-CBC with HMAC-SHA256; others may be offered by later versions. */
export const suite = uint8

/** A canonical address of 3..254 bytes: anything that canonicalising would change is refused. */
export const mailAddress = named((text: string): MailAddress | null => {
  const length = utf8(text).length
  return length >= 3 && length <= 254 && isCanonicalAddress(text) ? (text as MailAddress) : null
})

function isCanonicalAddress(text: string): boolean {
  if (text.normalize('NFC') !== text) return false
  return /^[^\s@()<>[\]:;,\\"\p{Cc}A-Z]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*$/u.test(text)
}
