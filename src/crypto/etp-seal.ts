/** The relay's seal on ETP.DAT, without which a server drops the mail unread: Ed25519 over both parts' hashes. */
import { concat, utf8 } from '#kernel/bytes.ts'
import { type Ed25519Key, verifyEd25519Any } from './ed25519.ts'
import { sha256 } from './hash.ts'

/** The seal (64 bytes) over the exact bytes of the body and of the relay part. */
export const sealEtp = (relayKey: Ed25519Key, body: Uint8Array, relayPart: Uint8Array): Uint8Array =>
  relayKey.sign(sealInput(body, relayPart))

/** Whether one of the relay's pinned public keys made the seal. */
export const verifyEtpSeal = (
  relayPublicKeys: readonly Uint8Array[],
  body: Uint8Array,
  relayPart: Uint8Array,
  seal: Uint8Array,
): boolean => verifyEd25519Any(relayPublicKeys, sealInput(body, relayPart), seal)

const sealInput = (body: Uint8Array, relayPart: Uint8Array): Uint8Array =>
  concat(utf8('mdap1 seal'), Uint8Array.of(0), sha256(body), sha256(relayPart))
