/** How long to leave something alone that failed: longer each time, never the same for two that failed together. */
import { jittered, type Random } from '#kernel/random.ts'

export interface Backoff {
  /** Counts a failure; returns until when it should be left alone. Times are monotonic milliseconds. */
  failed(key: string, nowMs: number): number
  succeeded(key: string): void
  /** Until when it should be left alone; 0: it may be tried. */
  untilMs(key: string): number
}

export interface BackoffOptions {
  readonly firstMs: number
  readonly longestMs: number
}

const jitterShare = 0.5
const doublingsMax = 30

export function makeBackoff(random: Random, { firstMs, longestMs }: BackoffOptions): Backoff {
  const failures = new Map<string, { count: number; untilMs: number }>()
  return {
    failed: (key, nowMs) => {
      const count = failures.get(key)?.count ?? 0
      const baseMs = Math.min(longestMs, firstMs * 2 ** Math.min(count, doublingsMax))
      const untilMs = nowMs + jittered(random, baseMs, jitterShare)
      failures.set(key, { count: count + 1, untilMs })
      return untilMs
    },
    succeeded: (key) => void failures.delete(key),
    untilMs: (key) => failures.get(key)?.untilMs ?? 0,
  }
}
