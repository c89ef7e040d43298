import type { ActivationId, Pin } from '#kernel/brand.ts'
import type { Delivery, DeliveryStore, NewDelivery, ReceiptChange, Until } from '../deliveries.ts'
import type { Aggregate } from './aggregate.ts'
import type { Db, SqlValue } from './database.ts'

interface DeliveryRow {
  id: number
  key: string
  txn: ActivationId | null
  message: Delivery['of']
  pin: Pin | null
  token: Uint8Array | null
  payload: Uint8Array
  until: Until
  first_at_ms: number
  ends_at_ms: number
  kid: number | null
  seq: number | null
  tag: Uint8Array | null
  attempts: number
  sent_at_ms: number | null
  receipt: number | null
  receipt_at_ms: number | null
  receipt_since_ms: number | null
  next_at_ms: number
  state: Delivery['state']
}

/** Receipts of docs/protocol.md, "Relay". */
const [stored, delivered, notListed, fenced] = [0, 1, 3, 5]

export const deliveries: Aggregate<DeliveryStore> = {
  reads: ['due', 'nextDueAtMs', 'countRunning', 'byKey', 'byMid', 'byPacket', 'runningFor'],
  make: (db) => ({
    due: (nowMs, limit) =>
      select(db, "WHERE state = 'running' AND next_at_ms <= ? ORDER BY next_at_ms, id LIMIT ?", nowMs, limit),
    nextDueAtMs: () =>
      db.one<{ at: number | null }>("SELECT min(next_at_ms) AS at FROM delivery WHERE state = 'running'")
        ?.at ?? null,
    countRunning: () =>
      db.one<{ n: number }>("SELECT count(*) AS n FROM delivery WHERE state = 'running'")?.n ?? 0,
    byKey: (key) => select(db, 'WHERE key = ?', key)[0] ?? null,
    byMid: (mid) =>
      select(db, 'WHERE id = (SELECT delivery_id FROM delivery_mid WHERE mid = ?)', mid)[0] ?? null,
    byPacket: (pin, kid, seq) =>
      select(db, 'WHERE pin = ? AND kid = ? AND seq = ? LIMIT 1', pin, kid, seq)[0] ?? null,
    runningFor: (who) =>
      'pin' in who
        ? select(db, "WHERE pin = ? AND state = 'running' ORDER BY id", who.pin)
        : select(db, "WHERE txn = ? AND state = 'running' ORDER BY id", who.txn),
    attempted: (id, mids, nowMs, nextAtMs) => attempted(db, id, mids, nowMs, nextAtMs),
    putOff: (id, nextAtMs) => void db.run('UPDATE delivery SET next_at_ms = ? WHERE id = ?', nextAtMs, id),
    hurry: (key, atMs) =>
      void db.run("UPDATE delivery SET next_at_ms = ? WHERE key = ? AND state = 'running'", atMs, key),
    again: (key, atMs, endsAtMs) => {
      forgetCopiesTaken(db, key)
      db.run(
        `UPDATE delivery SET next_at_ms = ?, state = 'running', until = 'receipt', ends_at_ms = max(ends_at_ms, ?)
         WHERE key = ?`,
        ...[atMs, endsAtMs, key],
      )
    },
    hurryAtLogin: (nowMs) =>
      void db.run(
        `UPDATE delivery SET next_at_ms = ?, receipt_at_ms = CASE receipt WHEN ? THEN NULL ELSE receipt_at_ms END
         WHERE state = 'running' AND next_at_ms > ? AND (sent_at_ms IS NOT NULL OR first_at_ms > ?)
           AND (receipt_at_ms IS NULL OR receipt_at_ms < sent_at_ms OR sent_at_ms > ? OR receipt_at_ms > ?
             OR receipt IN (?, ?, ?))`,
        ...[nowMs, stored, nowMs, nowMs, nowMs, nowMs, stored, fenced, notListed],
      ),
    hurryFor: (pin, nowMs, pauseMs) =>
      void db.run(
        `UPDATE delivery SET next_at_ms = ? WHERE pin = ? AND state = 'running' AND until = 'answer'
           AND kid IS NOT NULL AND receipt = ? AND next_at_ms > ? AND abs(? - sent_at_ms) >= ?`,
        ...[nowMs, pin, delivered, nowMs, nowMs, pauseMs],
      ),
    hurryAll: (nowMs) =>
      void db.run("UPDATE delivery SET next_at_ms = ?, receipt_at_ms = NULL WHERE state = 'running'", nowMs),
    bringForward: (byMs) =>
      void db.run("UPDATE delivery SET next_at_ms = next_at_ms - ? WHERE state = 'running'", byMs),
    end: (id, state) =>
      void db.run("UPDATE delivery SET state = ? WHERE id = ? AND state = 'running'", state, id),
  }),
}

