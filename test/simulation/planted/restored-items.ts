/** For mistakes that leave in the queue what a commit takes out of it. */
import type { SqlValue } from '#store/sqlite/database.ts'
import { openDatabase } from '#store/sqlite/database.ts'

interface Kept {
  readonly id: number
  readonly sealed: Uint8Array | null
}

/** Makes the call, and puts back what had been waiting or out for this handheld. */
export async function keepingItems(
  databasePath: string,
  pin: string,
  kind: string,
  make: () => Promise<unknown>,
): Promise<unknown> {
  const select = `SELECT id, sealed FROM queue_item WHERE pin = ? AND kind LIKE ? AND state IN ('waiting', 'out')`
  const kept = inDatabase(databasePath, 'read', (db) => db.all<Kept>(select, pin, kind))
  const value = await make()
  inDatabase(databasePath, 'write', (db) => {
    for (const { id, sealed } of kept) {
      const values: SqlValue[] = [0, sealed, id]
      db.run("UPDATE queue_item SET state = 'waiting', due_at_ms = ?, sealed = ? WHERE id = ?", ...values)
    }
  })
  return value
}

function inDatabase<T>(
  path: string,
  how: 'read' | 'write',
  work: (db: ReturnType<typeof openDatabase>) => T,
): T {
  const db = openDatabase(path, how)
  try {
    return work(db)
  } finally {
    db.close()
  }
}
