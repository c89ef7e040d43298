/** Chance from a seed: the same seed asks for the same sizes and the same waits, whatever the machine does with them. */
export interface Chance {
  /** 0 ≤ x < 1. */
  next(): number
  /** low ≤ n ≤ high. */
  between(low: number, high: number): number
  pick<T>(of: readonly T[]): T
}

/** Mulberry32. */
export function makeChance(seed: number): Chance {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (low: number, high: number) => low + Math.floor(next() * (high - low + 1))
  return {
    next,
    between,
    pick: (of) => {
      const one = of[between(0, of.length - 1)]
      if (one === undefined) throw new Error('nothing to pick from')
      return one
    },
  }
}
