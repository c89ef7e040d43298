import Sqlite from 'better-sqlite3'
import { Fault } from '#kernel/fault.ts'

export type SqlValue = string | number | bigint | null | Uint8Array
type Row = Record<string, unknown>

/** One connection with its prepared statements kept; statements are prepared once per text. */
export interface Db {
  /** The first row, or undefined. `T` names the columns as the SQL returns them. */
  one<T extends object>(sql: string, ...values: SqlValue[]): T | undefined
  all<T extends object>(sql: string, ...values: SqlValue[]): T[]
  /** Runs a statement that changes rows; returns how many changed. */
  run(sql: string, ...values: SqlValue[]): number
  /** As `run`, and returns the rowid of the row it inserted. */
  insert(sql: string, ...values: SqlValue[]): number
  script(sql: string): void
  /** One statement without values that is run again and again: `BEGIN`, `SAVEPOINT` … */
  step(sql: string): void
  backup(path: string): Promise<void>
  close(): void
}

/**
 * Opens `path` in WAL mode with `synchronous=FULL`: a commit has reached the disk when it returns.
 * @throws Fault store.unavailable, store.damaged
 */
export function openDatabase(path: string, mode: 'write' | 'read'): Db {
  return guarded(() => {
    const raw = new Sqlite(path, { readonly: mode === 'read', timeout: 10_000 })
    if (mode === 'write') raw.pragma('journal_mode = WAL')
    raw.pragma('synchronous = FULL')
    raw.pragma('foreign_keys = ON')
    raw.pragma('cache_size = -16000')
    return wrap(raw)
  })
}

function wrap(raw: Sqlite.Database): Db {
  const kept = new Map<string, Sqlite.Statement<unknown[], Row>>()
  const prepared = (sql: string) => {
    const known = kept.get(sql)
    if (known) return known
    const made = raw.prepare<unknown[], Row>(plannedOnce(sql))
    kept.set(sql, made)
    return made
  }
  return {
    one: <T extends object>(sql: string, ...values: SqlValue[]) =>
      guarded(() => plain(prepared(sql).get(...values)) as T | undefined),
    all: <T extends object>(sql: string, ...values: SqlValue[]) =>
      guarded(
        () =>
          prepared(sql)
            .all(...values)
            .map(plain) as T[],
      ),
    run: (sql, ...values) => guarded(() => prepared(sql).run(...values).changes),
    insert: (sql, ...values) => guarded(() => Number(prepared(sql).run(...values).lastInsertRowid)),
    script: (sql) => guarded(() => void raw.exec(sql)),
    step: (sql) => guarded(() => void prepared(sql).run()),
    backup: async (path) => void (await raw.backup(path)),
    close: () => void raw.close(),
  }
}

/**
 * SQLite with STAT4 plans what has a join, a subquery or an ORDER BY anew for each value of a bare parameter: 20 µs where
 * the statement itself takes 3. A plus, which does nothing to any value, hides the parameter from that.
 */
const plannedOnce = (sql: string): string =>
  sql.replace(/'[^']*'|\?/g, (piece) => (piece === '?' ? '(+?)' : piece))

/** Columns arrive as Buffers; the rest of Postkey knows Uint8Array only, which survives a worker's border. */
function plain<T extends Row | undefined>(row: T): T {
  if (row === undefined) return row
  const columns: Row = row
  for (const name in columns) {
    const value = columns[name]
    if (Buffer.isBuffer(value)) columns[name] = new Uint8Array(value)
  }
  return row
}

function guarded<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw asFault(error)
  }
}

/** SQLite's own failures as faults; a broken constraint is our mistake and stays what it is. */
export function asFault(error: unknown): unknown {
  if (!(error instanceof Sqlite.SqliteError)) return error
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(error.code)) return new Fault('store.damaged', error.code, error)
  if (/^SQLITE_(CONSTRAINT|ERROR|MISUSE|RANGE|MISMATCH)/.test(error.code)) return error
  if (error.code === 'SQLITE_FULL') return new Fault('store.full', error.code, error)
  return new Fault('store.unavailable', error.code, error)
}
