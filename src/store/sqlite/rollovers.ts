import type { Pin } from '#kernel/brand.ts'
import type { KeptRollover, RolloverChange, RolloverStore } from '../rollovers.ts'
import type { Aggregate } from './aggregate.ts'
import type { Db } from './database.ts'
import { sealAnewUnder } from './queue.ts'

interface RolloverRow {
  pin: Pin
  txn: KeptRollover['txn']
  version: number
  side: KeptRollover['side']
  phase: KeptRollover['phase']
  old_kid: number
  new_kid: number
  offer: Uint8Array
  answer: Uint8Array | null
  heard_seq: number | null
  done_sent: number
  done_seen: number
  started_at_ms: number
  phase_at_ms: number
  sealed: Uint8Array | null
  answer_payload: Uint8Array | null
  check_payload: Uint8Array | null
  done_payload: Uint8Array | null
}

const unfinished = "phase IN ('offered', 'answered', 'checking', 'switched')"

/** So close to 2^32 packets under one key it is time for the next. */
const packetsMax = 2 ** 32 - 2 ** 20

/** Ids of keys that are gone are remembered for so many keys of a handheld: more than a lifetime of monthly ones. */
const spentMax = 256

export const rollovers: Aggregate<RolloverStore> = {
  reads: ['of', 'unfinished', 'list', 'due', 'isUsed'],
  make: (db) => ({
    of: (pin) => select(db, 'WHERE pin = ?', pin)[0] ?? null,
    unfinished: () => select(db, `WHERE ${unfinished} ORDER BY phase_at_ms`),
    list: () => select(db, 'ORDER BY pin'),
    due: ({ madeBeforeMs, limit }) =>
      db
        .all<{ pin: Pin }>(
          `SELECT k.pin FROM master_key k JOIN handheld h ON h.pin = k.pin AND h.txn = k.txn
           WHERE h.state = 'active' AND k.state = 'current'
             AND (k.roll_wanted_at_ms IS NOT NULL OR k.current_since_ms <= ? OR k.next_seq % 4294967296 >= ?)
             AND NOT EXISTS (SELECT 1 FROM rollover r WHERE r.pin = k.pin AND r.${unfinished})
           ORDER BY k.current_since_ms LIMIT ?`,
          madeBeforeMs,
          packetsMax,
          limit,
        )
        .map(({ pin }) => pin),
    want: (pins, nowMs) =>
      pins.reduce(
        (sum, pin) =>
          sum +
          db.run(
            "UPDATE master_key SET roll_wanted_at_ms = ? WHERE pin = ? AND state = 'current'",
            nowMs,
            pin,
          ),
        0,
      ),
    isUsed: (pin, kid) =>
      db.one(
        'SELECT 1 FROM master_key WHERE pin = ? AND kid = ? UNION ALL SELECT 1 FROM spent_kid WHERE pin = ? AND kid = ?',
        pin,
        kid,
        pin,
        kid,
      ) !== undefined,
  }),
}

/** False where somebody else wrote first. */
export function writeRollover(db: Db, { before, next }: RolloverChange): boolean {
  const columns = [
    next.txn,
    (before?.version ?? 0) + 1,
    next.side,
    next.phase,
    next.oldKid,
    next.newKid,
    next.offer,
    next.answer,
    next.heardSeq,
    next.doneSent ? 1 : 0,
    next.doneSeen ? 1 : 0,
    next.startedAtMs,
    next.phaseAtMs,
    next.sealed,
    next.answerPayload,
    next.checkPayload,
    next.donePayload,
  ]
  const changed = before
    ? db.run(
        `UPDATE rollover SET txn = ?, version = ?, side = ?, phase = ?, old_kid = ?, new_kid = ?, offer = ?, answer = ?,
           heard_seq = ?, done_sent = ?, done_seen = ?, started_at_ms = ?, phase_at_ms = ?, sealed = ?,
           answer_payload = ?, check_payload = ?, done_payload = ?
         WHERE pin = ? AND version = ? AND new_kid = ?`,
        ...columns,
        next.pin,
        before.version,
        before.newKid,
      )
    : db.run(
        'INSERT INTO rollover VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
        next.pin,
        ...columns,
      )
  return changed === 1
}

/** The new key takes the place of the current one, which is kept for what is still on its way. False: one is gone. */
export function switchKey(db: Db, pin: Pin, kid: number, nowMs: number): boolean {
  const old = db.run(
    "UPDATE master_key SET state = 'previous', roll_wanted_at_ms = NULL WHERE pin = ? AND state = 'current'",
    pin,
  )
  const now = db.run(
    "UPDATE master_key SET state = 'current', current_since_ms = ? WHERE pin = ? AND kid = ? AND state = 'pending'",
    nowMs,
    pin,
    kid,
  )
  return old === 1 && now === 1
}

/** A key of a rollover goes. What was sealed under it and waits for its acknowledgement runs out in its own time. */
export function eraseRolledKey(db: Db, pin: Pin, kid: number, nowMs: number): void {
  sealAnewUnder(db, pin, kid, nowMs)
  db.run('DELETE FROM master_key WHERE pin = ? AND kid = ?', pin, kid)
  db.run('DELETE FROM inbound_answer WHERE pin = ? AND kid = ?', pin, kid)
  db.run('INSERT INTO spent_kid VALUES (?, ?, ?) ON CONFLICT DO NOTHING', pin, kid, nowMs)
  db.run(
    `DELETE FROM spent_kid WHERE pin = ? AND kid NOT IN (
       SELECT kid FROM spent_kid WHERE pin = ? ORDER BY at_ms DESC LIMIT ?)`,
    pin,
    pin,
    spentMax,
  )
}

/** A new activation's key has taken over: the rollover of the older ones is nothing any more. */
export function forgetRollover(db: Db, pin: Pin): void {
  db.run('DELETE FROM rollover WHERE pin = ?', pin)
  db.run(
    "UPDATE delivery SET state = 'stopped' WHERE pin = ? AND message = 'rollover' AND state = 'running'",
    pin,
  )
}

const select = (db: Db, where: string, ...values: string[]): KeptRollover[] =>
  db.all<RolloverRow>(`SELECT * FROM rollover ${where}`, ...values).map(fromRow)

const fromRow = (row: RolloverRow): KeptRollover => ({
  pin: row.pin,
  txn: row.txn,
  version: row.version,
  side: row.side,
  phase: row.phase,
  oldKid: row.old_kid,
  newKid: row.new_kid,
  offer: row.offer,
  answer: row.answer,
  heardSeq: row.heard_seq,
  doneSent: row.done_sent === 1,
  doneSeen: row.done_seen === 1,
  startedAtMs: row.started_at_ms,
  phaseAtMs: row.phase_at_ms,
  sealed: row.sealed,
  answerPayload: row.answer_payload,
  checkPayload: row.check_payload,
  donePayload: row.done_payload,
})
