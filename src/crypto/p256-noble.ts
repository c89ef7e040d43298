/** P-256 in portable JavaScript: the cross-check of `p256-node.ts`, and what a handheld in a browser runs. */
import { p256 } from '@noble/curves/nist.js'
import type { P256 } from './p256.ts'

const { Point } = p256

export const nobleP256: P256 = {
  multiply: (point, scalar) => Point.fromBytes(point).multiply(Point.Fn.fromBytes(scalar)).toBytes(false),
  multiplyBase: (scalar) => Point.BASE.multiply(Point.Fn.fromBytes(scalar)).toBytes(false),
  add: (a, b) => {
    const sum = Point.fromBytes(a).add(Point.fromBytes(b))
    return sum.is0() ? null : sum.toBytes(false)
  },
}
