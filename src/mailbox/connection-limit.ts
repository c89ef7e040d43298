/**
 * How many connections the mail server grants: fewer as soon as it says that there are too many, and then one more at a
 * time, after longer and longer waits while it goes on saying so.
 */
import { jittered, type Random } from '#kernel/random.ts'

export interface ConnectionLimit {
  /** Most connections at this monotonic time. */
  max(nowMs: number): number
  /** The server has refused one and not yet granted all that were asked for. */
  limited(): boolean
  /** The server refused one more than these. */
  refused(open: number, nowMs: number): void
  /** With this one there are so many. */
  granted(open: number): void
}

/** Others may close theirs soon; a limit that stands is not worth a try every minute. */
const wait = { firstMs: 30_000, longestMs: 900_000 }
const jitterShare = 0.25

/** @param configuredMax never more than so many */
export function makeConnectionLimit(random: Random, configuredMax: number): ConnectionLimit {
  let max = configuredMax
  let waitMs = wait.firstMs
  let upAtMs = 0
  /** With so many open the server refused another. */
  let refusedAt: number | null = null
  const later = (nowMs: number): number => nowMs + jittered(random, waitMs, jitterShare)
  return {
    max: (nowMs) => {
      if (max < configuredMax && nowMs >= upAtMs) {
        max += 1
        upAtMs = later(nowMs)
      }
      return max
    },
    limited: () => refusedAt !== null,
    refused: (open, nowMs) => {
      // Several may be refused at once; that is one word of the server's.
      const again = refusedAt !== null && max > Math.max(1, refusedAt)
      if (again) waitMs = Math.min(wait.longestMs, waitMs * 2)
      refusedAt = open
      max = Math.max(1, Math.min(max, open))
      upAtMs = later(nowMs)
    },
    granted: (open) => {
      if (refusedAt !== null && open > refusedAt) waitMs = wait.firstMs
      if (open >= configuredMax) refusedAt = null
    },
  }
}
