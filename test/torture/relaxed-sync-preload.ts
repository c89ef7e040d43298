/** Loaded into a server to break its first promise on purpose: commits no longer wait for the disk. */
import Sqlite from 'better-sqlite3'

const { pragma } = Sqlite.prototype

Sqlite.prototype.pragma = function relaxed(this: Sqlite.Database, source, options) {
  return pragma.call(this, source === 'synchronous = FULL' ? 'synchronous = NORMAL' : source, options)
}
