/** Rows of the mail tables as the port shows them, and the counters every change goes through. */
import { assert } from '#kernel/assert.ts'
import type { MailboxRow, MessageRow } from '../mail.ts'
import type { Db } from './database.ts'

interface MailboxColumns {
  id: number
  account_id: number
  path: string
  special_use: string | null
  uidvalidity: number
  uidnext: number
  modseq: number
  messages: number
  unseen: number
  bytes: number
  recent_uid: number
  keywords: string
}

export interface MessageColumns {
  uid: number
  body_id: number
  modseq: number
  flags: string
  internal_ms: number
  size: number
}

export const mailboxColumns =
  'mailbox.id, account_id, path, special_use, uidvalidity, uidnext, modseq, messages, unseen, bytes, recent_uid, keywords'
export const messageColumns = 'uid, body_id, modseq, flags, internal_ms, size'

export const words = (text: string): string[] => (text === '' ? [] : text.split(' '))

export const asMailbox = (row: MailboxColumns): MailboxRow => ({
  id: row.id,
  accountId: row.account_id,
  path: row.path,
  specialUse: row.special_use,
  uidValidity: row.uidvalidity,
  uidNext: row.uidnext,
  modseq: row.modseq,
  messages: row.messages,
  unseen: row.unseen,
  bytes: row.bytes,
  recentUid: row.recent_uid,
  keywords: words(row.keywords),
})

export const asMessage = (row: MessageColumns): MessageRow => ({
  uid: row.uid,
  bodyId: row.body_id,
  modseq: row.modseq,
  flags: words(row.flags),
  internalMs: row.internal_ms,
  size: row.size,
})

export function findMailboxById(db: Db, id: number): MailboxRow | null {
  const row = db.one<MailboxColumns>(`SELECT ${mailboxColumns} FROM mailbox WHERE id = ?`, id)
  return row ? asMailbox(row) : null
}

export function findMailboxByPath(db: Db, accountId: number, path: string): MailboxRow | null {
  const sql = `SELECT ${mailboxColumns} FROM mailbox WHERE account_id = ? AND path = ?`
  const row = db.one<MailboxColumns>(sql, accountId, path)
  return row ? asMailbox(row) : null
}

export const listMailboxRows = (db: Db, accountId: number): MailboxRow[] =>
  db
    .all<MailboxColumns>(
      `SELECT ${mailboxColumns} FROM mailbox WHERE account_id = ? ORDER BY path`,
      accountId,
    )
    .map(asMailbox)

/** The next modification sequence; one serves all rows that one operation changes. */
export function nextModseq(db: Db): number {
  const row = db.one<{ modseq: number }>('UPDATE mail_counter SET modseq = modseq + 1 RETURNING modseq')
  assert(row, 'the mail counter exists')
  return row.modseq
}

/** About the time in seconds, as RFC 3501 section 2.3.1.1 suggests, and never a value given before. */
export function nextUidValidity(db: Db, nowMs: number): number {
  const sql = 'UPDATE mail_counter SET uidvalidity = max(uidvalidity + 1, ?) RETURNING uidvalidity'
  const seconds = Math.floor(nowMs / 1000)
  // UIDVALIDITY has 32 bits: one wild clock must not use them up.
  const row = db.one<{ uidvalidity: number }>(sql, seconds < 2 ** 31 ? seconds : 0)
  assert(row, 'the mail counter exists')
  return row.uidvalidity
}

/** Makes a mailbox row; the caller knows that the path is free. */
export function insertMailbox(
  db: Db,
  made: { accountId: number; path: string; specialUse: string | null; nowMs: number },
): number {
  return db.insert(
    'INSERT INTO mailbox (account_id, path, special_use, uidvalidity, modseq) VALUES (?, ?, ?, ?, ?)',
    made.accountId,
    made.path,
    made.specialUse,
    nextUidValidity(db, made.nowMs),
    nextModseq(db),
  )
}

/** Runs reads on one moment's state of the database. */
export function inSnapshot<T>(db: Db, work: () => T): T {
  db.step('BEGIN')
  try {
    return work()
  } finally {
    db.step('COMMIT')
  }
}
