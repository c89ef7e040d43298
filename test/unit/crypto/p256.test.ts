import { deepEqual, equal, throws } from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isPoint, negate, type P256, subtract } from '#crypto/p256.ts'
import { fieldPrime, groupOrder, invert } from '#crypto/p256-field.ts'
import { nobleP256 } from '#crypto/p256-noble.ts'
import { nodeP256 } from '#crypto/p256-node.ts'
import { isScalar, randomScalar, reduceScalar } from '#crypto/p256-scalar.ts'
import { concat, fromHex, uintBytes } from '#kernel/bytes.ts'

const one = uintBytes(1, 32)
const base = nodeP256.multiplyBase(one)
const baseX = base.slice(1, 33)
const baseY = base.slice(33)
const uncompressed = (x: Uint8Array, y: Uint8Array) => concat(Uint8Array.of(4), x, y)

const scalars = fc.bigInt({ min: 1n, max: groupOrder - 1n }).map((value) => uintBytes(value, 32))
const edgeScalars = [1n, 2n, 3n, groupOrder - 3n, groupOrder - 2n, groupOrder - 1n].map((k) =>
  uintBytes(k, 32),
)

describe('points from outside', () => {
  it('accepts an uncompressed point of the curve', () => {
    equal(isPoint(base), true)
  })

  const even = ((base[64] ?? 0) & 1) === 0
  const refusedForms: Readonly<Record<string, Uint8Array>> = {
    nothing: new Uint8Array(0),
    'all zero': new Uint8Array(65),
    'the identity as 00': Uint8Array.of(0),
    '04 and zeros': uncompressed(new Uint8Array(32), new Uint8Array(32)),
    'a point off the curve': uncompressed(baseX, uintBytes(7, 32)),
    'a compressed point': concat(Uint8Array.of(even ? 2 : 3), baseX),
    'a hybrid point': concat(Uint8Array.of(even ? 6 : 7), baseX, baseY),
    '64 bytes': base.slice(0, 64),
    '66 bytes': concat(base, Uint8Array.of(0)),
  }
  for (const [name, bytes] of Object.entries(refusedForms)) {
    it(`refuses ${name}`, () => equal(isPoint(bytes), false))
  }

  it('refuses coordinates that are not below p, though they are a point modulo p', () => {
    // x = 5 has a y, and 5 + p fits into 32 bytes: only the range check tells the two apart.
    const five = fromHex(
      '040000000000000000000000000000000000000000000000000000000000000005' +
        '459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc',
    )
    equal(isPoint(five), true)
    equal(isPoint(uncompressed(uintBytes(5n + fieldPrime, 32), five.slice(33))), false)
    equal(isPoint(uncompressed(baseX, uintBytes(fieldPrime, 32))), false)
    equal(isPoint(uncompressed(baseX, new Uint8Array(32).fill(0xff))), false)
  })

  it('refuses a point when any of its bits is flipped', () => {
    for (let bit = 0; bit < 65 * 8; bit += 1) {
      const flipped = base.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      equal(isPoint(flipped), false, `bit ${bit}`)
    }
  })
})

describe('inverses modulo p', () => {
  const isInverse = (value: bigint): boolean => {
    const inverse = invert(value)
    return inverse > 0n && inverse < fieldPrime && (inverse * value) % fieldPrime === 1n
  }

  it('are right for numbers of every length', () => {
    for (let bits = 0n; bits < 256n; bits += 1n)
      for (const value of [2n ** bits, 2n ** bits + 1n, 2n ** (bits + 1n) - 1n])
        if (value < fieldPrime) equal(isInverse(value), true, `${value}`)
    for (const near of [1n, 2n, 3n, 2n ** 52n, 2n ** 128n]) equal(isInverse(fieldPrime - near), true)
  })

  it('are right for random numbers, whether or not they are below p', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: fieldPrime - 1n }),
        (value) => isInverse(value) && invert(value + fieldPrime) === invert(value),
      ),
      { numRuns: 2_000 },
    )
  })
})

