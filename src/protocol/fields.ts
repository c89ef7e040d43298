/** Shapes of the names and byte strings that many messages share (docs/protocol.cddl, "common"). */
import { type ActivationId, parsePin, parseRelayId, parseSrpId } from '#kernel/brand.ts'
import { fromHex, toHex } from '#kernel/bytes.ts'
import { decoded } from '#kernel/result.ts'
import { isCanonicalEmail } from './canonical.ts'
import { bytes, integer, named, type Shape, uint8 } from './shape.ts'

export const bytes16 = bytes(16)
export const bytes32 = bytes(32)
export const bytes64 = bytes(64)
/** An uncompressed P-256 point. Only its length is checked here: a bad point has its own answer (E09). */
export const point = bytes(65)
export const routeToken = bytes(44)
/** ML-KEM-768 (FIPS 203); whether an encapsulation key is a good one is checked where it is used. */
export const kemEncapsulationKey = bytes(1184)
export const kemCiphertext = bytes(1088)

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
export const kid = integer(1, 0xffff_ffff)

/** 1 = AES-256-GCM, 2 = 3DES-CBC with HMAC-SHA256; others may be offered by later versions. */
export const suite = uint8

/** An address in its canonical form of 3..254 bytes: what canonicalising would change is refused. */
export const mailAddress = named((text: string) => (isCanonicalEmail(text) ? text : null))