/**
 * Queues a delivery. One with the same key goes out again instead, with the same bytes, over the newest
 * route, also where it had already come to its end: somebody asked for it again. Another route begins another
 * attempt, without frame ids yet: to the relay, the old ids belong to frames for the old route.
 */
export function addDelivery(db: Db, delivery: NewDelivery, nowMs: number): void {
  const { to, packet, firstCopy } = delivery
  const known = db.one('SELECT 1 FROM delivery WHERE key = ?', delivery.key) !== undefined
  if (known) forgetCopiesTaken(db, delivery.key)
  db.run(
    `INSERT INTO delivery(key, txn, message, pin, token, payload, until, first_at_ms, ends_at_ms, kid, seq, tag, next_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT(key) DO UPDATE SET next_at_ms = ?, state = 'running',
       attempts = attempts + (coalesce(excluded.pin, pin) IS NOT pin OR excluded.token IS NOT token),
       pin = coalesce(excluded.pin, pin), token = excluded.token, ends_at_ms = max(ends_at_ms, excluded.ends_at_ms)`,
    delivery.key,
    delivery.txn,
    delivery.of,
    'pin' in to ? to.pin : null,
    'token' in to ? to.token : null,
    delivery.payload,
    delivery.until,
    delivery.firstAtMs,
    delivery.endsAtMs,
    packet?.kid ?? null,
    packet?.seq ?? null,
    packet?.tag ?? null,
    delivery.firstAtMs,
    nowMs,
  )
  if (known || !firstCopy) return
  const row = db.one<{ id: number }>('SELECT id FROM delivery WHERE key = ?', delivery.key)
  if (row) attempted(db, row.id, firstCopy.mids, nowMs, firstCopy.nextAtMs)
}

/** What the relay says later of a copy that it took must not pass for its word on the next one. */
function forgetCopiesTaken(db: Db, key: string): void {
  db.run(
    `DELETE FROM delivery_mid
     WHERE delivery_id = (SELECT id FROM delivery WHERE key = ? AND receipt_at_ms >= sent_at_ms)`,
    key,
  )
}

function attempted(db: Db, id: number, mids: readonly Uint8Array[], nowMs: number, nextAtMs: number): void {
  // Whatever the date says: what was heard so far was heard of an older copy.
  db.run(
    `UPDATE delivery SET attempts = attempts + 1, sent_at_ms = ?, next_at_ms = ?,
       receipt_at_ms = min(receipt_at_ms, ? - 1) WHERE id = ?`,
    ...[nowMs, nextAtMs, nowMs, id],
  )
  for (const [part, mid] of mids.entries())
    db.run(
      'INSERT INTO delivery_mid SELECT ?, id, attempts, ? FROM delivery WHERE id = ? ON CONFLICT DO NOTHING',
      mid,
      part,
      id,
    )
}

/** A delivery that waited for this receipt only is done. It is of the newest copy, though the date was set back since. */
export function noteReceipt(db: Db, receipt: ReceiptChange): void {
  const { deliveryId, status, atMs, nextAtMs } = receipt
  db.run(
    `UPDATE delivery SET receipt_since_ms = CASE WHEN receipt = ? THEN receipt_since_ms ELSE ? END,
       receipt = ?, receipt_at_ms = max(?, ifnull(sent_at_ms, 0)), next_at_ms = coalesce(?, next_at_ms)
     WHERE id = ?`,
    status,
    atMs,
    status,
    atMs,
    nextAtMs,
    deliveryId,
  )
  if (status === 0 || status === 1)
    db.run(
      "UPDATE delivery SET state = 'answered' WHERE id = ? AND until != 'answer' AND state = 'running'",
      deliveryId,
    )
}

function select(db: Db, where: string, ...values: SqlValue[]): Delivery[] {
  return db.all<DeliveryRow>(`SELECT * FROM delivery ${where}`, ...values).map((row) => fromRow(db, row))
}

function fromRow(db: Db, row: DeliveryRow): Delivery {
  const mids = db
    .all<{ mid: Uint8Array }>(
      'SELECT mid FROM delivery_mid WHERE delivery_id = ? AND attempt = ? ORDER BY part',
      row.id,
      row.attempts,
    )
    .map(({ mid }) => mid)
  const { kid, seq, tag } = row
  return {
    id: row.id,
    key: row.key,
    txn: row.txn,
    of: row.message,
    to: row.pin !== null ? { pin: row.pin } : { token: row.token ?? new Uint8Array() },
    payload: row.payload,
    until: row.until,
    firstAtMs: row.first_at_ms,
    endsAtMs: row.ends_at_ms,
    ...(kid !== null && seq !== null && tag !== null ? { packet: { kid, seq, tag } } : {}),
    attempts: row.attempts,
    mids,
    sentAtMs: row.sent_at_ms,
    receipt: row.receipt,
    receiptAtMs: row.receipt_at_ms,
    receiptSinceMs: row.receipt_since_ms,
    nextAtMs: row.next_at_ms,
    state: row.state,
  }
}
