/** Scalars of P-256: 32 bytes, big-endian, modulo the group's order n. */
import { uintBytes } from '#kernel/bytes.ts'
import type { Random } from '#kernel/random.ts'
import { bytesToInt, groupOrder } from './p256-field.ts'

export const scalarBytes = 32

/** Whether the bytes are a scalar in 1..n−1. */
export function isScalar(bytes: Uint8Array): boolean {
  if (bytes.length !== scalarBytes) return false
  const value = bytesToInt(bytes)
  return value > 0n && value < groupOrder
}

/** The integer in `bytes` modulo n, as 32 bytes; it may be zero. */
export const reduceScalar = (bytes: Uint8Array): Uint8Array =>
  uintBytes(bytesToInt(bytes) % groupOrder, scalarBytes)

/** A scalar uniform in 1..n−1, by rejection (one draw in 2^32 is thrown away). */
export function randomScalar(random: Random): Uint8Array {
  for (;;) {
    const bytes = random.bytes(scalarBytes)
    if (isScalar(bytes)) return bytes
  }
}
