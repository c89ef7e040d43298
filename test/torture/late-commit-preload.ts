/**
 * Loaded into a server to break its first promise on purpose: the writer's thread answers before it commits, and
 * commits a moment later. With it the oracle must find something missing.
 */
import { isMainThread } from 'node:worker_threads'
import Sqlite from 'better-sqlite3'

/** How long an answered change is not yet anywhere but in memory. */
const lateMs = 150

const exec = Sqlite.prototype.exec
let open = false

function late(this: Sqlite.Database, sql: string): Sqlite.Database {
  if (sql === 'BEGIN IMMEDIATE' && open) return this
  if (sql !== 'COMMIT') return exec.call(this, sql)
  if (!open)
    setTimeout(() => {
      open = false
      exec.call(this, 'COMMIT')
    }, lateMs)
  open = true
  return this
}

if (!isMainThread) Sqlite.prototype.exec = late
