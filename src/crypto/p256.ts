/** The few operations on P-256 that SPAKE2+ and key rollover need, and the check every foreign point passes first. */
import { assert } from '#kernel/assert.ts'
import { decodeAffine, encodeAffine, fieldPrime } from './p256-field.ts'

/**
 * A P-256 backend. Points are 65 bytes, 04 ‖ x ‖ y, and have passed `isPoint`; scalars are 32 bytes, big-endian, in
 * 1..n−1. A backend throws on anything else: that is our mistake, not the peer's.
 */
export interface P256 {
  /** scalar · point; never the identity, because the group's order is prime. */
  multiply(point: Uint8Array, scalar: Uint8Array): Uint8Array
  /** scalar · G. */
  multiplyBase(scalar: Uint8Array): Uint8Array
  /** scalar · G, scalar · a and scalar · b: together they cost less than one by one. */
  multiplyBoth(a: Uint8Array, b: Uint8Array, scalar: Uint8Array): Products
  /** a + b for public or masked points; null is the identity. */
  add(a: Uint8Array, b: Uint8Array): Uint8Array | null
}

/** Points, 65 bytes each. */
export interface Products {
  readonly base: Uint8Array
  readonly a: Uint8Array
  readonly b: Uint8Array
}

/** Whether bytes from outside are a point: 65 bytes, first byte 04, x and y below p, on the curve, so not the identity. */
export const isPoint = (bytes: Uint8Array): boolean => decodeAffine(bytes) !== null

export function negate(point: Uint8Array): Uint8Array {
  const affine = decodeAffine(point)
  assert(affine, 'not a P-256 point')
  return encodeAffine({ x: affine.x, y: fieldPrime - affine.y })
}

/** a − b; null is the identity. */
export const subtract = (p256: P256, a: Uint8Array, b: Uint8Array): Uint8Array | null =>
  p256.add(a, negate(b))
