/** Everything that is sealed in the database, sealed anew: batch by batch, so that a crash leaves each row whole. */
import { forgetSealedAnew } from './audit-notes.ts'
import type { Db, SqlValue } from './database.ts'

/** A column that holds sealed values, and how a row tells what its value was sealed for. */
export interface SealedPlace {
  readonly table: string
  readonly column: string
  /** The columns that name a row. */
  readonly keys: readonly string[]
  /** What else the context is made of, as an SQL expression over the table, called `also`. */
  readonly also?: string
  /** Only these rows. */
  readonly where?: string
  context(row: Readonly<Record<string, SqlValue>>): string
}

const batch = 500

/** `turn` gives the new form, or null where the value has it already. Returns how many rows were changed. */
export function reseal(
  db: Db,
  place: SealedPlace,
  turn: (context: string, sealed: Uint8Array) => Uint8Array | null,
): number {
  let changed = 0
  for (let offset = 0; ; offset += batch) {
    const rows = rowsFrom(db, place, offset)
    db.step('BEGIN IMMEDIATE')
    for (const row of rows) {
      const { sealed } = row
      const next = sealed instanceof Uint8Array ? turn(place.context(row), sealed) : null
      if (next) changed += put(db, place, row, next)
    }
    forgetSealedAnew(db)
    db.step('COMMIT')
    if (rows.length < batch) return changed
  }
}

type Row = Record<string, SqlValue>

function rowsFrom(db: Db, { table, column, keys, also, where }: SealedPlace, offset: number): Row[] {
  const columns = [...keys, `${column} AS sealed`, ...(also ? [`${also} AS also`] : [])].join(', ')
  const only = [`${column} IS NOT NULL`, ...(where ? [where] : [])].join(' AND ')
  const sql = `SELECT ${columns} FROM ${table} WHERE ${only} ORDER BY ${keys.join(', ')} LIMIT ? OFFSET ?`
  return db.all<Row>(sql, batch, offset)
}

/** Whoever wrote the row meanwhile has sealed it under the new key already. */
function put(db: Db, { table, column, keys }: SealedPlace, row: Row, next: Uint8Array): number {
  const named = keys.map((key) => `${key} = ?`).join(' AND ')
  const values = keys.map((key) => row[key] ?? null)
  return db.run(
    `UPDATE ${table} SET ${column} = ? WHERE ${named} AND ${column} = ?`,
    next,
    ...values,
    row.sealed ?? null,
  )
}
