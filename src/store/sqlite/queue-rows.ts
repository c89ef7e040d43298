import type { Pin } from '#kernel/brand.ts'
import type { ItemState, QueueItem } from '../queue.ts'
import type { Db, SqlValue } from './database.ts'

interface ItemRow {
  id: number
  pin: Pin
  user_id: number
  kind: QueueItem['kind']
  command: QueueItem['command']
  sealed: Uint8Array | null
  digest: string
  state: ItemState
  since_ms: number
  queued_at_ms: number
  owed_since_ms: number
  due_at_ms: number | null
  tries: number
  failures: number
  number: number | null
  delivery_key: string | null
  status: number | null
  code: QueueItem['code']
  left_out: string
}

export const live = "state IN ('waiting', 'out')"
export const open = "state IN ('waiting', 'out', 'refused', 'set_aside')"

export function select(db: Db, where: string, ...values: SqlValue[]): QueueItem[] {
  return db.all<ItemRow>(`SELECT * FROM queue_item ${where}`, ...values).map(fromRow)
}

const fromRow = (row: ItemRow): QueueItem => ({
  id: row.id,
  pin: row.pin,
  userId: row.user_id,
  kind: row.kind,
  command: row.command,
  sealed: row.sealed,
  digest: row.digest,
  state: row.state,
  sinceMs: row.since_ms,
  queuedAtMs: row.queued_at_ms,
  owedSinceMs: row.owed_since_ms,
  dueAtMs: row.due_at_ms,
  tries: row.tries,
  failures: row.failures,
  number: row.number,
  deliveryKey: row.delivery_key,
  status: row.status,
  code: row.code,
  leftOut: JSON.parse(row.left_out) as string[],
})

/** A debt is as old as its first part; what could not be made was never the handheld's. */
export const owedSinceMs = (superseded: readonly QueueItem[], nowMs: number): number =>
  superseded.reduce(
    (sinceMs, item) => (item.state === 'set_aside' ? sinceMs : Math.min(sinceMs, item.owedSinceMs)),
    nowMs,
  )
