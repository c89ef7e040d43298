import { faultTable } from './fault-table.ts'

/** Whose turn it is while something waits or has stopped. */
export type Turn = 'administrator' | 'user' | 'handheld' | 'relay' | 'mail_server' | 'server'

/** What makes it go on: by itself, by a new try of the user, by an act of the administrator, or nothing. */
export type Retry = 'automatic' | 'new_try' | 'new_password' | 'administrator' | 'none'

/** One row of the table: the same words in log, CLI, console and docs. */
export interface FaultRow {
  /** What happened, as one plain sentence. */
  readonly says: string
  /** What to do next, as one plain sentence. */
  readonly next: string
  readonly turn: Turn
  readonly retry: Retry
  /** Number of the text a handheld shows for it (protocol.md, "What the handheld says"). */
  readonly e?: number
}

export type FaultCode = keyof typeof faultTable

export const faultRow = (code: FaultCode): FaultRow => faultTable[code]

export const isFaultCode = (text: string): text is FaultCode => Object.hasOwn(faultTable, text)

/**
 * The world did not cooperate. Caught per mailbox, per effect, per connection, and in `cli/run.ts`; never
 * carries a secret: `detail` is shown to administrators and logged.
 */
export class Fault extends Error {
  override name = 'Fault'
  readonly code: FaultCode
  readonly detail: string

  constructor(code: FaultCode, detail = '', cause?: unknown) {
    super(detail ? `${code}: ${detail}` : code, cause === undefined ? undefined : { cause })
    this.code = code
    this.detail = detail
  }
}

/** The code of whatever was thrown; what is no Fault is our own mistake. */
export const faultCodeOf = (error: unknown): FaultCode =>
  error instanceof Fault ? error.code : 'internal.invariant'
