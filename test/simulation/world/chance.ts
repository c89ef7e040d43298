/** Seeded chance: the same seed draws the same numbers on every machine. For simulations, not for keys. */
import { createHash } from 'node:crypto'
import { assert } from '#kernel/assert.ts'
import type { Random } from '#kernel/random.ts'

export class Chance implements Random {
  readonly #name: string
  /** sfc32 (Chris Doty-Humphrey), seeded with a hash of the name. */
  readonly #state: Uint32Array

  constructor(name: string) {
    this.#name = name
    const digest = createHash('sha256').update(name).digest()
    this.#state = Uint32Array.from([0, 4, 8, 12].map((at) => digest.readUInt32LE(at)))
    for (let i = 0; i < 12; i += 1) this.#next()
  }

  /** A stream of its own, that draws from nobody else's: what one part draws does not move another's numbers. */
  fork(name: string): Chance {
    return new Chance(`${this.#name}/${name}`)
  }

  #next(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.#state
    const sum = (a + b + d) >>> 0
    this.#state[0] = b ^ (b >>> 9)
    this.#state[1] = c + (c << 3)
    this.#state[2] = ((c << 21) | (c >>> 11)) + sum
    this.#state[3] = d + 1
    return sum
  }

  /** An integer in 0..below-1. */
  below(below: number): number {
    return Math.floor((this.#next() / 2 ** 32) * below)
  }

  /** An integer in from..to. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1)
  }

  happens(probability: number): boolean {
    return this.#next() / 2 ** 32 < probability
  }

  pick<T>(list: readonly T[]): T {
    const one = list[this.below(list.length)]
    assert(one !== undefined, 'picks from a list that is not empty')
    return one
  }

  bytes(length: number): Uint8Array {
    const words = Uint32Array.from({ length: Math.ceil(length / 4) }, () => this.#next())
    return new Uint8Array(words.buffer.slice(0, length))
  }
}
