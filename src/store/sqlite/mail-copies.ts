/** Messages entering and leaving mailboxes: every way in and out keeps the counters of the mailbox row. */
import { assert } from '#kernel/assert.ts'
import type { CopyResult, MessageRow } from '../mail.ts'
import type { Db } from './database.ts'
import { dropUnusedBodies } from './mail-bodies.ts'
import {
  asMessage,
  findMailboxById,
  type MessageColumns,
  messageColumns,
  nextModseq,
  words,
} from './mail-rows.ts'

/** Expunged UIDs are remembered over this many modification sequences of the whole store. */
const expungedMemory = 100_000
/** Keywords shown in a mailbox's FLAGS; those beyond are stored with the message all the same. */
const keywordsMax = 100

export interface NewRow {
  readonly bodyId: number
  readonly flags: readonly string[]
  readonly internalMs: number
  readonly size: number
}

/** Puts one message at the end of a mailbox. The caller makes `modseq` with `nextModseq`. */
export function insertMessage(
  db: Db,
  mailboxId: number,
  row: NewRow,
  modseq: number,
): { uid: number; uidvalidity: number } {
  const counted = db.one<{ uid: number; uidvalidity: number }>(
    `UPDATE mailbox SET uidnext = uidnext + 1, modseq = ?, messages = messages + 1,
      unseen = unseen + ?, bytes = bytes + ? WHERE id = ? RETURNING uidnext - 1 AS uid, uidvalidity`,
    modseq,
    row.flags.includes('\\Seen') ? 0 : 1,
    row.size,
    mailboxId,
  )
  assert(counted, 'the caller has seen the mailbox')
  db.run(
    `INSERT INTO mail_message (mailbox_id, uid, body_id, modseq, flags, internal_ms, size)
      VALUES (?, ?, ?, ?, ?, ?, ?)`,
    mailboxId,
    counted.uid,
    row.bodyId,
    modseq,
    row.flags.join(' '),
    row.internalMs,
    row.size,
  )
  return counted
}

export function findMessage(db: Db, mailboxId: number, uid: number): MessageRow | null {
  const sql = `SELECT ${messageColumns} FROM mail_message WHERE mailbox_id = ? AND uid = ?`
  const row = db.one<MessageColumns>(sql, mailboxId, uid)
  return row ? asMessage(row) : null
}

/** Removes messages and remembers their UIDs. Bodies that copies may still need are dropped by the caller. */
function removeRows(db: Db, mailboxId: number, rows: readonly MessageRow[]): void {
  if (rows.length === 0) return
  const modseq = nextModseq(db)
  for (const { uid } of rows) {
    db.run('DELETE FROM mail_message WHERE mailbox_id = ? AND uid = ?', mailboxId, uid)
    db.run('INSERT INTO mail_expunged (mailbox_id, modseq, uid) VALUES (?, ?, ?)', mailboxId, modseq, uid)
  }
  const unseen = rows.filter(({ flags }) => !flags.includes('\\Seen')).length
  const bytes = rows.reduce((sum, { size }) => sum + size, 0)
  const floor = modseq - expungedMemory
  db.run(
    `UPDATE mailbox SET modseq = ?, messages = messages - ?, unseen = unseen - ?, bytes = bytes - ?,
      expunged_floor = max(expunged_floor, ?) WHERE id = ?`,
    modseq,
    rows.length,
    unseen,
    bytes,
    floor,
    mailboxId,
  )
  db.run('DELETE FROM mail_expunged WHERE mailbox_id = ? AND modseq <= ?', mailboxId, floor)
}

export function removeMessages(db: Db, mailboxId: number, rows: readonly MessageRow[]): void {
  removeRows(db, mailboxId, rows)
  dropUnusedBodies(
    db,
    rows.map(({ bodyId }) => bodyId),
  )
}

export function copyMessages(
  db: Db,
  mailboxId: number,
  uids: readonly number[],
  targetId: number,
): { result: CopyResult; rows: MessageRow[] } | null {
  const target = findMailboxById(db, targetId)
  if (!target) return null
  const rows = uids.map((uid) => findMessage(db, mailboxId, uid)).filter((row) => row !== null)
  if (rows.length === 0) return { result: { uidValidity: target.uidValidity, from: [], to: [] }, rows }
  const modseq = nextModseq(db)
  const to = rows.map((row) => insertMessage(db, targetId, row, modseq).uid)
  for (const flags of new Set(rows.map((row) => row.flags.join(' ')))) addKeywords(db, targetId, words(flags))
  return { result: { uidValidity: target.uidValidity, from: rows.map(({ uid }) => uid), to }, rows }
}

export function moveMessages(
  db: Db,
  mailboxId: number,
  uids: readonly number[],
  targetId: number,
): CopyResult | null {
  const copied = copyMessages(db, mailboxId, uids, targetId)
  if (!copied) return null
  removeRows(db, mailboxId, copied.rows)
  return copied.result
}

/** Remembers which keywords a mailbox has seen, for the FLAGS response of SELECT. */
export function addKeywords(db: Db, mailboxId: number, flags: readonly string[]): void {
  const fresh = flags.filter((flag) => !flag.startsWith('\\'))
  if (fresh.length === 0) return
  const row = db.one<{ keywords: string }>('SELECT keywords FROM mailbox WHERE id = ?', mailboxId)
  const known = new Set(words(row?.keywords ?? ''))
  const before = known.size
  for (const keyword of fresh) if (known.size < keywordsMax) known.add(keyword)
  if (known.size === before) return
  db.run('UPDATE mailbox SET keywords = ? WHERE id = ?', [...known].join(' '), mailboxId)
}
