/**
 * Clocks that tests turn. A server started with `startWithClock` runs on the machine's clock plus what the test
 * says, as if somebody had set the machine's date; a handheld gets a clock that runs faster than ours.
 */
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Clock } from '#kernel/clock.ts'
import { type Postkey, type PostkeyOptions, startPostkey } from './postkey.ts'
import { temporaryDirectory } from './store.ts'

export interface ClockedPostkey extends Postkey {
  /** Sets the server's clock to the machine's plus `ms`, from its next look on. Timers already set keep their delay. */
  setClock(ms: number): void
}

const preload = pathToFileURL(join(import.meta.dirname, 'e2e-clock-preload.ts')).href

export async function startWithClock(t: TestContext, options: PostkeyOptions = {}): Promise<ClockedPostkey> {
  const file = join(temporaryDirectory(t), 'offset')
  const setClock = (ms: number) => {
    writeFileSync(`${file}.new`, String(ms))
    renameSync(`${file}.new`, file)
  }
  setClock(0)
  const env = { NODE_OPTIONS: `--import=${preload}`, TEST_CLOCK_FILE: file }
  return { ...(await startPostkey(t, { ...options, env })), setClock }
}

/** A clock on which everything takes `speed` times less: for handhelds that make the user wait. */
export function hurriedClock(speed: number): Clock {
  const beganMs = Date.now()
  return {
    nowMs: () => beganMs + (Date.now() - beganMs) * speed,
    monotonicMs: () => performance.now() * speed,
    after: (delayMs, fn) => {
      const timer = setTimeout(fn, delayMs / speed)
      return () => clearTimeout(timer)
    },
  }
}
