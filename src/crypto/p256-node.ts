/**
 * P-256 on node:crypto, about nine times as fast as BigInt code, and it keeps secret scalars inside OpenSSL.
 *
 * Its ECDH returns only the x coordinate of k·P. The missing y follows from a second call with k + 1: the chord
 * through P and Q = k·P meets the curve in −(Q + P), so x(Q + P) = ((yQ − yP) / (xQ − xP))² − xP − xQ. With
 * yQ² = xQ³ − 3xQ + b, that equation is linear in yQ. Two points under one scalar need three calls instead of four
 * (`p256-recover.ts`), and all of them share one key, which OpenSSL checks anew for each call.
 */
import { createECDH, type ECDH } from 'node:crypto'
import { assert } from '#kernel/assert.ts'
import { sameBytes, uintBytes } from '#kernel/bytes.ts'
import { negate, type P256, type Products } from './p256.ts'
import {
  type AffinePoint,
  addAffine,
  addThree,
  bytesToInt,
  curveRight,
  decodeAffine,
  encodeAffine,
  groupOrder,
  invert,
  modPrime,
} from './p256-field.ts'
import { recoverBoth } from './p256-recover.ts'

const curve = 'prime256v1'
const lastScalar = uintBytes(groupOrder - 1n, 32)
const basePoint = knownPoint(multiplyBase(uintBytes(1, 32)))

/** The default backend on servers and command lines. */
export const nodeP256: P256 = { multiply, multiplyBase, multiplyBoth, add }

function multiply(point: Uint8Array, scalar: Uint8Array): Uint8Array {
  // k + 1 would be n here, and n · P has no coordinates.
  if (sameBytes(scalar, lastScalar)) return negate(point)
  const affine = knownPoint(point)
  const x = sharedX(keyOf(scalar), point)
  return encodeAffine({ x, y: recoverY(affine, x, sharedX(keyOf(plusOne(scalar)), point)) })
}

function multiplyBase(scalar: Uint8Array): Uint8Array {
  return new Uint8Array(keyOf(scalar).getPublicKey())
}

function multiplyBoth(a: Uint8Array, b: Uint8Array, scalar: Uint8Array): Products {
  const key = keyOf(scalar)
  const base = new Uint8Array(key.getPublicKey())
  const sum = addThree(knownPoint(a), knownPoint(b), basePoint)
  const both =
    sum &&
    recoverBoth(knownPoint(base), {
      z: sharedX(key, a),
      v: sharedX(key, b),
      sum: sharedX(key, encodeAffine(sum)),
    })
  // Points that cancel each other: nobody meets them by chance.
  if (!both) return { base, a: multiply(a, scalar), b: multiply(b, scalar) }
  return { base, a: encodeAffine(both.z), b: encodeAffine(both.v) }
}

function add(a: Uint8Array, b: Uint8Array): Uint8Array | null {
  const sum = addAffine(knownPoint(a), knownPoint(b))
  return sum && encodeAffine(sum)
}

function keyOf(scalar: Uint8Array): ECDH {
  const key = createECDH(curve)
  key.setPrivateKey(scalar)
  return key
}

function sharedX(key: ECDH, point: Uint8Array): bigint {
  return bytesToInt(key.computeSecret(point))
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
