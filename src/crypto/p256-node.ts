/**
 * P-256 on node:crypto, about nine times as fast as BigInt code, and it keeps secret scalars inside OpenSSL.
 *
 * Its ECDH returns only the x coordinate of k·P. The missing y follows from a second call with k + 1: the chord
 * through P and Q = k·P meets the curve in −(Q + P), so x(Q + P) = ((yQ − yP) / (xQ − xP))² − xP − xQ. With
 * yQ² = xQ³ − 3xQ + b, that equation is linear in yQ.
 */
import { createECDH } from 'node:crypto'
import { assert } from '#kernel/assert.ts'
import { sameBytes, uintBytes } from '#kernel/bytes.ts'
import { negate, type P256 } from './p256.ts'
import {
  type AffinePoint,
  addAffine,
  bytesToInt,
  curveRight,
  decodeAffine,
  encodeAffine,
  groupOrder,
  invert,
  modPrime,
} from './p256-field.ts'

const curve = 'prime256v1'
const lastScalar = uintBytes(groupOrder - 1n, 32)

/** The default backend on servers and command lines. */
export const nodeP256: P256 = { multiply, multiplyBase, add }

function multiply(point: Uint8Array, scalar: Uint8Array): Uint8Array {
  // k + 1 would be n here, and n · P has no coordinates.
  if (sameBytes(scalar, lastScalar)) return negate(point)
  const affine = knownPoint(point)
  const x = sharedX(point, scalar)
  return encodeAffine({ x, y: recoverY(affine, x, sharedX(point, plusOne(scalar))) })
}

function multiplyBase(scalar: Uint8Array): Uint8Array {
  const ecdh = createECDH(curve)
  ecdh.setPrivateKey(scalar)
  return new Uint8Array(ecdh.getPublicKey())
}

function add(a: Uint8Array, b: Uint8Array): Uint8Array | null {
  const sum = addAffine(knownPoint(a), knownPoint(b))
  return sum && encodeAffine(sum)
}

function sharedX(point: Uint8Array, scalar: Uint8Array): bigint {
  const ecdh = createECDH(curve)
  ecdh.setPrivateKey(scalar)
  return bytesToInt(ecdh.computeSecret(point))
}

/** y of Q = k·P, from P, x(Q) and x(Q + P). */
function recoverY(base: AffinePoint, x: bigint, xNext: bigint): bigint {
  const run = modPrime(x - base.x)
  const chord = modPrime((xNext + base.x + x) * run * run)
  return modPrime((curveRight(x) + base.y * base.y - chord) * invert(2n * base.y))
}

/** k + 1 on bytes, so that the secret scalar never becomes a BigInt. */
function plusOne(scalar: Uint8Array): Uint8Array {
  const out = Uint8Array.from(scalar)
  let carry = 1
  for (let i = out.length - 1; i >= 0; i -= 1) {
    const sum = (out[i] ?? 0) + carry
    out[i] = sum & 0xff
    carry = sum >> 8
  }
  return out
}

function knownPoint(bytes: Uint8Array): AffinePoint {
  const point = decodeAffine(bytes)
  assert(point, 'not a P-256 point')
  return point
}
