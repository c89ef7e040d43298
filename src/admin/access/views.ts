/** What administrators are shown of the audit log, of accounts and of tokens. */
import type { ChainFault } from '#audit/chain.ts'
import type { RoleName } from './caller.ts'

/** One act, or one thing that happened to a key. */
export interface AuditView {
  /** The number of its line; of the intent where there are two. */
  readonly seq: number
  readonly atMs: number
  readonly who: string
  readonly role: string
  readonly from: string
  readonly what: string
  readonly on: string
  /** `ok`, `broken_off`, the code of a fault; null: nothing is known of how it ended. */
  readonly outcome: string | null
  /** What was before, what was asked for, and what is now, as far as the operation has them; never a secret. */
  readonly change: Readonly<Record<string, unknown>>
}

export interface AuditVerdict {
  readonly good: boolean
  /** Lines that were found whole, from the first on. */
  readonly lines: number
  /** Null where the chain is whole. */
  readonly broken: { readonly kind: ChainFault; readonly seq: number; readonly says: string } | null
  /** The number and the hash of the last line, in hex: what a copy elsewhere can be held against. */
  readonly seq: number
  readonly head: string
  /** The hash of the line that was asked for; null where there is none. */
  readonly at: string | null
}

export interface AccountView {
  readonly name: string
  readonly role: RoleName
  readonly disabled: boolean
  readonly createdAtMs: number
  readonly changedAtMs: number
}

export interface TokenView {
  readonly id: string
  readonly name: string
  readonly role: RoleName
  readonly state: 'good' | 'expired' | 'revoked'
  readonly createdAtMs: number
  readonly expiresAtMs: number
}

/** A token that was just made; shown once. */
export interface IssuedToken {
  readonly id: string
  readonly name: string
  readonly role: RoleName
  readonly expiresAtMs: number
  readonly token: string
}
