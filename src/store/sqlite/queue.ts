import type { Pin } from '#kernel/brand.ts'
import type { FaultCode } from '#kernel/fault.ts'
import type { ItemChange, ItemState, NewItem, QueueFilter, QueueItem, QueueStore } from '../queue.ts'
import type { Aggregate } from './aggregate.ts'
import type { Db } from './database.ts'
import { given } from './queue-given.ts'
import { live, open, owedSinceMs, select } from './queue-rows.ts'
import { troubled } from './queue-troubles.ts'
import { nextWipeAtMs, wipedBy } from './wipes.ts'

export const queue: Aggregate<QueueStore> = {
  reads: [
    'find',
    'list',
    'newestDone',
    'troubled',
    'live',
    'due',
    'nextDueAtMs',
    'given',
    'givenTo',
    'nextWipeAtMs',
  ],
  touches: (method) => [
    'queue',
    'handhelds',
    'deliveries',
    ...(method === 'endWiped' ? (['work'] as const) : []),
  ],
  make: (db) => ({
    add: (items) => items.map((item) => (worksFor(db, item) ? add(db, item) : null)),
    find: (id) => select(db, 'WHERE id = ?', id)[0] ?? null,
    list: (filter) => list(db, filter),
    newestDone: (command, pin) =>
      select(
        db,
        `WHERE id IN (SELECT max(id) FROM queue_item
           WHERE (? IS NULL OR pin = ?) AND command = ? AND state = 'done' GROUP BY pin)`,
        ...[pin ?? null, pin ?? null, command],
      ),
    troubled: (owedBeforeMs) => troubled(db, owedBeforeMs),
    live: (pin) => select(db, `WHERE pin = ? AND ${live} ORDER BY id`, pin),
    due: (nowMs, limit) =>
      select(db, "WHERE state = 'waiting' AND due_at_ms <= ? ORDER BY due_at_ms, id LIMIT ?", nowMs, limit),
    nextDueAtMs: () =>
      db.one<{ at: number | null }>("SELECT min(due_at_ms) AS at FROM queue_item WHERE state = 'waiting'")
        ?.at ?? null,
    change: (change) => void changeItem(db, change),
    waitFor: (id, other) => waitFor(db, id, other),
    bringForward: (byMs, nowMs) => {
      db.run("UPDATE queue_item SET due_at_ms = due_at_ms - ? WHERE state = 'waiting'", byMs)
      // The handheld counts the time that passes, whatever the date is here.
      db.run(`UPDATE handheld SET wipe_at_ms = wipe_at_ms - ? ${wipeTakenLater}`, byMs, nowMs)
      db.run(`UPDATE queue_item SET since_ms = since_ms - ? ${takenLater}`, byMs, nowMs)
    },
    bringBack: (nowMs) => bringBack(db, nowMs),
    cancel: (id, nowMs) => {
      const item = select(db, `WHERE id = ? AND ${open}`, id)[0]
      if (item) end(db, [item], 'cancelled', nowMs)
      return item !== undefined
    },
    again: (id, nowMs) => again(db, id, nowMs),
    given: (after, limit) => given(db, 'h.pin > ? ORDER BY h.pin LIMIT ?', after, limit),
    givenTo: (pin) => given(db, 'h.pin = ?', pin)[0] ?? null,
    endWiped: (nowMs) => {
      const due = wipedBy(db, nowMs)
      for (const pin of due) endAccount(db, pin, 'wiped', nowMs)
      return due.length
    },
    nextWipeAtMs: () => nextWipeAtMs(db),
  }),
}

function list(db: Db, { pin, userId, open: onlyOpen, limit }: QueueFilter): QueueItem[] {
  return select(
    db,
    `WHERE (? IS NULL OR pin = ?) AND (? IS NULL OR user_id = ?) ${onlyOpen ? `AND ${open}` : ''}
     ORDER BY id DESC LIMIT ?`,
    ...[pin ?? null, pin ?? null, userId ?? null, userId ?? null, limit],
  )
}

const worksFor = (db: Db, { pin, userId }: Pick<QueueItem, 'pin' | 'userId'>): boolean =>
  db.one("SELECT 1 FROM handheld WHERE pin = ? AND user_id = ? AND state = 'active'", pin, userId) !==
  undefined

function add(db: Db, item: NewItem): number {
  const { pin, kind, nowMs } = item
  const superseded = supersededBy(db, item)
  end(db, superseded, 'replaced', nowMs)
  if (kind !== 'command')
    db.run(
      `UPDATE handheld SET ${kind}_digest = ? WHERE pin = ? AND state = 'active'`,
      item.digest ?? '',
      pin,
    )
  return db.insert(
    `INSERT INTO queue_item(pin, user_id, kind, command, sealed, digest, state, since_ms, queued_at_ms, owed_since_ms,
       due_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, 'waiting', ?, ?, ?, ?)`,
    ...[pin, item.userId, kind, item.command ?? null, item.sealed ?? null, item.digest ?? ''],
    ...[nowMs, nowMs, owedSinceMs(superseded, nowMs), nowMs],
  )
}

