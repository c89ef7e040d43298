/** The machine's own clock and randomness, as the rest of Postkey takes them in. */
import { randomBytes } from 'node:crypto'
import type { Clock } from '#kernel/clock.ts'
import { type Failpoint, noFailpoint } from '#kernel/failpoint.ts'
import type { Random } from '#kernel/random.ts'

/** Longest delay a timer of the platform takes; longer ones are made of several. */
const timerMsMax = 2 ** 31 - 1

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after: (delayMs, fn) => {
    let timer: NodeJS.Timeout
    const arm = (restMs: number) => {
      const stepMs = Math.min(Math.max(0, restMs), timerMsMax)
      timer = setTimeout(() => (restMs > stepMs ? arm(restMs - stepMs) : fn()), stepMs)
    }
    arm(delayMs)
    return () => clearTimeout(timer)
  },
}

export const systemRandom: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) }

/**
 * For tests alone: the process kills itself at the named point, as a power cut would. `name` comes from the
 * environment variable POSTKEY_FAILPOINT; nothing else sets one.
 */
export function failpointAt(name: string | undefined): Failpoint {
  if (!name) return noFailpoint
  return (reached) => {
    if (reached !== name) return
    process.stderr.write(`failpoint ${name} reached\n`)
    process.kill(process.pid, 'SIGKILL')
  }
}
