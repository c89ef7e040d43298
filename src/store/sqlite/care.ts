/** Looking after a database file: is it whole, which schema does it have, and a consistent copy of it. */
import { closeSync, existsSync, openSync, statSync } from 'node:fs'
import { Fault } from '#kernel/fault.ts'
import { fileFault } from '#kernel/file-fault.ts'
import { openDatabase } from './database.ts'
import { readMigrations } from './migrate.ts'
import { markBackup } from './restore.ts'
import { headerProblem } from './soundness.ts'

/** What is wrong with the database at `path`, in words; empty where nothing is. */
export function verifyDatabase(path: string): string[] {
  if (!existsSync(path)) return [`${path} does not exist`]
  const header = headerProblem(path)
  if (header) return [header]
  try {
    const db = openDatabase(path, 'read')
    try {
      const integrity = db.all<{ integrity_check: string }>('PRAGMA integrity_check(20)')
      const foreign = db.all<{ table: string }>('PRAGMA foreign_key_check')
      return [
        ...integrity.map((row) => row.integrity_check).filter((text) => text !== 'ok'),
        ...foreign.map(({ table }) => `a row of ${table} refers to nothing`),
      ]
    } finally {
      db.close()
    }
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
}

/** The newest schema version this program knows. */
export const newestVersion = (): number => Math.max(...readMigrations().map(({ version }) => version))

/**
 * Makes the file a backup is to be written to, for its owner alone: it holds users' mail.
 * @throws Fault admin.file where it exists already or cannot be made
 */
export function newBackupFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    throw fileFault(path, error)
  }
}

/**
 * Marks a copy that was just written as a backup, and checks it, so that one that cannot be restored is never
 * reported as one.
 * @returns its size in bytes
 * @throws Fault store.damaged
 */
export function finishBackup(path: string): number {
  const copy = openDatabase(path, 'write')
  try {
    markBackup(copy)
    // One file and no more: a log beside it would be lost when the backup is copied.
    copy.script('PRAGMA journal_mode = DELETE')
  } finally {
    copy.close()
  }
  const problems = verifyDatabase(path)
  if (problems.length > 0) throw new Fault('store.damaged', `${path}: ${problems[0]}`)
  return statSync(path).size
}
