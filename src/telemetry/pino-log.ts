/**
 * The log over pino: one JSON object per line for machines, or one aligned line for people. Components never pass
 * secrets in; what looks like one by its name is dropped here all the same.
 */
import { type Logger, pino } from 'pino'
import type { Log, LogFields } from '#kernel/log.ts'
import { prettyLine } from './pretty-line.ts'
import { withoutSecrets } from './redact.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

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

export function pinoLog(options: LogOptions): Log {
  const { level, format, sink, nowMs, colour = false } = options
  const stream =
    format === 'json'
      ? { write: (line: string) => void sink.write(line) }
      : { write: (line: string) => void sink.write(prettyLine(line, colour)) }
  const logger = pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date(nowMs()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  )
  return logOver(logger)
}

const logOver = (logger: Logger): Log => ({
  debug: (fields, message) => logger.debug(withoutSecrets(fields), message),
  info: (fields, message) => logger.info(withoutSecrets(fields), message),
  warn: (fields, message) => logger.warn(withoutSecrets(fields), message),
  error: (fields, message) => logger.error(withoutSecrets(fields), message),
  with: (fields: LogFields) => logOver(logger.child(withoutSecrets(fields))),
})
