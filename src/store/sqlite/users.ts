import type { Grant } from '#activation/grant.ts'
import type { MailAddress, Pin } from '#kernel/brand.ts'
import type { NewGrant, NewUser, UserStore } from '../users.ts'
import type { Aggregate } from './aggregate.ts'
import type { Db } from './database.ts'
import {
  approvePin,
  closeGrant,
  expiredGrants,
  grantById,
  liveGrantOf,
  newestGrantOf,
  newestGrants,
} from './grant-rows.ts'
import { addInvitations } from './invitations.ts'
import { endAccount } from './queue.ts'
import { countUsers, findUsers, foundUser, selectUser, type UserRow, userFromRow } from './user-rows.ts'
import { writeUser } from './user-write.ts'

/** These leave the users themselves as they are. */
const grantMethods: readonly string[] = ['openGrant', 'approve', 'revokeGrant', 'expireGrants']

export const users: Aggregate<UserStore> = {
  reads: [
    'list',
    'find',
    'count',
    'byId',
    'byAddress',
    'grant',
    'newestGrant',
    'newestGrants',
    'record',
    'hasRecord',
    'mailboxPassword',
    'withLiveGrant',
  ],
  // Memberships come and go with users.
  touches: (method, [grant]) => {
    if (method === 'write') return ['users', 'groups']
    if (method === 'remove') return ['users', 'groups', 'queue', 'deliveries']
    if (!grantMethods.includes(method)) return ['users']
    const isMailed = method === 'openGrant' && (grant as NewGrant).invitations
    return isMailed ? ['grants', 'work', 'invitations'] : ['grants', 'work']
  },
  make: (db) => ({
    add: (user) => add(db, user),
    write: (writes, nowMs) => writes.map((one) => writeUser(db, one, nowMs)),
    remove: (id, nowMs) => remove(db, id, nowMs),
    erase: (id, nowMs) => erase(db, id, nowMs),
    list: () => db.all<UserRow>(`${selectUser} ORDER BY addresses`).map(userFromRow),
    find: (filter, page) => findUsers(db, filter, page),
    count: (filter = {}) => countUsers(db, filter),
    byId: (id) => foundUser(db.one<UserRow>(`${selectUser} WHERE u.id = ?`, id)),
    byAddress: (address) =>
      foundUser(
        db.one<UserRow>(
          `${selectUser} WHERE u.id = (SELECT user_id FROM user_address WHERE address = ?)`,
          address,
        ),
      ),
    openGrant: (grant) => openGrant(db, grant),
    approve: (userId, pin, nowMs) => {
      const live = liveGrantOf(db, userId)
      return live && approvePin(db, live, pin, nowMs)
    },
    revokeGrant: (userId, nowMs) => {
      const live = liveGrantOf(db, userId)
      if (live) closeGrant(db, live, 'revoked', 'grant.revoked', nowMs)
      return live !== null
    },
    expireGrants: (nowMs) => {
      const expired = expiredGrants(db, nowMs)
      for (const one of expired) closeGrant(db, one, 'expired', 'grant.expired', nowMs)
      return expired.length
    },
    grant: (id) => grantById(db, id),
    newestGrant: (userId) => newestGrantOf(db, userId),
    newestGrants: () => newestGrants(db),
    record: (grantId, address, profile) =>
      db.one<{ sealed: Uint8Array }>(
        'SELECT sealed FROM registration_record WHERE grant_id = ? AND address = ? AND profile = ?',
        grantId,
        address,
        profile,
      )?.sealed ?? null,
    hasRecord: (grantId, address) =>
      db.one(
        'SELECT 1 AS yes FROM registration_record WHERE grant_id = ? AND address = ?',
        grantId,
        address,
      ) !== undefined,
    keepMailboxPassword: (userId, sealed, nowMs) =>
      void db.run('INSERT OR REPLACE INTO mailbox_password VALUES (?, ?, ?)', userId, sealed, nowMs),
    dropMailboxPassword: (userId) => db.run('DELETE FROM mailbox_password WHERE user_id = ?', userId) > 0,
    mailboxPassword: (owner) =>
      db.one<{ sealed: Uint8Array }>(
        `SELECT p.sealed FROM mailbox_password p JOIN user_address a ON a.user_id = p.user_id AND a.main = 1
         WHERE a.address = ?`,
        owner,
      )?.sealed ?? null,
    withLiveGrant: (nowMs) =>
      db
        .all<{ address: MailAddress }>(
          `SELECT a.address FROM activation_grant g JOIN user_address a ON a.user_id = g.user_id AND a.main = 1
           WHERE g.state = 'claimed' OR (g.state = 'open' AND g.expires_at_ms > ? AND g.not_before_ms <= ?)`,
          nowMs,
          nowMs,
        )
        .map(({ address }) => address),
  }),
}

