/** `postkey serve` and the roles alone: run until told to stop, and load the configuration again when told to. */
import type { Run } from '#cli/run.ts'
import type { LoadedConfig } from '#config/load.ts'
import { serviceManager } from '#edge/service-manager.ts'
import { sleep } from '#kernel/clock.ts'
import { faultCodeOf } from '#kernel/fault.ts'
import type { LeveledLog } from '#telemetry/pino-log.ts'
import { compose, type Running } from './compose.ts'
import { machineEdge } from './roles/edge.ts'
import { configuredLog } from './roles/logging.ts'
import { configuredRoles, type Role } from './roles/role.ts'
import { type Supervision, supervise } from './supervise.ts'

/** What runs may take so long to come to an end; what is acknowledged is on disk already. */
const drainMsMax = 20_000

/** Starts `roles`, says where they listen, and ends them when the process is asked to stop. */
export async function runServe(
  loaded: LoadedConfig,
  roles: readonly Role[] | 'all',
  run: Run,
): Promise<void> {
  const { stop, env, clock } = run.deps
  const log = configuredLog(loaded, run.deps.stderr)
  const supervision = supervise(serviceManager(env, process.pid, log), clock)
  const failed = new AbortController()
  const hangups = watchHangups(run)
  try {
    const running = await startServing(
      loaded,
      roles === 'all' ? configuredRoles(loaded.config) : roles,
      run,
      log,
    )
    run.note(listening(running))
    const reload = () => supervision.reloading(() => reloaded(running, run, log))
    // Told beside the work: a connection that is slow to be tried keeps no signal waiting.
    void supervision.ready(running).then(() => hangups.follow(reload, () => failed.abort()))
    await stopped(AbortSignal.any([stop, failed.signal]))
    await end(running, run, supervision, log)
    if (failed.signal.aborted) run.setExit('failed')
  } finally {
    hangups.close()
  }
}

/** @param log standard error's unless given */
export const startServing = (
  loaded: LoadedConfig,
  roles: readonly Role[],
  run: Run,
  log: LeveledLog = configuredLog(loaded, run.deps.stderr),
): Promise<Running> =>
  compose(loaded, roles, {
    log,
    setLogLevel: log.setLevel,
    edge: machineEdge(run.deps.env.POSTKEY_FAILPOINT),
  })

async function end(running: Running, run: Run, supervision: Supervision, log: LeveledLog): Promise<void> {
  run.note('Stopping.')
  // Beside the work: nobody has to hear of it before it is done.
  const told = supervision.stopping()
  const stop = new AbortController()
  const late = sleep(run.deps.clock, drainMsMax, stop.signal).then(() => !stop.signal.aborted)
  const isLate = await Promise.race([running.close().then(() => false), late])
  stop.abort()
  await told
  if (!isLate) return
  log.error({ code: 'process.slow_end', tookMs: drainMsMax }, 'not everything came to an end in time')
  run.setExit('failed')
}

/** Puts what the configuration says now into effect. @throws Fault where the process cannot go on */
async function reloaded(running: Running, run: Run, log: LeveledLog): Promise<void> {
  try {
    await running.reload(run.loaded)
  } catch (error) {
    log.error({ code: faultCodeOf(error) }, 'a part could not be started again')
    throw error
  }
}

interface Hangups {
  /** Does `work` once for each SIGHUP, those before included; several that wait are one. */
  follow(work: () => Promise<void>, onFailure: () => void): void
  close(): void
}

function watchHangups(run: Run): Hangups {
  let waiting = false
  let working = false
  let work: (() => Promise<void>) | null = null
  let failed = (): void => {}
  const go = async (): Promise<void> => {
    if (working || !waiting || !work) return
    working = true
    waiting = false
    await work().catch(failed)
    working = false
    void go()
  }
  const close = run.deps.onHangup(() => {
    waiting = true
    void go()
  })
  return {
    close,
    follow: (what, onFailure) => {
      work = what
      failed = onFailure
      void go()
    },
  }
}

/** One line for people: what listens where. */
export function listening({ ports }: Running): string {
  const places = [
    ['SMTP', ports.smtp],
    ['IMAP', ports.imap],
    ['IMAP over TLS', ports.imapTls],
    ['relay', ports.relay],
    ['HTTP', ports.http],
  ].flatMap(([name, port]) => (port === null ? [] : [`${name} ${port}`]))
  return places.length > 0 ? `Postkey is running: ${places.join(', ')}.` : 'Postkey is running.'
}

export const stopped = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
