/**
 * P-256 in affine coordinates over BigInt: the curve's constants, point decoding, and one addition. BigInt is not
 * constant-time, so only public or masked points come here, never the bits of a secret scalar.
 */
import { fromHex, toHex } from '#kernel/bytes.ts'
import { invertModulo } from './p256-invert.ts'

export interface AffinePoint {
  readonly x: bigint
  readonly y: bigint
}

/** The field's prime. */
export const fieldPrime = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn
/** The order of the base point, n. */
export const groupOrder = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
export const curveB = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn

export const coordinateBytes = 32

export const bytesToInt = (bytes: Uint8Array): bigint =>
  bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`)

export function modPrime(value: bigint): bigint {
  const rest = value % fieldPrime
  return rest < 0n ? rest + fieldPrime : rest
}

/** x³ − 3x + b, which a point's y² must equal. */
export const curveRight = (x: bigint): bigint => modPrime(x * x * x - 3n * x + curveB)

/** Reads 04 ‖ x ‖ y; null for every other form, for coordinates not below p, and for points off the curve. */
export function decodeAffine(bytes: Uint8Array): AffinePoint | null {
  if (bytes.length !== 1 + 2 * coordinateBytes || bytes[0] !== 4) return null
  const x = bytesToInt(bytes.subarray(1, 1 + coordinateBytes))
  const y = bytesToInt(bytes.subarray(1 + coordinateBytes))
  if (x >= fieldPrime || y >= fieldPrime) return null
  return modPrime(y * y) === curveRight(x) ? { x, y } : null
}

export const encodeAffine = ({ x, y }: AffinePoint): Uint8Array => fromHex(`04${hexOf(x)}${hexOf(y)}`)

const hexOf = (coordinate: bigint): string => coordinate.toString(16).padStart(2 * coordinateBytes, '0')

/** The inverse modulo p; `value` must not be a multiple of p. */
export const invert = (value: bigint): bigint => invertModulo(modPrime(value), fieldPrime)

/** The sum of two points; null is the identity. */
export function addAffine(a: AffinePoint, b: AffinePoint): AffinePoint | null {
  if (a.x === b.x && a.y !== b.y) return null
  const slope =
    a.x === b.x
      ? modPrime((3n * a.x * a.x - 3n) * invert(2n * a.y))
      : modPrime((b.y - a.y) * invert(b.x - a.x))
  const x = modPrime(slope * slope - a.x - b.x)
  return { x, y: modPrime(slope * (a.x - x) - a.y) }
}

/** a + b + c with one inversion; null is the identity, and every sum of which two x coordinates meet on the way. */
export function addThree(a: AffinePoint, b: AffinePoint, c: AffinePoint): AffinePoint | null {
  const run = modPrime(b.x - a.x)
  const run2 = modPrime(run * run)
  const run3 = modPrime(run2 * run)
  const rise = modPrime(b.y - a.y)
  // a + b = (x / run², y / run³)
  const x = modPrime(rise * rise - (a.x + b.x) * run2)
  const y = modPrime(rise * (a.x * run2 - x) - a.y * run3)
  const nextRun = modPrime(c.x * run2 - x)
  const both = modPrime(run * nextRun)
  if (both === 0n) return null
  const inverse = invert(both)
  const slope = modPrime(modPrime(c.y * run3 - y) * inverse)
  const perRun = modPrime(inverse * nextRun)
  const sumX = modPrime(slope * slope - x * modPrime(perRun * perRun) - c.x)
  return { x: sumX, y: modPrime(slope * (c.x - sumX) - c.y) }
}
