/** A list about users, read from the store once and again when users or their grants have changed. */
import type { Clock } from '#kernel/clock.ts'
import type { Store } from '#store/store.ts'

export interface KeptList<T> {
  /** As of now: what was committed before the call counts. */
  read(): Promise<ReadonlySet<T>>
  close(): void
}

/** `staleMs`: read again after so long in any case, since time itself changes some lists. */
export function keepUntilUsersChange<T>(
  { store, clock }: { readonly store: Pick<Store, 'onCommit'>; readonly clock: Clock },
  readNow: () => Promise<readonly T[]>,
  staleMs: number,
): KeptList<T> {
  let kept: Promise<ReadonlySet<T>> | null = null
  let keptAtMs = 0
  const close = store.onCommit((changed) => {
    if (changed.has('users') || changed.has('grants')) kept = null
  })
  return {
    read: () => {
      if (kept && clock.monotonicMs() - keptAtMs < staleMs) return kept
      keptAtMs = clock.monotonicMs()
      const reading = readNow().then((items) => new Set(items))
      kept = reading
      reading.catch(() => {
        if (kept === reading) kept = null
      })
      return reading
    },
    close,
  }
}