/** A wipe overtakes all commands before it; the word that it is not wanted any more goes after it at once. */
function supersededBy(db: Db, { pin, kind, command }: NewItem): QueueItem[] {
  if (kind !== 'command') return select(db, `WHERE pin = ? AND kind = ? AND ${open}`, pin, kind)
  if (command === 'wipe') return select(db, `WHERE pin = ? AND kind = 'command' AND ${open}`, pin)
  return command === 'cancel_wipe' ? select(db, `WHERE pin = ? AND command = 'wipe' AND ${open}`, pin) : []
}

/**
 * Ends items and what of theirs is on its way; those that waited for them are due. What a wipe orders is no secret, and
 * stays: one that was on its way may have been taken all the same.
 */
function end(db: Db, items: readonly QueueItem[], state: ItemState, nowMs: number): void {
  for (const { id, pin, deliveryKey } of items) {
    db.run(
      `UPDATE queue_item SET state = ?, since_ms = ?, due_at_ms = NULL,
         sealed = CASE command WHEN 'wipe' THEN sealed END WHERE id = ?`,
      ...[state, nowMs, id],
    )
    stopDelivery(db, deliveryKey)
    wakeOthers(db, pin, nowMs)
  }
}

const stopDelivery = (db: Db, key: string | null): void => {
  if (key !== null) db.run("UPDATE delivery SET state = 'stopped' WHERE key = ? AND state = 'running'", key)
}

const wakeOthers = (db: Db, pin: Pin, nowMs: number): void =>
  void db.run(
    "UPDATE queue_item SET due_at_ms = ? WHERE pin = ? AND state = 'waiting' AND due_at_ms IS NULL",
    nowMs,
    pin,
  )

/** Whoever is waited for waits for nobody: one that did has its turn now, or the two would wait for each other. */
function waitFor(db: Db, id: number, other: number): void {
  db.run(
    `UPDATE queue_item SET due_at_ms = (SELECT due_at_ms FROM queue_item WHERE id = ?)
     WHERE id = ? AND state = 'waiting' AND due_at_ms IS NULL`,
    ...[id, other],
  )
  db.run(
    `UPDATE queue_item SET due_at_ms = NULL WHERE id = ? AND state = 'waiting'
       AND EXISTS (SELECT 1 FROM queue_item WHERE id = ? AND ${live})`,
    ...[id, other],
  )
}

const taken = `(SELECT max(q.since_ms) FROM queue_item q
  WHERE q.pin = handheld.pin AND q.command = 'wipe' AND q.state = 'done')`
const wipeTakenLater = `WHERE wipe_at_ms IS NOT NULL AND ${taken} > ?`
/** Brought into the time of now with its wipe, so that neither is brought twice. */
const takenLater = "WHERE command = 'wipe' AND state = 'done' AND since_ms > ?"

/** A wipe that was taken under a date that was ahead begins as long from now as it was to wait. */
function bringBack(db: Db, nowMs: number): number {
  const wipes = db.run(
    `UPDATE handheld SET wipe_at_ms = ? + wipe_at_ms - ${taken} ${wipeTakenLater}`,
    ...[nowMs, nowMs],
  )
  db.run(`UPDATE queue_item SET since_ms = ? ${takenLater}`, nowMs, nowMs)
  const items = db.run(
    "UPDATE queue_item SET due_at_ms = ? WHERE state = 'waiting' AND since_ms > ? AND due_at_ms > ?",
    ...[nowMs, nowMs, nowMs],
  )
  return wipes + items
}

/** One that has ended meanwhile stays as it ended. False where the change was for one that waits, and it does not. */
export function changeItem(db: Db, change: ItemChange): boolean {
  const { id, state, nowMs, ifWaiting } = change
  const item = select(
    db,
    `WHERE id = ? AND (${live} OR ? AND state IN ('cancelled', 'replaced'))`,
    id,
    change.late ? 1 : 0,
  )[0]
  if (!item) return ifWaiting === undefined
  if (ifWaiting && !waitsAs(item, ifWaiting)) return false
  const keepsSecret = state === 'waiting' || state === 'out' || state === 'set_aside'
  db.run(
    `UPDATE queue_item SET state = ?, since_ms = CASE WHEN state = ? THEN since_ms ELSE ? END, due_at_ms = ?,
       number = coalesce(?, number), delivery_key = coalesce(?, delivery_key), status = CASE ? WHEN 'sent' THEN NULL ELSE coalesce(?, status) END,
       code = ?, left_out = coalesce(?, left_out), tries = tries + ?,
       failures = CASE ? WHEN 'sent' THEN 0 WHEN 'failed' THEN failures + 1 ELSE failures END, sealed = CASE WHEN ? THEN sealed END
     WHERE id = ?`,
    ...[state, state, nowMs, change.dueAtMs ?? null, change.number ?? null, change.deliveryKey ?? null],
    ...[change.tried ?? null, change.status ?? null, change.code === undefined ? item.code : change.code],
    ...[
      change.leftOut ? JSON.stringify(change.leftOut) : null,
      change.tried === 'sent' ? 1 : 0,
      change.tried ?? null,
    ],
    ...[keepsSecret ? 1 : 0, id],
  )
  // Sent anew it is another packet: the old one goes no more, and neither does one that nobody waits for.
  if (state !== 'out' || (change.deliveryKey && change.deliveryKey !== item.deliveryKey))
    stopDelivery(db, item.deliveryKey)
  if (state !== 'out') wakeOthers(db, item.pin, nowMs)
  return true
}

