/** How a user is made and changed, with addresses and groups. */
import { assert } from '#kernel/assert.ts'
import type { MailAddress } from '#kernel/brand.ts'
import type { User, UserFields, UserWrite, UserWritten } from '../users.ts'
import type { Db } from './database.ts'
import { addMember } from './groups.ts'
import { foundUser, selectUser } from './user-rows.ts'

/** Looks before it writes: what cannot be done leaves nothing behind. */
export function writeUser(
  db: Db,
  { id, set, join = [], leave = [], byDirectory = false }: UserWrite,
  nowMs: number,
): UserWritten {
  const known = id === null ? null : foundUser(db.one(`${selectUser} WHERE u.id = ?`, id))
  if (id !== null && !known) return { kind: 'unknown' }
  const [main, ...aliases] = addressesAfter(known, set)
  assert(main, 'a user has an address')
  const taken = takenBy(db, [main, ...aliases], id)
  if (taken) return { kind: 'taken', address: taken }
  const userId = id ?? insertUser(db, nowMs)
  writeColumns(db, userId, known, set, nowMs)
  writeAddresses(db, userId, known, [main, ...aliases])
  for (const groupId of leave)
    db.run('DELETE FROM group_member WHERE group_id = ? AND user_id = ?', groupId, userId)
  for (const groupId of join) addMember(db, groupId, userId, byDirectory)
  return { kind: 'done', id: userId }
}

function addressesAfter(known: User | null, { address, aliases }: UserFields): MailAddress[] {
  const main = address ?? known?.address
  return [...(main ? [main] : []), ...(aliases ?? known?.aliases ?? []).filter((alias) => alias !== main)]
}

/** One of the addresses that another user has, or that is named twice. */
function takenBy(db: Db, addresses: readonly MailAddress[], id: number | null): MailAddress | null {
  const twice = addresses.find((address, i) => addresses.indexOf(address) !== i)
  if (twice) return twice
  const sql = 'SELECT 1 AS yes FROM user_address WHERE address = ? AND user_id IS NOT ?'
  return addresses.find((address) => db.one(sql, address, id) !== undefined) ?? null
}

const insertUser = (db: Db, nowMs: number): number =>
  db.insert("INSERT INTO user(display_name, created_at_ms) VALUES ('', ?)", nowMs)

function writeColumns(db: Db, id: number, known: User | null, set: UserFields, nowMs: number): void {
  const { displayName, organisation, redirect, directory, disabledBy, mailboxPassword } = set
  if (displayName !== undefined) db.run('UPDATE user SET display_name = ? WHERE id = ?', displayName, id)
  if (organisation !== undefined) db.run('UPDATE user SET organisation = ? WHERE id = ?', organisation, id)
  if (redirect !== undefined) db.run('UPDATE user SET redirect = ? WHERE id = ?', redirect ? 1 : 0, id)
  if (directory !== undefined)
    db.run(
      'UPDATE user SET directory_id = ?, directory_dn = ? WHERE id = ?',
      directory?.id ?? null,
      directory?.dn ?? null,
      id,
    )
  if (mailboxPassword) db.run('UPDATE mailbox_password SET sealed = ? WHERE user_id = ?', mailboxPassword, id)
  if (disabledBy !== undefined && disabledBy !== (known?.disabled?.by ?? null))
    db.run(
      'UPDATE user SET disabled_by = ?, disabled_at_ms = ? WHERE id = ?',
      disabledBy,
      disabledBy === null ? null : nowMs,
      id,
    )
}

function writeAddresses(db: Db, id: number, known: User | null, addresses: readonly MailAddress[]): void {
  const before = known ? [known.address, ...known.aliases] : []
  if (before.length === addresses.length && before.every((address, i) => address === addresses[i])) return
  db.run('DELETE FROM user_address WHERE user_id = ?', id)
  for (const [i, address] of addresses.entries())
    db.run('INSERT INTO user_address VALUES (?, ?, ?)', address, id, i === 0 ? 1 : 0)
  for (const address of before.filter((one) => !addresses.includes(one)))
    db.run(
      'DELETE FROM registration_record WHERE address = ? AND grant_id IN (SELECT id FROM activation_grant WHERE user_id = ?)',
      address,
      id,
    )
  if (known && known.address !== addresses[0]) db.run('DELETE FROM watch WHERE owner = ?', known.address)
}
