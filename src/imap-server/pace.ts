import { setImmediate } from 'node:timers/promises'

/** A function to await once per step of a long loop: every `every` steps it lets other work run. */
export function makePace(every: number): () => Promise<void> {
  let steps = 0
  return async () => {
    steps += 1
    if (steps % every === 0) await setImmediate()
  }
}
