/** One line of the audit log: who did what on whom, with what outcome, tied to the line before it. */

/** What is written of an act, before it has its place in the chain. */
export interface AuditEntry {
  /** Unix ms. */
  readonly atMs: number
  /** `os:` with a user of this machine, `account:` or `token:` with its name; `system` for the server itself. */
  readonly who: string
  readonly role: string
  /** `socket`: a running server was asked; `store`: a command had the database open; `server`: nobody asked. */
  readonly from: string
  /** An operation (`users.add`) or what happened to a key (`key.activated`). */
  readonly what: string
  /** A user's address, a PIN, a group …; empty where it is about the whole installation. */
  readonly on: string
  /** JSON text of an object, without secrets. */
  readonly change: string
  /** `begun` for an intent, `ok`, `broken_off`, or the code of the fault. */
  readonly outcome: string
  /** The line of intent whose outcome this is; null for every other line. */
  readonly answers: number | null
}

export interface AuditLine extends AuditEntry {
  /** 1, 2, 3 … without a gap. */
  readonly seq: number
  /** The hash of the line before; 32 zero bytes for the first. */
  readonly previous: Uint8Array
  readonly hash: Uint8Array
}

/** The end of the chain, kept apart from it. */
export interface AuditHead {
  /** 0 before the first line. */
  readonly seq: number
  readonly hash: Uint8Array
}

/** The outcome of a line that says what is about to be done. */
export const begun = 'begun'
export const done = 'ok'
/** Whoever asked went away before a stream had ended. */
export const brokenOff = 'broken_off'
