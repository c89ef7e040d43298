/**
 * Seals and opens the bodies of data packets, in both suites. Each packet has its own key, derived from its whole
 * header, so a header is never reused: its 16 random bytes keep it unique even if a restored database repeats a seq.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { unreachable } from '#kernel/assert.ts'
import { concat, utf8 } from '#kernel/bytes.ts'
import { equalInConstantTime } from './equal.ts'
import { gcmKeyBytes, gcmNonceBytes, openGcm, sealGcm } from './gcm.ts'
import { expand, hmacSha256, sha256 } from './hash.ts'

/** 1 = AES-256-GCM, 2 = 3DES-CBC with HMAC-SHA256. A property of the master key, never of a packet. */
export type Suite = 1 | 2

export const isSuite = (value: number): value is Suite => value === 1 || value === 2

/** A master key's keys, one per direction: handheld to server, server to handheld; 32 bytes each, derived when asked for. */
export interface DirectionKeys {
  readonly d2s: Uint8Array
  readonly s2d: Uint8Array
}

const desKeyBytes = 24
const desBlockBytes = 8
const macBytes = 32

export const directionKeys = (masterKey: Uint8Array): DirectionKeys => ({
  get d2s() {
    return expand(masterKey, utf8('mdap1 dir d2s'), 32)
  },
  get s2d() {
    return expand(masterKey, utf8('mdap1 dir s2d'), 32)
  },
})

/** The body of the packet whose header bytes are `header`. Compress first; `content` is what the flags say it is. */
export function sealPacketBody(
  suite: Suite,
  directionKey: Uint8Array,
  header: Uint8Array,
  content: Uint8Array,
): Uint8Array {
  switch (suite) {
    case 1: {
      const { key, nonce } = gcmPacketKey(directionKey, header)
      return sealGcm(key, nonce, header, content)
    }
    case 2: {
      const { key, iv, macKey } = desPacketKey(directionKey, header)
      const cipher = createCipheriv('des-ede3-cbc', key, iv)
      const ciphertext = concat(cipher.update(content), cipher.final())
      return concat(ciphertext, hmacSha256(macKey, header, ciphertext))
    }
    default:
      return unreachable(suite)
  }
}

/** The content, or null: bad MAC, bad padding and bad length are one answer, so that nobody learns which it was. */
export function openPacketBody(
  suite: Suite,
  directionKey: Uint8Array,
  header: Uint8Array,
  body: Uint8Array,
): Uint8Array | null {
  switch (suite) {
    case 1: {
      const { key, nonce } = gcmPacketKey(directionKey, header)
      return openGcm(key, nonce, header, body)
    }
    case 2:
      return openDes(directionKey, header, body)
    default:
      return unreachable(suite)
  }
}

/** The 8 bytes of the header's hash by which an ACK names the very packet it answers. */
export const packetTag = (header: Uint8Array): Uint8Array => sha256(header).slice(0, 8)

function openDes(directionKey: Uint8Array, header: Uint8Array, body: Uint8Array): Uint8Array | null {
  const { key, iv, macKey } = desPacketKey(directionKey, header)
  const macAt = body.length - macBytes
  if (macAt < desBlockBytes || macAt % desBlockBytes !== 0) return null
  const ciphertext = body.subarray(0, macAt)
  // The MAC comes before the padding is touched: an oracle on padding would decrypt packets byte by byte.
  if (!equalInConstantTime(hmacSha256(macKey, header, ciphertext), body.subarray(macAt))) return null
  const decipher = createDecipheriv('des-ede3-cbc', key, iv)
  const plaintext = decipher.update(ciphertext)
  try {
    return concat(plaintext, decipher.final())
  } catch {
    return null
  }
}

function gcmPacketKey(directionKey: Uint8Array, header: Uint8Array) {
  const bytes = packetKeyBytes(directionKey, header, gcmKeyBytes + gcmNonceBytes)
  return { key: bytes.subarray(0, gcmKeyBytes), nonce: bytes.subarray(gcmKeyBytes) }
}

function desPacketKey(directionKey: Uint8Array, header: Uint8Array) {
  const bytes = packetKeyBytes(directionKey, header, desKeyBytes + desBlockBytes + macBytes)
  return {
    key: bytes.subarray(0, desKeyBytes),
    iv: bytes.subarray(desKeyBytes, desKeyBytes + desBlockBytes),
    macKey: bytes.subarray(desKeyBytes + desBlockBytes),
  }
}

const packetKeyBytes = (directionKey: Uint8Array, header: Uint8Array, length: number): Uint8Array =>
  expand(directionKey, concat(utf8('mdap1 pkt'), sha256(header)), length)
