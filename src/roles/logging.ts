/** Where log lines go: to standard error, for people on a terminal, as JSON to anything else. */
import type { LoadedConfig } from '#config/load.ts'
import { systemClock } from '#edge/system.ts'
import type { Log } from '#kernel/log.ts'
import { type LeveledLog, pinoLog } from '#telemetry/pino-log.ts'

export interface LogOutput {
  write(text: string): unknown
  readonly isTTY?: boolean
}

export function configuredLog({ config }: LoadedConfig, sink: LogOutput): LeveledLog {
  const { level, format } = config.log
  const people = format === 'pretty' || (format === 'auto' && sink.isTTY === true)
  return pinoLog({
    level,
    format: people ? 'pretty' : 'json',
    sink,
    nowMs: systemClock.nowMs,
    colour: people && sink.isTTY === true,
  })
}

/** A command that opens the store itself says what it does in its answer: the log keeps to what went wrong. */
export const offlineLog = (loaded: LoadedConfig, sink: LogOutput): Log =>
  pinoLog({
    level: 'error',
    format: loaded.config.log.format === 'json' ? 'json' : 'pretty',
    sink,
    nowMs: systemClock.nowMs,
  })
