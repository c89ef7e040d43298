/** A user as the tables hold one. */
import type { MailAddress } from '#kernel/brand.ts'
import type { Page, User, UserFilter } from '../users.ts'
import type { Db, SqlValue } from './database.ts'

export interface UserRow {
  id: number
  display_name: string
  created_at_ms: number
  organisation: string
  disabled_by: 'administrator' | 'directory' | null
  disabled_at_ms: number | null
  redirect: number
  directory_id: string | null
  directory_dn: string | null
  addresses: string
}

/** `u` is the user's row; a condition follows. */
export const selectUser = `SELECT u.*,
  (SELECT json_group_array(address ORDER BY main DESC, address) FROM user_address a WHERE a.user_id = u.id) AS addresses
  FROM user u`

export const foundUser = (row: UserRow | undefined): User | null => (row ? userFromRow(row) : null)

export function userFromRow(row: UserRow): User {
  const [address, ...aliases] = JSON.parse(row.addresses) as MailAddress[]
  if (address === undefined) throw new Error('a user without an address')
  return {
    id: row.id,
    address,
    aliases,
    displayName: row.display_name,
    organisation: row.organisation,
    disabled: row.disabled_by && { by: row.disabled_by, atMs: row.disabled_at_ms ?? row.created_at_ms },
    redirect: row.redirect === 1,
    directory: row.directory_id === null ? null : { id: row.directory_id, dn: row.directory_dn ?? '' },
    createdAtMs: row.created_at_ms,
  }
}

export function findUsers(db: Db, filter: UserFilter, { after, limit }: Page): User[] {
  const { where, values } = conditions(filter)
  return db
    .all<UserRow>(
      `${selectUser} JOIN user_address main ON main.user_id = u.id AND main.main = 1
       WHERE main.address > ? AND ${where} ORDER BY main.address LIMIT ?`,
      after ?? '',
      ...values,
      limit,
    )
    .map(userFromRow)
}

export function countUsers(db: Db, filter: UserFilter): number {
  const { where, values } = conditions(filter)
  return db.one<{ n: number }>(`SELECT count(*) AS n FROM user u WHERE ${where}`, ...values)?.n ?? 0
}

function conditions({ groupId, organisation, disabled, directory, search }: UserFilter) {
  const all: [sql: string, ...values: SqlValue[]][] = [['1 = 1']]
  if (groupId !== undefined)
    all.push(['u.id IN (SELECT user_id FROM group_member WHERE group_id = ?)', groupId])
  if (organisation !== undefined) all.push(['u.organisation = ?', organisation])
  if (disabled !== undefined) all.push([`u.disabled_by IS ${disabled ? 'NOT NULL' : 'NULL'}`])
  if (directory !== undefined) all.push([`u.directory_id IS ${directory ? 'NOT NULL' : 'NULL'}`])
  if (search !== undefined) {
    const part = `%${search.replace(/[\\%_]/g, '\\$&')}%`
    const inAddress = 'SELECT user_id FROM user_address WHERE address LIKE ? ESCAPE'
    all.push([`(u.display_name LIKE ? ESCAPE '\\' OR u.id IN (${inAddress} '\\'))`, part, part])
  }
  return { where: all.map(([sql]) => sql).join(' AND '), values: all.flatMap(([, ...values]) => values) }
}
