/**
 * From the exact bytes exchanged and SPAKE2+'s shared key to the master key. Hashes chain over the whole run:
 * th (ETP body, M2), th3 (then M3), th4 (then M4), so whatever is changed on the way changes every key after it.
 */
import { concat, uintBytes, utf8 } from '#kernel/bytes.ts'
import { openBox, sealBox } from './gcm.ts'
import { expand, extract, sha256 } from './hash.ts'

const zeroByte = Uint8Array.of(0)
const none: Uint8Array = new Uint8Array(0)

/** SPAKE2+'s context, from the SHA-256 of the mailed body's bytes and of M2's bytes. */
export const pakeContext = (etpBodyHash: Uint8Array, m2Hash: Uint8Array): Uint8Array =>
  concat(utf8('mdap1 spake2+'), zeroByte, etpBodyHash, m2Hash)

/** SPAKE2+'s idProver: the canonical address and the PIN the relay stamps on M3. */
export const proverIdentity = (email: string, pin: string): Uint8Array =>
  concat(utf8(email), zeroByte, utf8(pin))

/** SPAKE2+'s idVerifier. */
export const verifierIdentity = (srpId: string): Uint8Array => utf8(srpId)

/** Keys between the proof and the master key, 32 bytes each; `prk` makes the master key and is then erased. */
export interface HandshakeKeys {
  readonly th: Uint8Array
  readonly prk: Uint8Array
  readonly d2s: Uint8Array
  readonly s2d: Uint8Array
}

/** `kemSecret` is ML-KEM's shared secret (32 bytes), or empty where the run has none. */
export function handshakeKeys(
  etpBodyHash: Uint8Array,
  m2Hash: Uint8Array,
  kShared: Uint8Array,
  kemSecret: Uint8Array = none,
): HandshakeKeys {
  const th = sha256(etpBodyHash, m2Hash)
  const prk = extract(sha256(utf8('mdap1 act')), concat(kShared, kemSecret))
  return {
    th,
    prk,
    d2s: expand(prk, concat(utf8('mdap1 hs d2s'), th), 32),
    s2d: expand(prk, concat(utf8('mdap1 hs s2d'), th), 32),
  }
}

/** The next hash of the chain: th3 from th and M3's bytes, th4 from th3 and M4's bytes. */
export const nextTranscriptHash = (hashSoFar: Uint8Array, message: Uint8Array): Uint8Array =>
  sha256(hashSoFar, sha256(message))

/** The master key for either suite. `kid` is the key id of M2. */
export const masterKey = (prk: Uint8Array, suite: number, kid: number, th3: Uint8Array): Uint8Array =>
  expand(prk, concat(utf8('mdap1 mk'), uintBytes(suite, 1), uintBytes(kid, 4), th3), 32)

/** M3's box around device-info: nonce ‖ ciphertext ‖ tag. `nonce` is 12 random bytes. */
export const sealM3Box = (d2s: Uint8Array, th: Uint8Array, nonce: Uint8Array, info: Uint8Array): Uint8Array =>
  sealBox(d2s, nonce, concat(utf8('mdap1 m3'), th), info)

/** device-info's bytes, or null where the box is not the prover's for this run. */
export const openM3Box = (d2s: Uint8Array, th: Uint8Array, box: Uint8Array): Uint8Array | null =>
  openBox(d2s, concat(utf8('mdap1 m3'), th), box)

/** M4's box around server-info; it is bound to M3 by th3. */
export const sealM4Box = (
  s2d: Uint8Array,
  th3: Uint8Array,
  nonce: Uint8Array,
  info: Uint8Array,
): Uint8Array => sealBox(s2d, nonce, concat(utf8('mdap1 m4'), th3), info)

/** server-info's bytes, or null where the box is not the verifier's answer to that M3. */
export const openM4Box = (s2d: Uint8Array, th3: Uint8Array, box: Uint8Array): Uint8Array | null =>
  openBox(s2d, concat(utf8('mdap1 m4'), th3), box)
