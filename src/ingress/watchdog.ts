/** Ends connections that take too long: over a command, over a message, or over the whole session. */
import type { Clock } from '#kernel/clock.ts'
import type { SmtpLimits } from './smtp-limits.ts'

export interface Watchdog {
  /** A complete command has come. */
  onCommand(): void
  onDataStart(): void
  onDataBytes(count: number): void
  stop(): void
}

/** `expire` is called once, when a time is over. */
export function makeWatchdog(clock: Clock, limits: SmtpLimits, expire: () => void): Watchdog {
  let bytes = 0
  let windowBytes = 0
  let stopped = false
  let cancelStep = () => {}
  let cancelData = () => {}
  const stop = () => {
    stopped = true
    cancelStep()
    cancelData()
    cancelSession()
  }
  const end = () => {
    if (stopped) return
    stop()
    expire()
  }
  const arm = (delayMs: number, fn: () => void) => {
    cancelStep()
    if (!stopped) cancelStep = clock.after(delayMs, fn)
  }
  const watchWindow = () => {
    windowBytes = bytes
    arm(limits.dataWindowMs, () => {
      if (bytes - windowBytes < limits.dataWindowBytesMin) end()
      else watchWindow()
    })
  }
  const cancelSession = clock.after(limits.sessionMs, end)
  arm(limits.commandMs, end)
  return {
    onCommand: () => {
      cancelData()
      arm(limits.commandMs, end)
    },
    onDataStart: () => {
      cancelData = clock.after(limits.dataMs, end)
      watchWindow()
    },
    onDataBytes: (count) => {
      bytes += count
    },
    stop,
  }
}
