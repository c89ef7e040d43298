import type { MailAddress } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import type {
  Delivered,
  Delivery,
  FlagChange,
  FlagChangeResult,
  MailboxChanges,
  MessageRow,
  MessageStore,
  OpenedMailbox,
} from '../mail.ts'
import type { Sync } from './aggregate.ts'
import type { Db } from './database.ts'
import { describeBody, insertBody, keepDescription, readBodyBytes } from './mail-bodies.ts'
import {
  addKeywords,
  copyMessages,
  findMessage,
  insertMessage,
  moveMessages,
  removeMessages,
} from './mail-copies.ts'
import {
  asMessage,
  findMailboxById,
  inSnapshot,
  type MessageColumns,
  messageColumns,
  nextModseq,
} from './mail-rows.ts'

export function mailMessages(db: Db): Sync<MessageStore> {
  return {
    deliver: (delivery) => deliver(db, delivery),
    append: (mailboxId, message) => append(db, mailboxId, message),
    openMailbox: (mailboxId) => inSnapshot(db, () => openMailbox(db, mailboxId)),
    claimRecent: (mailboxId, uid) =>
      void db.run('UPDATE mailbox SET recent_uid = max(recent_uid, ?) WHERE id = ?', uid, mailboxId),
    changesSince: (mailboxId, modseq) => inSnapshot(db, () => changesSince(db, mailboxId, modseq)),
    findMessages: (mailboxId, uids) =>
      inSnapshot(db, () => uids.map((uid) => findMessage(db, mailboxId, uid)).filter((row) => row !== null)),
    describe: (bodyId) => describeBody(db, bodyId),
    keepDescription: (bodyId, description) => keepDescription(db, bodyId, description),
    readBody: (bodyId, offset, length) => inSnapshot(db, () => readBodyBytes(db, bodyId, offset, length)),
    storeFlags: (change) => storeFlags(db, change),
    copy: (mailboxId, uids, targetId) => copyMessages(db, mailboxId, uids, targetId)?.result ?? null,
    move: (mailboxId, uids, targetId) => moveMessages(db, mailboxId, uids, targetId),
    expunge: (mailboxId, only) => expunge(db, mailboxId, only),
  }
}

function deliver(db: Db, { recipients, raw, nowMs }: Delivery): Delivered[] {
  const inboxes = new Map<number, { address: Delivered['address']; mailboxId: number }>()
  for (const address of recipients) {
    const mailboxId = findInbox(db, address)
    if (mailboxId !== null && !inboxes.has(mailboxId)) inboxes.set(mailboxId, { address, mailboxId })
  }
  if (inboxes.size === 0) throw new Fault('user.unknown', recipients.join(' '))
  const bodyId = insertBody(db, raw)
  const row = { bodyId, flags: [], internalMs: nowMs, size: raw.length }
  const modseq = nextModseq(db)
  return [...inboxes.values()].map(({ address, mailboxId }) => {
    const { uid, uidvalidity } = insertMessage(db, mailboxId, row, modseq)
    return { address, mailboxId, uidValidity: uidvalidity, uid }
  })
}

function findInbox(db: Db, address: MailAddress): number | null {
  const sql = `SELECT id FROM mailbox
    WHERE account_id = (SELECT account_id FROM mail_address WHERE address = ?) AND path = 'INBOX'`
  return db.one<{ id: number }>(sql, address)?.id ?? null
}

function append(
  db: Db,
  mailboxId: number,
  { raw, flags, internalMs }: Parameters<MessageStore['append']>[1],
): Delivered | null {
  const account = db.one<{ address: Delivered['address'] }>(
    'SELECT address FROM mail_account WHERE id = (SELECT account_id FROM mailbox WHERE id = ?)',
    mailboxId,
  )
  if (!account) return null
  const row = { bodyId: insertBody(db, raw), flags: sorted(flags), internalMs, size: raw.length }
  const { uid, uidvalidity } = insertMessage(db, mailboxId, row, nextModseq(db))
  addKeywords(db, mailboxId, flags)
  return { address: account.address, mailboxId, uidValidity: uidvalidity, uid }
}

/** The UIDs come as one JSON row: a large mailbox opens several times faster than row by row. */
function openMailbox(db: Db, mailboxId: number): OpenedMailbox | null {
  const mailbox = findMailboxById(db, mailboxId)
  if (!mailbox) return null
  const sql =
    'SELECT json_group_array(uid) AS uids FROM (SELECT uid FROM mail_message WHERE mailbox_id = ? ORDER BY uid)'
  const uids = JSON.parse(db.one<{ uids: string }>(sql, mailboxId)?.uids ?? '[]') as number[]
  const firstUnseen = mailbox.unseen > 0 ? findFirstUnseen(db, mailboxId) : null
  return { mailbox, uids, firstUnseen }
}

