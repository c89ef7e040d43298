/**
 * Proofs of the relay's two log-ins and the PIN certificate. Each takes the deterministic CBOR it is over as bytes:
 * `#protocol` encodes, this file signs, so that neither depends on the other.
 */
import { concat, utf8 } from '#kernel/bytes.ts'
import { type Ed25519Key, verifyEd25519, verifyEd25519Any } from './ed25519.ts'
import { equalInConstantTime } from './equal.ts'
import { hkdf, hmacSha256, sha256 } from './hash.ts'

/** `challenge` is CBOR [relay id, PIN or null, nd, nr]. */
export const signDeviceLogin = (deviceKey: Ed25519Key, challenge: Uint8Array): Uint8Array =>
  deviceKey.sign(labelled('mdap1 dev', challenge))

export const verifyDeviceLogin = (
  devicePublicKey: Uint8Array,
  challenge: Uint8Array,
  signature: Uint8Array,
): boolean => verifyEd25519(devicePublicKey, labelled('mdap1 dev', challenge), signature)

/** `claim` is CBOR [relay id, PIN, device public key]. A restored relay takes the handheld back by it. */
export const signPinCertificate = (relayKey: Ed25519Key, claim: Uint8Array): Uint8Array =>
  relayKey.sign(labelled('mdap1 pin', claim))

/** Good under any seal key the relay has or had. */
export const verifyPinCertificate = (
  relayPublicKeys: readonly Uint8Array[],
  claim: Uint8Array,
  certificate: Uint8Array,
): boolean => verifyEd25519Any(relayPublicKeys, labelled('mdap1 pin', claim), certificate)

/** K of the server log-in, 32 bytes: what the relay stores in place of the SRP key. */
export const srpLoginKey = (srpKey: Uint8Array, relayId: string, srpId: string): Uint8Array =>
  hkdf(sha256(utf8(relayId)), srpKey, concat(utf8('mdap1 srp'), utf8(srpId)), 32)

/** Which end proves that it has K; the two proofs over one transcript differ, so neither can be sent back. */
export type SrpSide = 'relay' | 'server'

/** `transcript` is CBOR [srp, relay id, ns, nr]. */
export const srpProof = (loginKey: Uint8Array, side: SrpSide, transcript: Uint8Array): Uint8Array =>
  hmacSha256(loginKey, utf8(side === 'relay' ? 'R' : 'S'), transcript)

export const verifySrpProof = (
  loginKey: Uint8Array,
  side: SrpSide,
  transcript: Uint8Array,
  proof: Uint8Array,
): boolean => equalInConstantTime(srpProof(loginKey, side, transcript), proof)

const labelled = (label: string, content: Uint8Array): Uint8Array =>
  concat(utf8(label), Uint8Array.of(0), content)