describe('the node:crypto backend against noble', () => {
  it('multiplies and adds alike on random scalars and points', () => {
    fc.assert(
      fc.property(scalars, scalars, (a, b) => {
        const p = nodeP256.multiplyBase(a)
        const q = nodeP256.multiply(p, b)
        deepEqual(p, nobleP256.multiplyBase(a))
        deepEqual(q, nobleP256.multiply(p, b))
        deepEqual(nodeP256.add(p, q), nobleP256.add(p, q))
        equal(isPoint(q), true)
      }),
      { numRuns: 60 },
    )
  })

  it('multiplies two points by one scalar as it multiplies each', () => {
    fc.assert(
      fc.property(scalars, scalars, scalars, (a, b, k) => {
        const [p, q] = [nodeP256.multiplyBase(a), nodeP256.multiplyBase(b)]
        deepEqual(nodeP256.multiplyBoth(p, q, k), nobleP256.multiplyBoth(p, q, k))
      }),
      { numRuns: 60 },
    )
  })

  it('multiplies two points also where their sums double, cancel or meet the base point', () => {
    const point = nobleP256.multiplyBase(uintBytes(123_456_789, 32))
    const relatives = [base, nobleP256.multiplyBase(uintBytes(2, 32)), point]
    const all = [...relatives, nobleP256.add(point, base)].flatMap((one) => (one ? [one, negate(one)] : []))
    for (const a of all)
      for (const b of all)
        for (const k of [one, uintBytes(7, 32), uintBytes(groupOrder - 1n, 32)])
          deepEqual(nodeP256.multiplyBoth(a, b, k), nobleP256.multiplyBoth(a, b, k))
  })

  it('multiplies alike at both ends of the scalar range', () => {
    const point = nobleP256.multiplyBase(uintBytes(123_456_789, 32))
    for (const scalar of edgeScalars)
      deepEqual(nodeP256.multiply(point, scalar), nobleP256.multiply(point, scalar))
  })
})

for (const [name, p256] of Object.entries<P256>({ 'node:crypto': nodeP256, noble: nobleP256 })) {
  describe(`group laws on ${name}`, () => {
    it('doubles, negates and cancels', () => {
      deepEqual(p256.add(base, base), p256.multiply(base, uintBytes(2, 32)))
      deepEqual(negate(base), p256.multiply(base, uintBytes(groupOrder - 1n, 32)))
      equal(p256.add(base, negate(base)), null)
      equal(subtract(p256, base, base), null)
      deepEqual(
        subtract(p256, p256.multiplyBase(uintBytes(3, 32)), base),
        p256.multiplyBase(uintBytes(2, 32)),
      )
    })

    it('throws on points and scalars that nobody has checked', () => {
      throws(() => p256.multiply(new Uint8Array(65), one))
      throws(() => p256.add(base, uncompressed(baseX, baseX)))
      throws(() => p256.multiplyBase(new Uint8Array(32)))
      throws(() => p256.multiplyBase(uintBytes(groupOrder, 32)))
    })
  })
}

describe('scalars', () => {
  it('are 32 bytes in 1..n−1', () => {
    for (const scalar of edgeScalars) equal(isScalar(scalar), true)
    equal(isScalar(new Uint8Array(32)), false)
    equal(isScalar(uintBytes(groupOrder, 32)), false)
    equal(isScalar(new Uint8Array(31).fill(1)), false)
    equal(isScalar(new Uint8Array(33).fill(1)), false)
  })

  it('reduce longer numbers modulo n', () => {
    deepEqual(reduceScalar(uintBytes(groupOrder * 5n + 9n, 40)), uintBytes(9, 32))
    deepEqual(reduceScalar(uintBytes(groupOrder * 5n, 40)), new Uint8Array(32))
  })

  it('are drawn again when the random bytes are 0 or not below n', () => {
    const draws = [
      new Uint8Array(32),
      new Uint8Array(32).fill(0xff),
      uintBytes(groupOrder, 32),
      uintBytes(77, 32),
    ]
    const drawn = randomScalar({ bytes: () => draws.shift() ?? new Uint8Array(32).fill(1) })
    deepEqual(drawn, uintBytes(77, 32))
    equal(draws.length, 0)
  })
})
