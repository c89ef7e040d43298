import type { AccessToken, Account, AccountChanged, AccountStore } from '../accounts.ts'
import type { Aggregate } from './aggregate.ts'
import type { Db } from './database.ts'

interface AccountRow {
  name: string
  role: Account['role']
  password: string
  disabled: number
  created_at_ms: number
  changed_at_ms: number
}

interface TokenRow {
  id: string
  name: string
  role: AccessToken['role']
  account: string | null
  hash: Uint8Array
  created_at_ms: number
  expires_at_ms: number
  revoked_at_ms: number | null
}

export const accounts: Aggregate<AccountStore> = {
  reads: ['list', 'find', 'token', 'tokens'],
  make: (db) => ({
    add: ({ name, role, password, createdAtMs }) =>
      db.run(
        'INSERT INTO account VALUES (?, ?, ?, 0, ?, ?) ON CONFLICT DO NOTHING',
        ...[name, role, password, createdAtMs, createdAtMs],
      ) > 0,
    list: () => db.all<AccountRow>('SELECT * FROM account ORDER BY name').map(accountOf),
    find: (name) => find(db, name),
    change: (name, change, nowMs) => changeAccount(db, name, change, nowMs),
    remove: (name) => remove(db, name),
    addToken: (token) => addToken(db, token),
    token: (id) => {
      const row = db.one<TokenRow>('SELECT * FROM access_token WHERE id = ?', id)
      return row ? tokenOf(row) : null
    },
    tokens: () =>
      db
        .all<TokenRow>('SELECT * FROM access_token WHERE account IS NULL ORDER BY created_at_ms DESC, id')
        .map(tokenOf),
    revokeToken: (id, nowMs) =>
      db.run(
        'UPDATE access_token SET revoked_at_ms = ? WHERE id = ? AND revoked_at_ms IS NULL AND expires_at_ms > ?',
        ...[nowMs, id, nowMs],
      ) > 0,
  }),
}

function find(db: Db, name: string): Account | null {
  const row = db.one<AccountRow>('SELECT * FROM account WHERE name = ?', name)
  return row ? accountOf(row) : null
}

function changeAccount(
  db: Db,
  name: string,
  change: Parameters<AccountStore['change']>[1],
  nowMs: number,
): AccountChanged {
  const known = find(db, name)
  if (!known) return 'unknown'
  const next = { ...known, ...change }
  const loses = next.disabled || next.role !== 'security'
  if (loses && isLastSecurity(db, known)) return 'last_security'
  db.run(
    'UPDATE account SET role = ?, password = ?, disabled = ?, changed_at_ms = ? WHERE name = ?',
    ...[next.role, next.password, next.disabled ? 1 : 0, nowMs, name],
  )
  if (next.disabled || next.password !== known.password)
    db.run('DELETE FROM access_token WHERE account = ?', name)
  return 'done'
}

function remove(db: Db, name: string): AccountChanged {
  const known = find(db, name)
  if (!known) return 'unknown'
  if (isLastSecurity(db, known)) return 'last_security'
  db.run('DELETE FROM account WHERE name = ?', name)
  return 'done'
}

const isLastSecurity = (db: Db, { name, role, disabled }: Account): boolean =>
  role === 'security' &&
  !disabled &&
  db.one("SELECT 1 FROM account WHERE role = 'security' AND disabled = 0 AND name <> ?", name) === undefined

function addToken(db: Db, token: Omit<AccessToken, 'revokedAtMs'>): void {
  db.run('DELETE FROM access_token WHERE expires_at_ms <= ?', token.createdAtMs)
  db.run(
    'INSERT INTO access_token VALUES (?, ?, ?, ?, ?, ?, ?, NULL)',
    ...[token.id, token.name, token.role, token.account, token.hash, token.createdAtMs, token.expiresAtMs],
  )
}

const accountOf = (row: AccountRow): Account => ({
  name: row.name,
  role: row.role,
  password: row.password,
  disabled: row.disabled !== 0,
  createdAtMs: row.created_at_ms,
  changedAtMs: row.changed_at_ms,
})

const tokenOf = (row: TokenRow): AccessToken => ({
  id: row.id,
  name: row.name,
  role: row.role,
  account: row.account,
  hash: row.hash,
  createdAtMs: row.created_at_ms,
  expiresAtMs: row.expires_at_ms,
  revokedAtMs: row.revoked_at_ms,
})
