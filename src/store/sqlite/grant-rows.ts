/** How grants are kept: the whole grant as JSON, with the columns that queries need beside it. */
import { changeGrant, type Grant } from '#activation/grant.ts'
import type { Pin } from '#kernel/brand.ts'
import type { FaultCode } from '#kernel/fault.ts'
import type { KeptGrant } from '../users.ts'
import type { Db } from './database.ts'
import { withdrawInvitations } from './invitations.ts'

interface GrantRow {
  user_id: number
  version: number
  grant_json: string
  disabled: number
}

const columns = `user_id, version, grant_json,
  (SELECT u.disabled_by IS NOT NULL FROM user u WHERE u.id = user_id) AS disabled`

export const grantById = (db: Db, id: number): KeptGrant | null =>
  kept(db.one<GrantRow>(`SELECT ${columns} FROM activation_grant WHERE id = ?`, id))

export const newestGrantOf = (db: Db, userId: number): KeptGrant | null =>
  kept(
    db.one<GrantRow>(
      `SELECT ${columns} FROM activation_grant WHERE user_id = ? ORDER BY id DESC LIMIT 1`,
      userId,
    ),
  )

export const liveGrantOf = (db: Db, userId: number): KeptGrant | null =>
  kept(
    db.one<GrantRow>(
      `SELECT ${columns} FROM activation_grant WHERE user_id = ? AND state IN ('open', 'claimed')`,
      userId,
    ),
  )

export const liveGrants = (db: Db): KeptGrant[] =>
  db.all<GrantRow>(`SELECT ${columns} FROM activation_grant WHERE state IN ('open', 'claimed')`).map(fromRow)

export const newestGrants = (db: Db): KeptGrant[] =>
  db
    .all<GrantRow>(
      `SELECT ${columns} FROM activation_grant WHERE id IN (SELECT max(id) FROM activation_grant GROUP BY user_id)`,
    )
    .map(fromRow)

export const expiredGrants = (db: Db, nowMs: number): KeptGrant[] =>
  db
    .all<GrantRow>(
      `SELECT ${columns} FROM activation_grant WHERE state = 'open' AND expires_at_ms <= ? LIMIT 500`,
      nowMs,
    )
    .map(fromRow)

const kept = (row: GrantRow | undefined): KeptGrant | null => (row ? fromRow(row) : null)

function fromRow(row: GrantRow): KeptGrant {
  return {
    userId: row.user_id,
    version: row.version,
    grant: JSON.parse(row.grant_json) as Grant,
    disabled: row.disabled === 1,
  }
}

/** Writes `grant` over the version named; false where somebody else was first. */
export function writeGrant(db: Db, grant: Grant, expectedVersion: number): boolean {
  const changed = db.run(
    'UPDATE activation_grant SET version = version + 1, state = ?, expires_at_ms = ?, grant_json = ? WHERE id = ? AND version = ?',
    grant.state,
    grant.expiresAtMs,
    JSON.stringify(grant),
    grant.id,
    expectedVersion,
  )
  return changed === 1
}

/** Of a grant that is over: its records, and what was still to be mailed of it. */
export function eraseRecords(db: Db, grantId: number): void {
  db.run('DELETE FROM registration_record WHERE grant_id = ?', grantId)
  withdrawInvitations(db, grantId)
}

/** Closes a grant for good and queues the word to every run that was going on under it. */
export function closeGrant(
  db: Db,
  { grant, version }: KeptGrant,
  state: Grant['state'],
  code: FaultCode,
  nowMs: number,
): void {
  writeGrant(db, { ...grant, state, closedAtMs: nowMs }, version)
  eraseRecords(db, grant.id)
  db.run(
    `INSERT INTO work(key, txn, kind, due_at_ms, last_code)
     SELECT 'close_run:' || txn, txn, 'close_run', ?, ? FROM activation WHERE grant_id = ? AND ended = 0
     ON CONFLICT DO NOTHING`,
    nowMs,
    code,
    grant.id,
  )
}

/** Returns how many proofs of this handheld wait; the word to each is queued. */
export function approvePin(db: Db, { grant, version }: KeptGrant, pin: Pin, nowMs: number): number {
  writeGrant(db, changeGrant(grant, { kind: 'approved', pin }), version)
  const waiting = `FROM activation WHERE grant_id = ? AND pin = ? AND ended = 0
    AND json_extract(state_json, '$.code') = 'proof.guarded'`
  db.run(
    `INSERT INTO work(key, txn, kind, due_at_ms) SELECT 'approve_run:' || txn, txn, 'approve_run', ? ${waiting}
     ON CONFLICT DO NOTHING`,
    nowMs,
    grant.id,
    pin,
  )
  return db.one<{ n: number }>(`SELECT count(*) AS n ${waiting}`, grant.id, pin)?.n ?? 0
}
