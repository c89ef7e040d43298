/** AES-256-GCM as every box, packet, token and sealed column uses it: 12-byte nonce, 16-byte tag at the end. */
import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto'
import { assert } from '#kernel/assert.ts'
import { concat } from '#kernel/bytes.ts'

export const gcmKeyBytes = 32
export const gcmNonceBytes = 12
export const gcmTagBytes = 16

/** Returns ciphertext and tag. A (key, nonce) pair must never seal two different plaintexts. */
export function sealGcm(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  assert(key.length === gcmKeyBytes && nonce.length === gcmNonceBytes, 'AES-256-GCM key or nonce length')
  // A key as bytes costs node:crypto three times as much: it finds out by an exception that it is none of its own.
  const cipher = createCipheriv('aes-256-gcm', createSecretKey(key), nonce)
  cipher.setAAD(aad)
  return concat(cipher.update(plaintext), cipher.final(), cipher.getAuthTag())
}

/** The plaintext, or null where anything (key, nonce, aad, any byte) is not what was sealed. */
export function openGcm(
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | null {
  assert(key.length === gcmKeyBytes && nonce.length === gcmNonceBytes, 'AES-256-GCM key or nonce length')
  if (sealed.length < gcmTagBytes) return null
  const tagAt = sealed.length - gcmTagBytes
  const decipher = createDecipheriv('aes-256-gcm', createSecretKey(key), nonce, {
    authTagLength: gcmTagBytes,
  })
  decipher.setAAD(aad)
  decipher.setAuthTag(sealed.subarray(tagAt))
  const plaintext = decipher.update(sealed.subarray(0, tagAt))
  try {
    return concat(plaintext, decipher.final())
  } catch {
    return null
  }
}

/** nonce ‖ ciphertext ‖ tag: the form of boxes, route tokens and sealed columns. */
export const sealBox = (
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array => concat(nonce, sealGcm(key, nonce, aad, plaintext))

/** Opens what `sealBox` made; null where it is too short or not authentic. */
export function openBox(key: Uint8Array, aad: Uint8Array, box: Uint8Array): Uint8Array | null {
  if (box.length < gcmNonceBytes + gcmTagBytes) return null
  return openGcm(key, box.subarray(0, gcmNonceBytes), aad, box.subarray(gcmNonceBytes))
}
