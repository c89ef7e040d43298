/** Ways in which a disk, or somebody's hand, spoils a database file. */
import { closeSync, copyFileSync, openSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'

const pageBytes = 4096

/** Each spoils the database in a data directory that no server uses. */
export const damages: Readonly<Record<string, (data: string) => void>> = {
  'its header zeroed': (data) => overwrite(databaseOf(data), 0, Buffer.alloc(100)),
  'bytes flipped in the page of a table': (data) =>
    overwrite(databaseOf(data), pageOf(data, 'user'), noise(64)),
  'bytes flipped in the page of an index': (data) =>
    overwrite(databaseOf(data), pageOf(data, 'sqlite_autoindex_installation_1'), noise(64)),
  'its end cut off': (data) =>
    truncateSync(databaseOf(data), statSync(databaseOf(data)).size - 3 * pageBytes),
  'another file in its place': (data) =>
    writeFileSync(databaseOf(data), 'This is no database.\n'.repeat(500)),
  'garbage for a write-ahead log': (data) => writeFileSync(`${databaseOf(data)}-wal`, noise(20_000)),
  'nothing left of it': (data) => truncateSync(databaseOf(data), 0),
}

export const databaseOf = (data: string): string => join(data, 'postkey.db')

/** Everything is moved from the log into the file, so that the file can be spoilt. */
export function settle(data: string): void {
  const db = new Sqlite(databaseOf(data))
  db.pragma('wal_checkpoint(TRUNCATE)')
  db.close()
}

/** Puts the backup in the place of what is there, as docs/how-to/backup.md says. */
export function putBack(data: string, backup: string): void {
  copyFileSync(backup, databaseOf(data))
}

/** Where the first page of a table or index begins. */
function pageOf(data: string, name: string): number {
  const db = new Sqlite(databaseOf(data), { readonly: true })
  try {
    const row = db.prepare('SELECT rootpage FROM sqlite_master WHERE name = ?').pluck().get(name)
    if (typeof row !== 'number') throw new Error(`there is no ${name}`)
    return (row - 1) * pageBytes
  } finally {
    db.close()
  }
}

const noise = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, i) => (i * 37 + 91) % 256))

function overwrite(path: string, at: number, bytes: Buffer): void {
  const file = openSync(path, 'r+')
  try {
    writeSync(file, bytes, 0, bytes.length, at)
  } finally {
    closeSync(file)
  }
}
