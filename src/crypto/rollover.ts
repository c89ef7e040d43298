/**
 * The master key that follows another (docs/protocol.md, "Key rollover"): fresh shares of both ends, mixed with the key
 * they are exchanged under. Who learns a key later opens nothing that was sealed under the ones before it.
 */
import { assert } from '#kernel/assert.ts'
import { concat, uintBytes, utf8 } from '#kernel/bytes.ts'
import { expand, hkdf, sha256 } from './hash.ts'
import { isPoint, type P256 } from './p256.ts'

/** The two messages as sent and what both ends know when they are through. */
export interface RolloverParts {
  /** The master key the offer and the answer were sealed under. */
  readonly masterKey: Uint8Array
  readonly oldKid: number
  readonly newKid: number
  /** Content of the OTAKEYGEN messages 2 and 3, byte for byte. */
  readonly offer: Uint8Array
  readonly answer: Uint8Array
  /** The x coordinate of the Diffie-Hellman point, 32 bytes. */
  readonly shared: Uint8Array
  /** ML-KEM's shared secret, or empty where the rollover has none. */
  readonly kemSecret: Uint8Array
}

/** x of scalar · share, or null where the share of the other side is no point of the curve. */
export const sharedSecret = (p256: P256, scalar: Uint8Array, share: Uint8Array): Uint8Array | null =>
  isPoint(share) ? p256.multiply(share, scalar).slice(1, 33) : null

/** The new master key, 32 bytes, for the suite of the old one. */
export function nextMasterKey(parts: RolloverParts): Uint8Array {
  const { masterKey, oldKid, newKid, offer, answer, shared, kemSecret } = parts
  assert(oldKid !== newKid, 'a key rolls over to another one')
  return hkdf(
    expand(masterKey, utf8('mdap1 roll'), 32),
    concat(shared, kemSecret),
    concat(utf8('mdap1 mk2'), uintBytes(oldKid, 4), uintBytes(newKid, 4), sha256(offer), sha256(answer)),
    32,
  )
}

/** What the key checks under the new key carry. */
export const rolloverHash = (offer: Uint8Array, answer: Uint8Array): Uint8Array => sha256(offer, answer)
