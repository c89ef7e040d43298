/**
 * The log over pino: one JSON object per line for machines, or one aligned line for people. Components never pass
 * secrets in; what looks like one by its name is dropped here all the same.
 */
import { type Logger, pino } from 'pino'
import type { Log, LogFields } from '#kernel/log.ts'
import { prettyLine } from './pretty-line.ts'
import { withoutSecrets } from './redact.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** A log whose level can be changed, for every line from then on. */
export interface LeveledLog extends Log {
  setLevel(level: LogLevel): void
}

const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 }

/** The least rank that is written; shared by a log and all that were made of it. */
interface Gate {
  least: number
}

export interface LogSink {
  write(text: string): unknown
}

export interface LogOptions {
  readonly level: LogLevel
  readonly format: 'json' | 'pretty'
  readonly sink: LogSink
  readonly nowMs: () => number
  /** Colours, for `pretty` on a terminal. */
  readonly colour?: boolean
}

export function pinoLog(options: LogOptions): LeveledLog {
  const { level, format, sink, nowMs, colour = false } = options
  const stream =
    format === 'json'
      ? { write: (line: string) => void sink.write(line) }
      : { write: (line: string) => void sink.write(prettyLine(line, colour)) }
  const logger = pino(
    {
      level: 'debug',
      base: null,
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date(nowMs()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  )
  const gate: Gate = { least: ranks[level] }
  const setLevel = (next: LogLevel): void => {
    gate.least = ranks[next]
  }
  return { ...logOver(logger, gate), setLevel }
}

function logOver(logger: Logger, gate: Gate): Log {
  const write =
    (level: LogLevel): Log['info'] =>
    (fields, message) => {
      if (ranks[level] >= gate.least) logger[level](withoutSecrets(fields), message)
    }
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    with: (fields: LogFields) => logOver(logger.child(withoutSecrets(fields)), gate),
  }
}
