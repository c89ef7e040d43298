import { assert } from '#kernel/assert.ts'
import type { MailAddress } from '#kernel/brand.ts'
import type { MailboxRow, MailboxStore } from '../mail.ts'
import type { Sync } from './aggregate.ts'
import type { Db } from './database.ts'
import { dropUnusedBodies } from './mail-bodies.ts'
import { moveMessages } from './mail-copies.ts'
import {
  asMailbox,
  findMailboxById,
  findMailboxByPath,
  insertMailbox,
  listMailboxRows,
  mailboxColumns,
  nextModseq,
} from './mail-rows.ts'

type InboxColumns = Parameters<typeof asMailbox>[0] & { address: MailAddress }

export function mailMailboxes(db: Db): Sync<MailboxStore> {
  return {
    listMailboxes: (accountId) => listMailboxRows(db, accountId),
    findMailbox: (accountId, path) => findMailboxByPath(db, accountId, path),
    listInboxes: (prefix, after, limit) => listInboxes(db, prefix, after, limit),
    createMailbox: (accountId, path, nowMs) => createWithParents(db, accountId, path, nowMs),
    deleteMailbox: (mailboxId) => deleteMailbox(db, mailboxId),
    renameMailbox: (accountId, from, to, nowMs) => rename(db, { accountId, from, to, nowMs }),
    listSubscriptions: (accountId) =>
      db
        .all<{ path: string }>(
          'SELECT path FROM mail_subscription WHERE account_id = ? ORDER BY path',
          accountId,
        )
        .map(({ path }) => path),
    subscribe: (accountId, path, subscribed) => {
      const sql = subscribed
        ? 'INSERT INTO mail_subscription (account_id, path) VALUES (?, ?) ON CONFLICT DO NOTHING'
        : 'DELETE FROM mail_subscription WHERE account_id = ? AND path = ?'
      db.run(sql, accountId, path)
    },
    changedMailboxes: (modseq) =>
      db.all<{ id: number; modseq: number }>(
        'SELECT id, modseq FROM mailbox WHERE modseq > ? ORDER BY modseq',
        modseq,
      ),
    newestModseq: () => db.one<{ modseq: number }>('SELECT modseq FROM mail_counter')?.modseq ?? 0,
  }
}

function listInboxes(db: Db, prefix: string, after: string, limit: number) {
  const sql = `SELECT a.address, ${mailboxColumns} FROM mail_account a
    JOIN mailbox ON mailbox.account_id = a.id AND mailbox.path = 'INBOX'
    WHERE a.address > ? AND a.address >= ? AND a.address < ? ORDER BY a.address LIMIT ?`
  return db
    .all<InboxColumns>(sql, after, prefix, `${prefix}\u{10ffff}`, limit)
    .map((row) => ({ address: row.address, inbox: asMailbox(row) }))
}

function createWithParents(db: Db, accountId: number, path: string, nowMs: number): MailboxRow | null {
  if (findMailboxByPath(db, accountId, path)) return null
  const names = path.split('/')
  for (let depth = 1; depth <= names.length; depth += 1) {
    const parent = names.slice(0, depth).join('/')
    if (findMailboxByPath(db, accountId, parent)) continue
    insertMailbox(db, { accountId, path: parent, specialUse: null, nowMs })
  }
  return findMailboxByPath(db, accountId, path)
}

function deleteMailbox(db: Db, mailboxId: number): boolean {
  if (!findMailboxById(db, mailboxId)) return false
  const bodies = db.all<{ body_id: number }>(
    'SELECT body_id FROM mail_message WHERE mailbox_id = ?',
    mailboxId,
  )
  db.run('DELETE FROM mail_message WHERE mailbox_id = ?', mailboxId)
  db.run('DELETE FROM mailbox WHERE id = ?', mailboxId)
  dropUnusedBodies(
    db,
    bodies.map((row) => row.body_id),
  )
  return true
}

interface Renaming {
  readonly accountId: number
  readonly from: string
  readonly to: string
  readonly nowMs: number
}

function rename(db: Db, { accountId, from, to, nowMs }: Renaming): 'renamed' | 'missing' | 'exists' {
  const source = findMailboxByPath(db, accountId, from)
  if (!source) return 'missing'
  if (findMailboxByPath(db, accountId, to)) return 'exists'
  if (from === 'INBOX') return renameInbox(db, source, to, nowMs)
  const parent = to.slice(0, Math.max(0, to.lastIndexOf('/')))
  if (parent) createWithParents(db, accountId, parent, nowMs)
  const inferior = `${from}/`
  const sql = `UPDATE mailbox SET path = ? || substr(path, ?), modseq = ?
    WHERE account_id = ? AND (path = ? OR substr(path, 1, ?) = ?)`
  db.run(sql, to, from.length + 1, nextModseq(db), accountId, from, inferior.length, inferior)
  return 'renamed'
}

function renameInbox(db: Db, inbox: MailboxRow, to: string, nowMs: number): 'renamed' {
  const target = createWithParents(db, inbox.accountId, to, nowMs)
  assert(target, 'the new name was free')
  const uids = db.all<{ uid: number }>(
    'SELECT uid FROM mail_message WHERE mailbox_id = ? ORDER BY uid',
    inbox.id,
  )
  moveMessages(
    db,
    inbox.id,
    uids.map(({ uid }) => uid),
    target.id,
  )
  return 'renamed'
}
