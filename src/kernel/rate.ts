/** A bucket of tokens that refills evenly: `burst` at once, `perSecond` for ever. */
export interface RateLimit {
  readonly perSecond: number
  readonly burst: number
}

/** Returns a function that takes one token, or says that there is none. */
export function makeBucket({ perSecond, burst }: RateLimit, startMs: number): (nowMs: number) => boolean {
  let tokens = burst
  let lastMs = startMs
  return (nowMs) => {
    tokens = Math.min(burst, tokens + (Math.max(0, nowMs - lastMs) / 1000) * perSecond)
    lastMs = nowMs
    if (tokens < 1) return false
    tokens -= 1
    return true
  }
}
