/**
 * What the service manager is told of a serving process: that it is ready, how it is, that it lives, that it loads its
 * configuration again, and that it stops.
 */
import type { Status } from '#admin/views.ts'
import { monotonicMicros, type ServiceManager } from '#edge/service-manager.ts'
import { type Clock, sleep } from '#kernel/clock.ts'
import type { Running } from './compose.ts'

export interface Supervision {
  /** Everything listens: tells so once the connections were tried. */
  ready(running: Running): Promise<void>
  /** Around the loading of the configuration. */
  reloading(work: () => Promise<void>): Promise<void>
  stopping(): Promise<void>
}

/** How often the status is looked at where there is no watchdog. */
const statusMs = 30_000

export function supervise(manager: ServiceManager | null, clock: Clock): Supervision {
  if (!manager) return { ready: async () => {}, reloading: (work) => work(), stopping: async () => {} }
  const stop = new AbortController()
  // Twice in the time it waits: one that comes late does no harm.
  const everyMs = manager.watchdogMs === null ? statusMs : manager.watchdogMs / 2
  let serving: Running | null = null
  let told = ''

  const status = async (running: Running): Promise<string> => {
    told = `STATUS=${await statusLine(running, clock)}`
    return told
  }

  const pulse = async (running: Running): Promise<void> => {
    // A process whose event loop is stuck does not come here; one whose store is stuck is no better.
    if (!(await running.answers())) return
    const [before, now] = [told, await status(running)]
    const alive = manager.watchdogMs === null ? [] : ['WATCHDOG=1']
    const assignments = [...alive, ...(now === before ? [] : [now])]
    if (assignments.length > 0) await manager.tell(...assignments)
  }

  const watch = async (running: Running): Promise<void> => {
    while (!stop.signal.aborted) {
      const startMs = clock.monotonicMs()
      await pulse(running)
      await sleep(clock, Math.max(0, startMs + everyMs - clock.monotonicMs()), stop.signal)
    }
  }

  return {
    ready: async (running) => {
      serving = running
      await running.tried()
      if (stop.signal.aborted) return
      await manager.tell('READY=1', await status(running))
      void watch(running)
    },
    reloading: async (work) => {
      await manager.tell('RELOADING=1', `MONOTONIC_USEC=${monotonicMicros()}`)
      try {
        await work()
        await serving?.tried()
      } finally {
        await manager.tell('READY=1', ...(serving ? [await status(serving)] : []))
      }
    },
    stopping: async () => {
      stop.abort()
      await manager.tell('STOPPING=1', 'STATUS=Stopping.')
    },
  }
}

const lineLengthMax = 200
const lookMsMax = 5_000

/** What `postkey status` says first, as one line. */
async function statusLine(running: Running, clock: Clock): Promise<string> {
  const stop = new AbortController()
  const late = sleep(clock, lookMsMax, stop.signal).then(() => null)
  try {
    const status = await Promise.race([running.admin.status(), late])
    return status
      ? firstSentence(status).replace(/\s+/g, ' ').slice(0, lineLengthMax)
      : 'The database is slow to answer.'
  } catch {
    return 'The database cannot be read.'
  } finally {
    stop.abort()
  }
}

export function firstSentence({ health, checks, counts }: Status): string {
  const [first] = checks
  if (health === 'ok' || !first)
    return `All is well: ${counts.users} users, ${counts.activationsOpen} activations open.`
  return `${first.name}: ${first.says}${first.code ? ` [${first.code}]` : ''}`
}
