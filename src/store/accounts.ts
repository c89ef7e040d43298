/** Roles as they are stored; `#admin/access/roles.ts` says what each may do. */
export type StoredRole = 'helpdesk' | 'administrator' | 'security' | 'auditor'

/** A person who administers. */
export interface Account {
  readonly name: string
  readonly role: StoredRole
  /** scrypt in the PHC string format. */
  readonly password: string
  readonly disabled: boolean
  readonly createdAtMs: number
  readonly changedAtMs: number
}

/** What opens the admin socket beside its file mode: an automation's token, or a person's session. */
export interface AccessToken {
  /** Public: stands in the token before the secret. */
  readonly id: string
  readonly name: string
  /** The token's own role, or the account whose session it is: one of the two. */
  readonly role: StoredRole | null
  readonly account: string | null
  /** SHA-256 of the secret. */
  readonly hash: Uint8Array
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly revokedAtMs: number | null
}

/** `last_security`: nobody would be left who may give that right again. */
export type AccountChanged = 'done' | 'unknown' | 'last_security'

export interface AccountStore {
  /** False where the name is taken. */
  add(account: Omit<Account, 'disabled' | 'changedAtMs'>): Promise<boolean>
  list(): Promise<Account[]>
  find(name: string): Promise<Account | null>
  /** Another password or a disabling ends the sessions of the account in the same commit. */
  change(
    name: string,
    change: Partial<Pick<Account, 'role' | 'password' | 'disabled'>>,
    nowMs: number,
  ): Promise<AccountChanged>
  /** With its sessions. */
  remove(name: string): Promise<AccountChanged>
  /** Removes tokens that ran out before. */
  addToken(token: Omit<AccessToken, 'revokedAtMs'>): Promise<void>
  token(id: string): Promise<AccessToken | null>
  /** Sessions are left out; newest first. */
  tokens(): Promise<AccessToken[]>
  /** False where no such token is live. */
  revokeToken(id: string, nowMs: number): Promise<boolean>
}
