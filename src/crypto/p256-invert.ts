/**
 * Inverses modulo P-256's prime by Lehmer's form of the extended Euclidean algorithm (Knuth, TAOCP 2, algorithm 4.5.2 L):
 * most quotients show in the leading 50 bits already, so that about twenty of them at a time are found on numbers
 * and cost four BigInt products together. Not in constant time.
 */
const leadingBits = 50
/** Bounds a step's factors, so that the sums with leading bits stay exact. */
const factorMax = 2 ** 26

/** The next pair is (a·high + b·low, c·high + d·low); b is 0 where the leading bits decided nothing. */
interface Step {
  readonly a: number
  readonly b: number
  readonly c: number
  readonly d: number
}

/** value⁻¹ in 1..p−1. `value` is in 1..p−1, and `prime` is p. */
export function invertModulo(value: bigint, prime: bigint): bigint {
  let [high, low] = [prime, value]
  let [highFactor, lowFactor] = [0n, 1n]
  while (low > 1n) {
    const { a, b, c, d } = bigStep(high, low)
    ;[high, low] = [a * high + b * low, c * high + d * low]
    ;[highFactor, lowFactor] = [a * highFactor + b * lowFactor, c * highFactor + d * lowFactor]
  }
  return lowFactor < 0n ? lowFactor + prime : lowFactor
}

function bigStep(high: bigint, low: bigint) {
  const { a, b, c, d } = leadingStep(high, low)
  return b === 0
    ? { a: 0n, b: 1n, c: 1n, d: -(high / low) }
    : { a: BigInt(a), b: BigInt(b), c: BigInt(c), d: BigInt(d) }
}

function leadingStep(high: bigint, low: bigint): Step {
  const shift = BigInt(Math.max(0, high.toString(16).length * 4 - leadingBits))
  let [top, bottom] = [Number(high >> shift), Number(low >> shift)]
  let step: Step = { a: 1, b: 0, c: 0, d: 1 }
  while (bottom + step.c > 0 && bottom + step.d > 0) {
    const { a, b, c, d } = step
    const quotient = Math.floor((top + a) / (bottom + c))
    // The true quotient lies between these two: where they differ, the leading bits no longer tell.
    if (quotient !== Math.floor((top + b) / (bottom + d))) break
    const next: Step = { a: c, b: d, c: a - quotient * c, d: b - quotient * d }
    if (Math.abs(next.c) > factorMax || Math.abs(next.d) > factorMax) break
    ;[top, bottom] = [bottom, top - quotient * bottom]
    step = next
  }
  return step
}
