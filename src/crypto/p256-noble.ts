/** P-256 in portable JavaScript: the cross-check of `p256-node.ts`, and what a handheld in a browser runs. */
import { p256 } from '@noble/curves/nist.js'
import type { P256 } from './p256.ts'

const { Point } = p256

const multiply = (point: Uint8Array, scalar: Uint8Array): Uint8Array =>
  Point.fromBytes(point).multiply(Point.Fn.fromBytes(scalar)).toBytes(false)
const multiplyBase = (scalar: Uint8Array): Uint8Array =>
  Point.BASE.multiply(Point.Fn.fromBytes(scalar)).toBytes(false)

export const nobleP256: P256 = {
  multiply,
  multiplyBase,
  multiplyBoth: (a, b, scalar) => ({
    base: multiplyBase(scalar),
    a: multiply(a, scalar),
    b: multiply(b, scalar),
  }),
  add: (a, b) => {
    const sum = Point.fromBytes(a).add(Point.fromBytes(b))
    return sum.is0() ? null : sum.toBytes(false)
  },
}
