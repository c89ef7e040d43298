/** What an administrator can do about administrators: the audit log, accounts and tokens. */
import type { AccountView, AuditVerdict, AuditView, IssuedToken, TokenView } from './views.ts'

export interface AuditQuery {
  /** Whose: `os:root`, `account:alice`, `token:ci`, `system`, or what stands after the colon. */
  readonly by?: string
  /** A user's address, a PIN, a name. */
  readonly on?: string
  /** An operation such as `users.add`, or its noun. */
  readonly what?: string
  readonly sinceMs?: number
  /** The newest so many, 1..10000, default 100. */
  readonly limit?: number
}

export interface AuditCases {
  /** The newest last. @throws Fault admin.usage */
  list(query?: AuditQuery): Promise<AuditView[]>
  /** Recomputes the whole chain, and tells the hash of line `at`. */
  verify(at?: number): Promise<AuditVerdict>
  /** Every line as `#audit/export.ts` writes it, the head last. */
  export(): AsyncIterable<string>
}

export interface NewAccount {
  readonly name: string
  readonly role: string
  readonly password: string
}

/** @throws Fault account.unknown, account.exists, account.invalid, account.last_security */
export interface AccountCases {
  add(account: NewAccount): Promise<AccountView>
  list(): Promise<AccountView[]>
  show(name: string): Promise<AccountView>
  setPassword(name: string, password: string): Promise<AccountView>
  setRole(name: string, role: string): Promise<AccountView>
  disable(name: string): Promise<AccountView>
  enable(name: string): Promise<AccountView>
  remove(name: string): Promise<AccountView>
}

export interface NewTokenInput {
  readonly name: string
  readonly role: string
  /** Life, 1..8760. */
  readonly hours: number
}

/** @throws Fault token.unknown, token.exists, account.invalid, admin.usage */
export interface TokenCases {
  add(token: NewTokenInput): Promise<IssuedToken>
  /** Without sessions; newest first. */
  list(): Promise<TokenView[]>
  /** By name or id. */
  revoke(which: string): Promise<TokenView>
}
