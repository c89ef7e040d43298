/** The machine's own clock and randomness, as the rest of Postkey takes them in. */
import { randomBytes } from 'node:crypto'
import type { Clock } from '#kernel/clock.ts'
import { type Failpoint, noFailpoint } from '#kernel/failpoint.ts'
import type { Random } from '#kernel/random.ts'

/** Longest delay a timer of the platform takes; longer ones are made of several. */
const timerMsMax = 2 ** 31 - 1

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
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
 * For tests alone: the process kills itself at the named point, as a power cut would; `name#3` is the third time
 * that the point is passed. It comes from the environment variable POSTKEY_FAILPOINT; nothing else sets one.
 */
export function failpointAt(named: string | undefined): Failpoint {
  if (!named) return noFailpoint
  const [name, count = '1'] = named.split('#')
  let left = Number(count)
  return (reached) => {
    if (reached !== name) return
    left -= 1
    if (left > 0) return
    process.stderr.write(`failpoint ${named} reached\n`)
    process.kill(process.pid, 'SIGKILL')
  }
}
