/** Work in lanes: within one lane one after the other, lanes beside each other, and work that has the road to itself. */
export interface Lanes {
  /** `lane` null: begins when all before it has ended, and all after it waits. Settles as `work` does. */
  run<T>(lane: string | null, work: () => T | Promise<T>): Promise<T>
  /** Resolves when everything given so far has ended. */
  settled(): Promise<void>
}

export function makeLanes(): Lanes {
  const last = new Map<string, Promise<void>>()
  let barrier: Promise<void> = Promise.resolve()

  const settled = async (): Promise<void> => {
    await Promise.all([barrier, ...last.values()])
  }
  const alone = <T>(work: () => T | Promise<T>): Promise<T> => {
    const done = settled().then(work)
    barrier = ended(done)
    return done
  }
  return {
    settled,
    run: <T>(lane: string | null, work: () => T | Promise<T>) => {
      if (lane === null) return alone(work)
      const done = Promise.all([last.get(lane), barrier]).then(work)
      const over = ended(done).then(() => {
        if (last.get(lane) === over) last.delete(lane)
      })
      last.set(lane, over)
      return done
    },
  }
}

const ended = (work: Promise<unknown>): Promise<void> =>
  work.then(
    () => {},
    () => {},
  )
