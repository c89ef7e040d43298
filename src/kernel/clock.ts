/** Time as everything below the edge sees it; the simulation hands in a clock that jumps. */
export interface Clock {
  /** Milliseconds since the Unix epoch. Somebody may set it, forwards and back. */
  nowMs(): number
  /** Milliseconds since some moment, which nobody sets: for durations within one process. */
  monotonicMs(): number
  /** Runs `fn` once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, fn: () => void): () => void
}

export const nowSeconds = (clock: Clock): number => Math.floor(clock.nowMs() / 1000)

/** A change of the date by less than this may be a clock that is being put right bit by bit. */
const noticedMs = 2_000

/** Each call tells by how many milliseconds somebody has set the date since the call before; back is negative. */
export function watchDate(clock: Clock): () => number {
  const ahead = () => clock.nowMs() - clock.monotonicMs()
  let before = ahead()
  return () => {
    const now = ahead()
    const setMs = Math.round(now - before)
    before = now
    return Math.abs(setMs) < noticedMs ? 0 : setMs
  }
}

/** Resolves after `delayMs`, or at once when `signal` aborts. Never rejects. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const finish = () => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }
    const cancel = clock.after(delayMs, finish)
    const abort = () => {
      cancel()
      finish()
    }
    signal?.addEventListener('abort', abort, { once: true })
  })
}
