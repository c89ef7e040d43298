/**
 * The service manager that started this process, by systemd's notify protocol (sd_notify(3)). Its socket takes Unix
 * datagrams, which Node cannot send: `systemd-notify`, which is where systemd is, sends them.
 */
import { execFile } from 'node:child_process'
import { faultCodeOf } from '#kernel/fault.ts'
import type { Log } from '#kernel/log.ts'

export interface ServiceManager {
  /** Within so long it wants to hear `WATCHDOG=1`; null: it does not watch. */
  readonly watchdogMs: number | null
  /**
   * Tells it assignments such as `READY=1`, in one message and after all that was told before. Resolves when it
   * has them, or cannot be reached; never rejects.
   */
  tell(...assignments: readonly string[]): Promise<void>
}

const program = 'systemd-notify'
/** It waits until its message was read (BARRIER=1); a manager that does not read must not hold us up. */
const tellMsMax = 5_000

/** Null where nobody wants to be told. @param env as the service manager set it */
export function serviceManager(
  env: Readonly<Record<string, string | undefined>>,
  pid: number,
  log: Log,
): ServiceManager | null {
  if (!env.NOTIFY_SOCKET) return null
  let told: Promise<void> = Promise.resolve()
  let unreachable = false
  const send = async (assignments: readonly string[]): Promise<void> => {
    const error = await run(assignments)
    // Said once: a watchdog that is not heard ends this process soon enough.
    if (error && !unreachable) log.warn({ error }, 'the service manager cannot be told')
    unreachable = error !== null
  }
  return {
    watchdogMs: watchdogMs(env, pid),
    tell: (...assignments) => {
      told = told.then(() => send(assignments))
      return told
    },
  }
}

/** WATCHDOG_PID names the process that is meant: it is not for one that a shell or a test started in between. */
function watchdogMs(env: Readonly<Record<string, string | undefined>>, pid: number): number | null {
  const { WATCHDOG_USEC: usec, WATCHDOG_PID: meant } = env
  if (!usec || !/^[1-9]\d{0,15}$/.test(usec) || (meant && meant !== String(pid))) return null
  return Number(usec) / 1000
}

/** Null, or what went wrong. */
const run = (assignments: readonly string[]): Promise<string | null> =>
  new Promise((resolve) => {
    execFile(program, assignments, { timeout: tellMsMax }, (error) => {
      resolve(error && `${program}: ${'code' in error ? String(error.code) : faultCodeOf(error)}`)
    })
  })

/** CLOCK_MONOTONIC in microseconds, as RELOADING=1 wants it beside it. */
export const monotonicMicros = (): string => String(process.hrtime.bigint() / 1_000n)
