import type { MailAddress } from '#kernel/brand.ts'
import type { FaultCode } from '#kernel/fault.ts'
import type { Invitation, InvitationStore, NewInvitation } from '../invitations.ts'
import type { Aggregate } from './aggregate.ts'
import type { Db } from './database.ts'

interface Row {
  id: number
  grant_id: number
  part: Invitation['part']
  recipient: MailAddress
  language: string
  message_id: string
  state: Invitation['state']
  tries: number
  answer: string
  code: FaultCode | null
  queued_at_ms: number
  next_at_ms: number
  ended_at_ms: number | null
}

const select = `SELECT id, grant_id, part, recipient, language, message_id, state, tries, answer, code, queued_at_ms,
  next_at_ms, ended_at_ms FROM invitation_mail`

export const invitations: Aggregate<InvitationStore> = {
  reads: ['due', 'nextAtMs', 'sealed', 'ofGrant', 'troubled'],
  make: (db) => ({
    due: (nowMs, limit) =>
      db
        .all<Row>(
          `${select} WHERE state = 'queued' AND next_at_ms <= ? ORDER BY next_at_ms, id LIMIT ?`,
          nowMs,
          limit,
        )
        .map(fromRow),
    nextAtMs: () =>
      db.one<{ at: number | null }>(
        "SELECT min(next_at_ms) AS at FROM invitation_mail WHERE state = 'queued'",
      )?.at ?? null,
    sealed: (id) =>
      db.one<{ sealed: Uint8Array | null }>('SELECT sealed FROM invitation_mail WHERE id = ?', id)?.sealed ??
      null,
    ofGrant: (grantId) => db.all<Row>(`${select} WHERE grant_id = ? ORDER BY id`, grantId).map(fromRow),
    troubled: () => troubled(db),
    end: (id, { state, answer, code, nowMs }) =>
      void db.run(
        `UPDATE invitation_mail SET state = ?, answer = ?, code = ?, ended_at_ms = ?, sealed = NULL
         WHERE id = ? AND state = 'queued'`,
        state,
        answer,
        code,
        nowMs,
        id,
      ),
    putOff: (id, nextAtMs, answer, code) =>
      void db.run(
        `UPDATE invitation_mail SET next_at_ms = ?, answer = ?, code = ?, tries = tries + 1
         WHERE id = ? AND state = 'queued'`,
        nextAtMs,
        answer,
        code,
        id,
      ),
    bringBack: (nowMs, longestPauseMs) =>
      db.run(
        "UPDATE invitation_mail SET next_at_ms = ? WHERE state = 'queued' AND tries > 0 AND next_at_ms > ?",
        ...[nowMs, nowMs + longestPauseMs],
      ),
    bringForward: (byMs) =>
      void db.run(
        "UPDATE invitation_mail SET next_at_ms = next_at_ms - ? WHERE state = 'queued' AND tries > 0",
        byMs,
      ),
  }),
}

function troubled(db: Db): { putOff: number; refused: number; sinceMs: number | null } {
  const row = db.one<{ put_off: number | null; refused: number | null; since: number | null }>(
    `SELECT sum(m.state = 'queued') AS put_off, sum(m.state = 'refused') AS refused, min(m.queued_at_ms) AS since
     FROM invitation_mail m JOIN activation_grant g ON g.id = m.grant_id
     WHERE (m.state = 'queued' AND m.tries > 0) OR (m.state = 'refused' AND g.state = 'open')`,
  )
  return { putOff: row?.put_off ?? 0, refused: row?.refused ?? 0, sinceMs: row?.since ?? null }
}

export function addInvitations(
  db: Db,
  grantId: number,
  mails: readonly NewInvitation[],
  nowMs: number,
): void {
  for (const { part, to, language, messageId, sealed } of mails)
    db.run(
      `INSERT INTO invitation_mail(grant_id, part, recipient, language, message_id, sealed, queued_at_ms, next_at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      grantId,
      part,
      to,
      language,
      messageId,
      sealed,
      nowMs,
      nowMs,
    )
}

/** A password that no longer works is not mailed any more. */
export const withdrawInvitations = (db: Db, grantId: number): void =>
  void db.run(
    "UPDATE invitation_mail SET state = 'withdrawn', sealed = NULL WHERE grant_id = ? AND state = 'queued'",
    grantId,
  )

const fromRow = (row: Row): Invitation => ({
  id: row.id,
  grantId: row.grant_id,
  part: row.part,
  to: row.recipient,
  language: row.language,
  messageId: row.message_id,
  state: row.state,
  tries: row.tries,
  answer: row.answer,
  code: row.code,
  queuedAtMs: row.queued_at_ms,
  nextAtMs: row.next_at_ms,
  endedAtMs: row.ended_at_ms,
})
