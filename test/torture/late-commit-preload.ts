/**
 * Loaded into a server to break its first promise on purpose: the writer's thread answers before it commits, and
 * commits a moment later. With it the oracle must find something missing.
 */
import { isMainThread } from 'node:worker_threads'
import Sqlite from 'better-sqlite3'

/** How long an answered change is not yet anywhere but in memory. */
const lateMs = 150

const { prepare } = Sqlite.prototype
let open = false

function late(this: Sqlite.Database, sql: string): Sqlite.Statement {
  const statement: Sqlite.Statement = prepare.call(this, sql)
  const run = statement.run.bind(statement)
  const nothing: Sqlite.RunResult = { changes: 0, lastInsertRowid: 0 }
  if (sql === 'BEGIN IMMEDIATE') statement.run = () => (open ? nothing : run())
  if (sql === 'COMMIT')
    statement.run = () => {
      if (!open)
        setTimeout(() => {
          open = false
          run()
        }, lateMs)
      open = true
      return nothing
    }
  return statement
}

if (!isMainThread) Sqlite.prototype.prepare = late as typeof prepare
