/** Ends connections that take too long: over a command, over a message, or over the whole session. */
import type { Clock } from '#kernel/clock.ts'
import type { SmtpLimits } from './smtp-limits.ts'

export interface Watchdog {
  /** A complete command has come. */
  onCommand(): void
  onDataStart(): void
  onDataBytes(count: number): void
  /** The message is here, and the client waits for us. */
  onDataEnd(): void
  stop(): void
}

/** What is waited for next, and what happens when it has not come in time. */
interface Step {
  readonly dueMs: number
  readonly over: () => void
}

/** `expire` is called once, when a time is over. */
export function makeWatchdog(clock: Clock, limits: SmtpLimits, expire: () => void): Watchdog {
  let bytes = 0
  const end = () => {
    alarm.stop()
    cancelSession()
    expire()
  }
  const alarm = makeAlarm(clock)
  const cancelSession = clock.after(limits.sessionMs, end)
  const watchWindow = (dataDueMs: number) => {
    const before = bytes
    const nowMs = clock.monotonicMs()
    const over = () => {
      const late = clock.monotonicMs() >= dataDueMs
      if (late || bytes - before < limits.dataWindowBytesMin) end()
      else watchWindow(dataDueMs)
    }
    alarm.expect({ dueMs: Math.min(nowMs + limits.dataWindowMs, dataDueMs), over })
  }
  const expectCommand = () => alarm.expect({ dueMs: clock.monotonicMs() + limits.commandMs, over: end })
  expectCommand()
  return {
    onCommand: expectCommand,
    onDataStart: () => watchWindow(clock.monotonicMs() + limits.dataMs),
    onDataBytes: (count) => {
      bytes += count
    },
    onDataEnd: () => alarm.expect({ dueMs: clock.monotonicMs() + limits.answerMs, over: end }),
    stop: () => {
      alarm.stop()
      cancelSession()
    },
  }
}

/**
 * One timer for step after step: it is not set anew for each, but looks when it rings whether the newest step is due.
 * Mail after mail then takes no timers at all.
 */
function makeAlarm(clock: Clock) {
  let step: Step | null = null
  let ringsMs = Number.POSITIVE_INFINITY
  let cancel = () => {}
  const set = (dueMs: number) => {
    cancel()
    ringsMs = dueMs
    cancel = clock.after(dueMs - clock.monotonicMs(), ring)
  }
  const ring = () => {
    ringsMs = Number.POSITIVE_INFINITY
    if (step && clock.monotonicMs() < step.dueMs) set(step.dueMs)
    else step?.over()
  }
  let stopped = false
  return {
    expect: (next: Step): void => {
      if (stopped) return
      step = next
      if (next.dueMs < ringsMs) set(next.dueMs)
    },
    stop: (): void => {
      stopped = true
      step = null
      cancel()
    },
  }
}
