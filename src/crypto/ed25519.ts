/** Ed25519 (RFC 8032, pure) over raw keys: 32-byte seeds and public keys, as stored and as on the wire. */
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { assert } from '#kernel/assert.ts'
import { concat, fromHex } from '#kernel/bytes.ts'

export const ed25519KeyBytes = 32
export const ed25519SignatureBytes = 64

export interface Ed25519Key {
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** A signature of 64 bytes. */
  sign(message: Uint8Array): Uint8Array
}

/** RFC 8410's wrapping of a seed (PKCS #8) and of a public key (SubjectPublicKeyInfo), which node:crypto wants. */
const privatePrefix = fromHex('302e020100300506032b657004220420')
const publicPrefix = fromHex('302a300506032b6570032100')

/** The key pair of a 32-byte seed. */
export function ed25519Key(seed: Uint8Array): Ed25519Key {
  assert(seed.length === ed25519KeyBytes, 'Ed25519 seed length')
  const der = Buffer.from(concat(privatePrefix, seed))
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return {
    publicKey: new Uint8Array(spki.subarray(publicPrefix.length)),
    sign: (message) => new Uint8Array(sign(null, message, privateKey)),
  }
}

/** Whether `signature` is the key's over `message`; false for wrong lengths as well. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== ed25519KeyBytes || signature.length !== ed25519SignatureBytes) return false
  const der = Buffer.from(concat(publicPrefix, publicKey))
  return verify(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature)
}

/** As `verifyEd25519`, under any of several keys: a relay's seal key and the one before it. */
export const verifyEd25519Any = (
  publicKeys: readonly Uint8Array[],
  message: Uint8Array,
  signature: Uint8Array,
): boolean => publicKeys.some((key) => verifyEd25519(key, message, signature))
