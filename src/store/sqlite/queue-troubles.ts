import type { QueueTroubles } from '../queue.ts'
import type { Db, SqlValue } from './database.ts'
import { live, select } from './queue-rows.ts'

export function troubled(db: Db, owedBeforeMs: number): QueueTroubles {
  const count = (where: string, ...values: SqlValue[]): number =>
    db.one<{ n: number }>(`SELECT count(*) AS n FROM queue_item WHERE ${where}`, ...values)?.n ?? 0
  const owed = "kind = 'policy' AND state IN ('waiting', 'out', 'refused') AND owed_since_ms < ?"
  return {
    refused: count("state = 'refused'"),
    setAside: count("state = 'set_aside'"),
    newestStopped:
      select(db, "WHERE state IN ('refused', 'set_aside') ORDER BY since_ms DESC, id DESC LIMIT 1")[0] ??
      null,
    owed: count(owed, owedBeforeMs),
    live: count(live),
    oldestOwed: select(db, `WHERE ${owed} ORDER BY owed_since_ms, id LIMIT 1`, owedBeforeMs)[0] ?? null,
  }
}