function findFirstUnseen(db: Db, mailboxId: number): number | null {
  const sql = `SELECT uid FROM mail_message
    WHERE mailbox_id = ? AND instr(flags, '\\Seen') = 0 ORDER BY uid LIMIT 1`
  return db.one<{ uid: number }>(sql, mailboxId)?.uid ?? null
}

function changesSince(db: Db, mailboxId: number, modseq: number): MailboxChanges | null {
  const mailbox = findMailboxById(db, mailboxId)
  if (!mailbox) return null
  if (mailbox.modseq <= modseq) return { mailbox, changed: [], expunged: [] }
  const changed = db.all<MessageColumns>(
    `SELECT ${messageColumns} FROM mail_message WHERE mailbox_id = ? AND modseq > ?`,
    mailboxId,
    modseq,
  )
  const floor = db.one<{ expunged_floor: number }>(
    'SELECT expunged_floor FROM mailbox WHERE id = ?',
    mailboxId,
  )
  const gone = db.all<{ uid: number }>(
    'SELECT uid FROM mail_expunged WHERE mailbox_id = ? AND modseq > ?',
    mailboxId,
    modseq,
  )
  return {
    mailbox,
    changed: changed.map(asMessage).sort((a, b) => a.uid - b.uid),
    expunged: (floor?.expunged_floor ?? 0) > modseq ? null : gone.map(({ uid }) => uid),
  }
}

function storeFlags(db: Db, change: FlagChange): FlagChangeResult {
  const { mailboxId, uids, unchangedSince, etpOnly } = change
  const rows = uids.map((uid) => findMessage(db, mailboxId, uid)).filter((row) => row !== null)
  const allowed = etpOnly ? rows.filter((row) => isEtp(db, row)) : rows
  const refused = allowed.filter((row) => unchangedSince !== undefined && row.modseq > unchangedSince)
  const stale = new Set(refused.map(({ uid }) => uid))
  const changed: MessageRow[] = []
  let unseen = 0
  let modseq = 0
  for (const row of allowed) {
    if (stale.has(row.uid)) continue
    const flags = changedFlags(row.flags, change)
    if (flags.join(' ') === row.flags.join(' ')) {
      changed.push(row)
      continue
    }
    modseq ||= nextModseq(db)
    const sql = 'UPDATE mail_message SET flags = ?, modseq = ? WHERE mailbox_id = ? AND uid = ?'
    db.run(sql, flags.join(' '), modseq, mailboxId, row.uid)
    unseen += Number(row.flags.includes('\\Seen')) - Number(flags.includes('\\Seen'))
    changed.push({ ...row, flags, modseq })
  }
  if (modseq > 0) {
    db.run('UPDATE mailbox SET unseen = unseen + ?, modseq = ? WHERE id = ?', unseen, modseq, mailboxId)
    if (change.how !== 'remove') addKeywords(db, mailboxId, change.flags)
  }
  return { changed, refused: refused.map(({ uid }) => uid) }
}

function changedFlags(before: readonly string[], { how, flags }: FlagChange): string[] {
  if (how === 'set') return sorted(flags)
  if (how === 'add') return sorted([...before, ...flags])
  const removed = new Set(flags)
  return before.filter((flag) => !removed.has(flag))
}

const sorted = (flags: readonly string[]): string[] => [...new Set(flags)].sort()

function expunge(db: Db, mailboxId: number, only: { uids?: readonly number[]; etpOnly?: boolean }): number[] {
  const candidates = only.uids
    ? only.uids.map((uid) => findMessage(db, mailboxId, uid)).filter((row) => row !== null)
    : deletedRows(db, mailboxId)
  const rows = candidates
    .filter(({ flags }) => flags.includes('\\Deleted'))
    .filter((row) => !only.etpOnly || isEtp(db, row))
  removeMessages(db, mailboxId, rows)
  return rows.map(({ uid }) => uid)
}

const deletedRows = (db: Db, mailboxId: number): MessageRow[] =>
  db
    .all<MessageColumns>(
      `SELECT ${messageColumns} FROM mail_message WHERE mailbox_id = ? AND instr(flags, '\\Deleted') > 0`,
      mailboxId,
    )
    .map(asMessage)

const isEtp = (db: Db, { bodyId }: MessageRow): boolean =>
  db.one<{ etp: number }>('SELECT etp FROM mail_description WHERE body_id = ?', bodyId)?.etp === 1