function add(db: Db, { nowMs, ...set }: NewUser): number | null {
  const written = writeUser(db, { id: null, set }, nowMs)
  return written.kind === 'done' ? written.id : null
}

/** Keys and accounts go with the user; the list of activations stays for whoever asks what happened. */
function remove(db: Db, id: number, nowMs: number): void {
  const runs = 'SELECT txn FROM activation WHERE user_id = ?'
  db.run(`DELETE FROM master_key WHERE txn IN (${runs})`, id)
  db.run(`UPDATE delivery SET state = 'stopped' WHERE state = 'running' AND txn IN (${runs})`, id)
  db.run(`DELETE FROM run_secret WHERE txn IN (${runs})`, id)
  const served = "SELECT pin FROM handheld WHERE user_id = ? AND state = 'active'"
  for (const { pin } of db.all<{ pin: Pin }>(served, id)) endAccount(db, pin, 'removed', nowMs)
  db.run("UPDATE handheld SET state = 'removed' WHERE user_id = ?", id)
  db.run('DELETE FROM watch WHERE owner IN (SELECT address FROM user_address WHERE user_id = ?)', id)
  endOpenRuns(db, id)
  db.run('DELETE FROM user WHERE id = ?', id)
}

function erase(db: Db, id: number, nowMs: number): void {
  remove(db, id, nowMs)
  const runs = 'SELECT txn FROM activation WHERE user_id = ?'
  for (const table of ['work', 'delivery', 'activation_event'])
    db.run(`DELETE FROM ${table} WHERE txn IN (${runs})`, id)
  const pins = 'SELECT pin FROM handheld WHERE user_id = ?'
  for (const table of ['inbound_answer', 'inbound_part', 'delivery'])
    db.run(
      `DELETE FROM ${table} WHERE pin IN (${pins}) AND pin NOT IN (SELECT pin FROM handheld WHERE user_id != ?)`,
      id,
      id,
    )
  db.run('DELETE FROM queue_item WHERE user_id = ?', id)
  db.run('DELETE FROM handheld WHERE user_id = ?', id)
  db.run('DELETE FROM activation WHERE user_id = ?', id)
}

/** The word that the user is gone is queued to each run; nothing else is worked on for them. */
function endOpenRuns(db: Db, id: number): void {
  db.run('DELETE FROM work WHERE txn IN (SELECT txn FROM activation WHERE user_id = ?)', id)
  db.run(
    `INSERT INTO work(key, txn, kind, due_at_ms, last_code)
     SELECT 'close_run:' || txn, txn, 'close_run', 0, 'user.removed' FROM activation WHERE user_id = ? AND ended = 0`,
    id,
  )
}

function openGrant(db: Db, grant: NewGrant): number {
  const live = liveGrantOf(db, grant.userId)
  if (live) closeGrant(db, live, 'replaced', 'grant.replaced', grant.nowMs)
  const id = db.insert(
    `INSERT INTO activation_grant(user_id, version, state, expires_at_ms, not_before_ms, grant_json)
     VALUES (?, 1, 'open', ?, ?, '')`,
    grant.userId,
    grant.expiresAtMs,
    grant.notBeforeMs ?? 0,
  )
  const kept: Grant = {
    id,
    state: 'open',
    origin: grant.origin,
    createdAtMs: grant.nowMs,
    expiresAtMs: grant.expiresAtMs,
    ...(grant.notBeforeMs === undefined ? {} : { notBeforeMs: grant.notBeforeMs }),
    ...(grant.tries === undefined ? {} : { tries: grant.tries }),
    ...(grant.boundTo ? { boundTo: grant.boundTo } : {}),
    fails: {},
  }
  db.run('UPDATE activation_grant SET grant_json = ? WHERE id = ?', JSON.stringify(kept), id)
  for (const { address, profile, sealed } of grant.records)
    db.run('INSERT INTO registration_record VALUES (?, ?, ?, ?)', id, address, profile, sealed)
  addInvitations(db, id, grant.invitations ?? [], grant.nowMs)
  return id
}
