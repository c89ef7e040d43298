import type { AuditEntry, AuditHead, AuditLine } from '#audit/line.ts'

export interface AuditFilter {
  /** Whole, or what stands after the colon: `account:alice` by `alice`. */
  readonly who?: string
  /** On one of these, by name. */
  readonly on?: readonly string[]
  /** With `on`: also those that hold this as a text of their own among what was asked, before or after. */
  readonly orNaming?: string
  /** An operation, or the part before its dot. */
  readonly what?: string
  readonly sinceMs?: number
  /** At most so many, the newest. */
  readonly limit: number
}

/** What was done, and what came of it: the outcome of an intent is looked up. */
export interface AuditAct {
  readonly line: AuditLine
  /** The line that answers `line`; null where none does. */
  readonly answer: AuditLine | null
}

/** The audit log. Nothing in it is ever changed or removed. */
export interface AuditStore {
  /** Adds lines at the end, in one transaction; returns the number of the first. */
  append(entries: readonly AuditEntry[]): Promise<number>
  /** In their order, the newest last; outcomes stand beside what they answer. */
  acts(filter: AuditFilter): Promise<AuditAct[]>
  /** Lines with numbers above `after`, in order. */
  lines(after: number, limit: number): Promise<AuditLine[]>
  /** The end of the chain as it is kept apart from it. */
  head(): Promise<AuditHead>
}
