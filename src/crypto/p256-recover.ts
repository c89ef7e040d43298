/**
 * What ECDH leaves out: it returns x(k·A) alone, and both y coordinates of k·A and k·B follow from one more x.
 *
 * With P = k·G known in full and x(Z), x(V), x(Z + V + P) for Z = k·A and V = k·B: the chord through Z and V gives
 * W = Z + V, of which x(W) is linear in m = yZ·yV and y(W) is linear in yZ and yV (m·yZ = yZ²·yV, and yZ², yV² are
 * known from the curve). The chord through W and P must meet the given x; cleared of denominators that reads
 * a + b·yZ + c·yV + e·yZ·yV = 0, with yV = −(a + b·yZ) / (c + e·yZ). Squared, it is linear in yZ; likewise in yV.
 */
import { type AffinePoint, curveB, curveRight, invert, modPrime } from './p256-field.ts'

/** x of Z, V and Z + V + P: coordinates below p. */
export interface KnownX {
  readonly z: bigint
  readonly v: bigint
  readonly sum: bigint
}

/** Z and V in full; null where the equations leave a sign open, as they do where x(Z) = x(V). One inversion. */
export function recoverBoth(p: AffinePoint, x: KnownX): { z: AffinePoint; v: AffinePoint } | null {
  const [zz, vv] = [curveRight(x.z), curveRight(x.v)]
  const { a, b, c, e } = relation(p, x, zz, vv)
  const ee = modPrime(e * e)
  const [aa, bb, cc] = [modPrime(a * a), modPrime(b * b), modPrime(c * c)]
  const zBelow = modPrime(2n * (modPrime(c * e) * vv - a * b))
  const vBelow = modPrime(2n * (modPrime(b * e) * zz - a * c))
  const below = modPrime(zBelow * vBelow)
  if (below === 0n) return null
  const inverse = invert(below)
  const zAbove = modPrime(aa + bb * zz - vv * modPrime(cc + ee * zz))
  const vAbove = modPrime(aa + cc * vv - zz * modPrime(bb + ee * vv))
  const z = { x: x.z, y: modPrime(zAbove * modPrime(inverse * vBelow)) }
  const v = { x: x.v, y: modPrime(vAbove * modPrime(inverse * zBelow)) }
  return modPrime(z.y * z.y) === zz && modPrime(v.y * v.y) === vv ? { z, v } : null
}

/** a, b, c and e of a + b·yZ + c·yV + e·yZ·yV = 0, times (xZ − xV)⁴; `zz` and `vv` are yZ² and yV². */
function relation(p: AffinePoint, x: KnownX, zz: bigint, vv: bigint) {
  const run = modPrime(x.z - x.v)
  const run2 = modPrime(run * run)
  // x(W) = (u − 2m) / run²
  const u = modPrime(zz + vv - (x.z + x.v) * run2)
  // The chord through W and P: k2·x(W)² + k1·x(W) + k0 + 2·yP·y(W) = 0.
  const pp = modPrime(p.x * p.x)
  const k2 = modPrime(x.sum - p.x)
  const k1 = modPrime(3n - pp - 2n * p.x * x.sum)
  const k0 = modPrime((x.sum + p.x) * pp - curveB - p.y * p.y)
  const scale = modPrime(2n * p.y * run)
  return {
    a: modPrime(k2 * modPrime(u * u + 4n * zz * vv) + k1 * modPrime(u * run2) + k0 * modPrime(run2 * run2)),
    b: modPrime(scale * modPrime(x.v * run2 - u - 2n * vv)),
    c: modPrime(scale * modPrime(u + 2n * zz - x.z * run2)),
    e: modPrime(-4n * k2 * u - 2n * k1 * run2),
  }
}