const waitsAs = ({ state, tries, failures }: QueueItem, as: NonNullable<ItemChange['ifWaiting']>): boolean =>
  state === 'waiting' && tries === as.tries && failures === as.failures

/** The handheld owed nothing of these any more. */
const owedByNobody: ReadonlySet<ItemState> = new Set(['done', 'cancelled', 'set_aside'])

function again(db: Db, id: number, nowMs: number): boolean {
  const item = select(db, 'WHERE id = ?', id)[0]
  if (!item || item.state === 'replaced' || !worksFor(db, item)) return false
  const newer =
    item.kind !== 'command' &&
    db.one('SELECT 1 FROM queue_item WHERE pin = ? AND kind = ? AND id > ?', item.pin, item.kind, id)
  // What a command said went with its end: it must be given again.
  const isOver = item.state === 'done' || item.state === 'refused' || item.state === 'cancelled'
  if (newer || (item.kind === 'command' && isOver)) return false
  const owedMs = owedByNobody.has(item.state) ? nowMs : item.owedSinceMs
  db.run(
    `UPDATE queue_item SET state = 'waiting', since_ms = ?, due_at_ms = ?, owed_since_ms = ?, tries = 0, failures = 0,
       code = NULL WHERE id = ?`,
    ...[nowMs, nowMs, owedMs, id],
  )
  stopDelivery(db, item.deliveryKey)
  return true
}

/** What is still out under a key that is erased can be opened no more: it is sealed anew. */
export function sealAnewUnder(db: Db, pin: Pin, kid: number, nowMs: number): void {
  db.run(
    `UPDATE queue_item SET state = 'waiting', since_ms = ?, due_at_ms = ? WHERE pin = ? AND state = 'out'
       AND delivery_key IN (SELECT key FROM delivery WHERE pin = ? AND kid = ? AND state = 'running')`,
    ...[nowMs, nowMs, pin, pin, kid],
  )
  db.run(
    `UPDATE delivery SET state = 'stopped' WHERE pin = ? AND kid = ? AND state = 'running'
       AND key IN (SELECT delivery_key FROM queue_item WHERE pin = ?)`,
    ...[pin, kid, pin],
  )
}

/** Everything that waits for a handheld goes: it was activated anew, wiped or removed. */
export const clearQueue = (db: Db, pin: Pin, nowMs: number): void =>
  end(db, select(db, `WHERE pin = ? AND ${open}`, pin), 'replaced', nowMs)

/** Queues the word to the run that has set this handheld up, where it has not come to its end. */
export const endRun = (db: Db, pin: Pin, code: FaultCode, nowMs: number): void =>
  void db.run(
    `INSERT INTO work(key, txn, kind, due_at_ms, last_code)
     SELECT 'end_run:' || a.txn, a.txn, 'end_run', ?, ? FROM activation a JOIN handheld h ON h.txn = a.txn
     WHERE h.pin = ? AND h.state = 'active' AND a.ended = 0 ON CONFLICT DO NOTHING`,
    ...[nowMs, code, pin],
  )

/**
 * A handheld's account ends: no key of it is left, and nothing goes to it any more. A run that is under way there is of
 * another account, and goes on: its key is pending.
 */
export function endAccount(db: Db, pin: Pin, state: 'wiped' | 'removed' | 'replaced', nowMs: number): void {
  const account = db.one<{ txn: string }>("SELECT txn FROM handheld WHERE pin = ? AND state = 'active'", pin)
  endRun(db, pin, `handheld.${state}`, nowMs)
  db.run("UPDATE handheld SET state = ?, wipe_at_ms = NULL WHERE pin = ? AND state = 'active'", state, pin)
  clearQueue(db, pin, nowMs)
  const ends = account?.txn ?? ''
  db.run("DELETE FROM master_key WHERE pin = ? AND (state != 'pending' OR txn = ?)", pin, ends)
  // Else its key check would be asked about without an end.
  db.run('DELETE FROM rollover WHERE pin = ?', pin)
  db.run('DELETE FROM inbound_answer WHERE pin = ?', pin)
  db.run('DELETE FROM inbound_part WHERE pin = ?', pin)
  db.run(
    "UPDATE delivery SET state = 'stopped' WHERE pin = ? AND state = 'running' AND (txn IS NULL OR txn = ?)",
    ...[pin, ends],
  )
}
