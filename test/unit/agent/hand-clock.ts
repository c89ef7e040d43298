/** A clock that a test moves by hand, for one loop that sleeps on it. */
import type { Clock } from '#kernel/clock.ts'

export interface HandClock extends Clock {
  /** Resolves when the loop sleeps. */
  asleep(): Promise<void>
  /** Moves time on, wakes the loop as often as it asked for it on the way, and waits until it sleeps again. */
  advance(ms: number): Promise<void>
  /** Somebody sets the date so much forwards, or back: no time passes by it. */
  setAhead(ms: number): void
}

interface Timer {
  readonly atMs: number
  readonly fn: () => void
}

export function handClock(startMs: number): HandClock {
  let nowMs = startMs
  let aheadMs = 0
  const timers = new Set<Timer>()
  const waiting = new Set<() => void>()
  const asleep = (): Promise<void> =>
    timers.size > 0 ? Promise.resolve() : new Promise((resolve) => waiting.add(resolve))
  const first = (untilMs: number): Timer | undefined =>
    [...timers].filter(({ atMs }) => atMs <= untilMs).toSorted((a, b) => a.atMs - b.atMs)[0]
  return {
    nowMs: () => nowMs + aheadMs,
    monotonicMs: () => nowMs,
    after: (delayMs, fn) => {
      const timer = { atMs: nowMs + delayMs, fn }
      timers.add(timer)
      for (const tell of waiting) tell()
      waiting.clear()
      return () => timers.delete(timer)
    },
    asleep,
    setAhead: (ms) => {
      aheadMs = ms
    },
    advance: async (ms) => {
      const untilMs = nowMs + ms
      for (let timer = first(untilMs); timer; timer = first(untilMs)) {
        nowMs = Math.max(nowMs, timer.atMs)
        timers.delete(timer)
        timer.fn()
        await asleep()
      }
      nowMs = untilMs
    },
  }
}
