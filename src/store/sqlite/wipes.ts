/** When a handheld that has taken a wipe must be empty, and what puts that in doubt. */
import type { Pin } from '#kernel/brand.ts'
import type { AccountChange } from '../handhelds.ts'
import type { Db } from './database.ts'

const minuteMs = 60_000
/** So long an answer may be on its way: then the account ends without one. */
const doubtMs = 30 * 24 * 60 * minuteMs
/** Receipts of docs/protocol.md, "Relay". A restored relay says it too, for a while. */
const notListed = 3
const notListedForMs = 60 * minuteMs

/**
 * It was told to forget the wipe and has not answered: nobody here knows whether the word came in time, whatever became of
 * it here after it was sent. Where the relay says that it lists no server any more, it came too late.
 */
const inDoubt = `EXISTS (SELECT 1 FROM queue_item q LEFT JOIN delivery d ON d.key = q.delivery_key
  WHERE q.pin = handheld.pin AND q.command = 'cancel_wipe' AND q.number IS NOT NULL
    AND q.state NOT IN ('done', 'refused')
    AND q.id > (SELECT max(w.id) FROM queue_item w WHERE w.pin = q.pin AND w.command = 'wipe' AND w.state = 'done')
    AND NOT (d.receipt IS ${notListed} AND d.receipt_at_ms - d.receipt_since_ms >= ${notListedForMs}))`
const overAtMs = `wipe_at_ms + CASE WHEN ${inDoubt} THEN ${doubtMs} ELSE 0 END`

/** Handhelds that must be empty by now. */
export const wipedBy = (db: Db, nowMs: number): readonly Pin[] =>
  db
    .all<{ pin: Pin }>(
      `SELECT pin FROM handheld WHERE state = 'active' AND wipe_at_ms <= ? AND ${overAtMs} <= ?`,
      ...[nowMs, nowMs],
    )
    .map(({ pin }) => pin)

/** When the next one must be. */
export const nextWipeAtMs = (db: Db): number | null =>
  db.one<{ at: number | null }>(
    `SELECT min(${overAtMs}) AS at FROM handheld WHERE state = 'active' AND wipe_at_ms IS NOT NULL`,
  )?.at ?? null

/** Answers may come in another order than the commands were carried out: the newest command that was decides. */
export const setWipe = (db: Db, { pin, item, atMs }: Extract<AccountChange, { kind: 'wipe' }>): void =>
  void db.run(
    `UPDATE handheld SET wipe_at_ms = ? WHERE pin = ? AND state = 'active' AND NOT EXISTS
       (SELECT 1 FROM queue_item q WHERE q.pin = handheld.pin AND q.id > ? AND q.state = 'done'
          AND q.command IN ('wipe', 'cancel_wipe'))`,
    ...[atMs, pin, item],
  )
