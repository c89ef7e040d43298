/** SHA-256, HMAC-SHA256 and HKDF-SHA256 (RFC 5869) over byte strings; the protocol names no other hash. */
import { createHmac, createSecretKey, hash, hkdfSync } from 'node:crypto'
import { assert } from '#kernel/assert.ts'
import { concat, uintBytes } from '#kernel/bytes.ts'

const hashBytes = 32

/** SHA-256 of the parts joined; 32 bytes. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(hash('sha256', concat(...parts), 'buffer'))
}

/** HMAC-SHA256 of the parts joined; 32 bytes. */
export function hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  // A key as bytes costs node:crypto three times as much: it finds out by an exception that it is none of its own.
  const mac = createHmac('sha256', createSecretKey(key))
  for (const part of parts) mac.update(part)
  return new Uint8Array(mac.digest())
}

/** HKDF-Extract (RFC 5869 section 2.2); 32 bytes. */
export const extract = (salt: Uint8Array, ikm: Uint8Array): Uint8Array => hmacSha256(salt, ikm)

/** HKDF-Expand (RFC 5869 section 2.3): `length` bytes, at most 255 hashes. node:crypto offers no Expand alone. */
export function expand(prk: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  assert(length > 0 && length <= 255 * hashBytes, 'HKDF output length out of range')
  const out = new Uint8Array(Math.ceil(length / hashBytes) * hashBytes)
  let previous: Uint8Array = new Uint8Array(0)
  for (let offset = 0; offset < length; offset += hashBytes) {
    previous = hmacSha256(prk, previous, info, uintBytes(offset / hashBytes + 1, 1))
    out.set(previous, offset)
  }
  return out.slice(0, length)
}

/** HKDF = Expand(Extract(salt, ikm), info, length); `info` at most 1,024 bytes. */
export const hkdf = (salt: Uint8Array, ikm: Uint8Array, info: Uint8Array, length: number): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', ikm, salt, info, length))
