/** Randomness as everything below the edge sees it; the simulation hands in a seeded one. */
export interface Random {
  bytes(length: number): Uint8Array
}

/** A uniformly distributed integer in 0..below-1, without modulo bias. `below` is 1..2^32. */
export function randomInt(random: Random, below: number): number {
  const limit = Math.floor(2 ** 32 / below) * below
  for (;;) {
    const value = new DataView(random.bytes(4).slice().buffer).getUint32(0)
    if (value < limit) return value % below
  }
}

/** `baseMs` changed by up to ±`share` (0..1), so that many peers do not come back at the same moment. */
export function jittered(random: Random, baseMs: number, share: number): number {
  const unit = randomInt(random, 1_000_001) / 1_000_000
  return Math.round(baseMs * (1 + (unit * 2 - 1) * share))
}
