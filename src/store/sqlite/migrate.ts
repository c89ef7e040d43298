import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { Fault } from '#kernel/fault.ts'
import { type Db, openDatabase } from './database.ts'

/** One step of the schema: plain SQL, applied once, never edited after a release. */
export interface Migration {
  readonly version: number
  readonly name: string
  readonly sql: string
  readonly sha256: string
}

interface Applied {
  version: number
  sha256: string
}

const directory = new URL('../../../migrations/sqlite/', import.meta.url)

/**
 * Brings the database at `path` to this version's schema, each step in a transaction of its own.
 * @returns the versions applied now
 * @throws Fault store.newer_schema, store.changed_migration
 */
export function migrate(path: string, nowMs: () => number): number[] {
  const db = openDatabase(path, 'write')
  try {
    db.script(
      'CREATE TABLE IF NOT EXISTS schema_migration(version INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_at_ms INTEGER NOT NULL) STRICT',
    )
    return readMigrations()
      .filter((migration) => applyOne(db, migration, nowMs()))
      .map(({ version }) => version)
  } finally {
    db.close()
  }
}

/** The migrations of this version, in order. */
export function readMigrations(): Migration[] {
  return readdirSync(directory)
    .filter((file) => /^\d{4}-[a-z0-9-]+\.sql$/.test(file))
    .sort()
    .map((file) => {
      const sql = readFileSync(new URL(file, directory), 'utf8')
      const sha256 = createHash('sha256').update(sql).digest('hex')
      return { version: Number(file.slice(0, 4)), name: file.slice(5, -4), sql, sha256 }
    })
}

/** Two processes may start at once: what is applied is looked at again inside the transaction. */
function applyOne(db: Db, migration: Migration, nowMs: number): boolean {
  db.script('BEGIN IMMEDIATE')
  try {
    const fresh = mustApply(db, migration)
    if (fresh) {
      db.script(migration.sql)
      const { version, name, sha256 } = migration
      db.run('INSERT INTO schema_migration VALUES (?, ?, ?, ?)', version, name, sha256, nowMs)
    }
    db.script('COMMIT')
    return fresh
  } catch (error) {
    db.script('ROLLBACK')
    throw error
  }
}

function mustApply(db: Db, migration: Migration): boolean {
  const newest = Math.max(...readMigrations().map(({ version }) => version))
  const beyond = db.one<Applied>('SELECT version, sha256 FROM schema_migration WHERE version > ?', newest)
  if (beyond) throw new Fault('store.newer_schema', `schema ${beyond.version}, this version knows ${newest}`)
  const known = db.one<Applied>(
    'SELECT version, sha256 FROM schema_migration WHERE version = ?',
    migration.version,
  )
  if (known && known.sha256 !== migration.sha256)
    throw new Fault('store.changed_migration', `migration ${migration.version} (${migration.name})`)
  return known === undefined
}
