/** One hop of an activation, and how hops of several clocks are put into one order. */
export interface Hop {
  readonly name: string
  readonly atMs: number
  /** Time since the hop before it, or null for the first. */
  readonly tookMs: number | null
  readonly detail: string
  /** Its time is known to the second alone, so that what it and the hop after it took may be off by one. */
  readonly toSecond?: true
}

export type Bare = Omit<Hop, 'tookMs'>

export const isWholeSecond = (ms: number): boolean => ms % 1000 === 0

/**
 * Times of the mail and of mailboxes are of other clocks, and often to the second: none is put before what caused
 * it, and one that is only too coarse is shown as no earlier.
 * @param chain hops of which each was caused by the one before
 * @param others hops of this server's own clock
 */
export function inOrder(chain: readonly Bare[], others: readonly Bare[]): Hop[] {
  let lastMs = 0
  const placed = chain.map((hop) => {
    lastMs = Math.max(lastMs, hop.atMs)
    const coarse = isWholeSecond(hop.atMs) && lastMs - hop.atMs < 1000
    return { hop: coarse ? { ...hop, atMs: lastMs } : hop, placeMs: lastMs }
  })
  const all = [...placed, ...others.map((hop) => ({ hop, placeMs: hop.atMs }))]
  return all
    .sort((a, b) => a.placeMs - b.placeMs)
    .map(({ hop, placeMs }, i, sorted) => {
      const before = sorted[i - 1]
      return { ...hop, tookMs: before ? placeMs - before.placeMs : null }
    })
}
