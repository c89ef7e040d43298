/** Counts failures per key (a peer's address) over a sliding time, in bounded memory: guessing becomes slow. */
export interface FailureCount {
  /** Counts one more; returns how many there were in the time, this one included. */
  add(key: string, nowMs: number): number
  count(key: string, nowMs: number): number
}

export function makeFailureCount(windowMs: number, keysMax = 10_000): FailureCount {
  const entries = new Map<string, { failures: number; sinceMs: number }>()
  const current = (key: string, nowMs: number) => {
    const entry = entries.get(key)
    return entry && nowMs - entry.sinceMs < windowMs ? entry : null
  }
  return {
    add: (key, nowMs) => {
      const entry = current(key, nowMs) ?? { failures: 0, sinceMs: nowMs }
      entry.failures += 1
      entries.delete(key)
      entries.set(key, entry)
      // The key that failed longest ago is forgotten first: a Map keeps the order of insertion.
      const oldest = entries.keys().next().value
      if (entries.size > keysMax && oldest !== undefined) entries.delete(oldest)
      return entry.failures
    },
    count: (key, nowMs) => current(key, nowMs)?.failures ?? 0,
  }
}
