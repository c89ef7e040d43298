/** Work in lanes: within one lane one after the other, lanes beside each other, and work that has the road to itself. */
export interface Lanes {
  /** `lane` null: begins when all before it has ended, and all after it waits. Settles as `work` does. */
  run(lane: string | null, work: () => void | Promise<void>): Promise<void>
  /** Resolves when everything given so far has ended. */
  settled(): Promise<void>
}

export function makeLanes(): Lanes {
  const last = new Map<string, Promise<void>>()
  let barrier: Promise<void> = Promise.resolve()

  const settled = async (): Promise<void> => {
    await Promise.all([barrier, ...last.values()])
  }
  const alone = (work: () => void | Promise<void>): Promise<void> => {
    const done = settled().then(work)
    barrier = done.catch(() => {})
    return done
  }
  return {
    settled,
    run: (lane, work) => {
      if (lane === null) return alone(work)
      const done = Promise.all([last.get(lane), barrier]).then(work)
      const ended = done
        .catch(() => {})
        .then(() => {
          if (last.get(lane) === ended) last.delete(lane)
        })
      last.set(lane, ended)
      return done
    },
  }
}
