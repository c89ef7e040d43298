import type { Cursor, Watch, WatchStore } from '../watches.ts'
import type { Aggregate } from './aggregate.ts'
import type { Db } from './database.ts'

interface WatchRow {
  owner: string
  folder: string
  uid_validity: number
  next_uid: number
  looked_at_ms: number | null
}

export const watches: Aggregate<WatchStore> = {
  reads: ['find', 'list'],
  make: (db) => ({
    find: (owner, folder) => {
      const row = db.one<WatchRow>('SELECT * FROM watch WHERE owner = ? AND folder = ?', owner, folder)
      return row ? fromRow(row) : null
    },
    list: () => db.all<WatchRow>('SELECT * FROM watch ORDER BY owner, folder').map(fromRow),
    move: (cursors, nowMs) => {
      for (const cursor of cursors) putCursor(db, cursor, nowMs)
    },
    looked: (owners, folder, nowMs) => {
      for (const owner of owners)
        db.run('UPDATE watch SET looked_at_ms = ? WHERE owner = ? AND folder = ?', nowMs, owner, folder)
    },
    remove: (owner) => void db.run('DELETE FROM watch WHERE owner = ?', owner),
  }),
}

/** Moves a cursor forward; within one UIDVALIDITY it never goes back, whoever is late. */
export function putCursor(db: Db, cursor: Cursor, nowMs: number): void {
  db.run(
    `INSERT INTO watch VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
       next_uid = CASE WHEN uid_validity = excluded.uid_validity THEN max(next_uid, excluded.next_uid) ELSE excluded.next_uid END,
       uid_validity = excluded.uid_validity, looked_at_ms = excluded.looked_at_ms`,
    cursor.owner,
    cursor.folder,
    cursor.uidValidity,
    cursor.nextUid,
    nowMs,
  )
}

const fromRow = (row: WatchRow): Watch => ({
  owner: row.owner,
  folder: row.folder,
  uidValidity: row.uid_validity,
  nextUid: row.next_uid,
  lookedAtMs: row.looked_at_ms,
})
