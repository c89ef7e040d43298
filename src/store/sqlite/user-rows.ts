/** A user as the tables hold one. */
import type { MailAddress } from '#kernel/brand.ts'
import type { User } from '../users.ts'

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
