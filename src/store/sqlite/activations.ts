import type { Activation } from '#activation/activation.ts'
import type { ActivationEvent } from '#activation/event.ts'
import type { Pin } from '#kernel/brand.ts'
import type { ActivationFilter, ActivationStore, Change, OwnedActivation, WorkItem } from '../activations.ts'
import type { Changed } from '../store.ts'
import type { Aggregate, Sync } from './aggregate.ts'
import { commitChange } from './commit.ts'
import type { Db } from './database.ts'

interface WorkRow {
  key: string
  txn: WorkItem['txn']
  kind: WorkItem['kind']
  due_at_ms: number
  tries: number
  last_code: WorkItem['lastCode']
}

/**
 * By user first, which has an index; a run keeps its grant. Who waits comes first; a request's time has whole
 * seconds, so that rows tell which of two came later.
 */
const selectPins = `SELECT pin, max(started_at_ms) AS at,
  max(ended = 0 AND json_extract(state_json, '$.code') IS 'proof.guarded') AS waiting
  FROM activation WHERE user_id = ? AND grant_id = ? AND pin IS NOT NULL
  GROUP BY pin ORDER BY waiting DESC, at DESC, max(rowid) DESC LIMIT ?`

export const activations: Aggregate<ActivationStore> = {
  touches: (method, args) => (method === 'commit' ? touchedBy(args[0] as Change) : ['work']),
  reads: ['events', 'find', 'owned', 'list', 'pinsUnder', 'runSecrets', 'dueWork', 'nextWorkAtMs', 'workOf'],
  make: (db) => methods(db, makeOwned(db)),
}

const methods = (db: Db, owned: Sync<ActivationStore>['owned']): Sync<ActivationStore> => ({
  commit: (change) => commitChange(db, change),
  events: (txn) =>
    db
      .all<{ event: string }>('SELECT event FROM activation_event WHERE txn = ? ORDER BY seq', txn)
      .map(({ event }) => JSON.parse(event) as ActivationEvent),
  find: (txn) => owned(txn)?.activation ?? null,
  owned,
  list: (filter) => list(db, filter),
  pinsUnder: (grant, limit) =>
    db
      .all<{ pin: Pin; at: number; waiting: number }>(selectPins, grant.userId, grant.grantId, limit)
      .map(({ pin, at, waiting }) => ({ pin, atMs: at, waiting: waiting === 1 })),
  runSecrets: (txn) =>
    db.one<{ sealed: Uint8Array }>('SELECT sealed FROM run_secret WHERE txn = ?', txn)?.sealed ?? null,
  dueWork: (nowMs, limit) =>
    db
      .all<WorkRow>('SELECT * FROM work WHERE due_at_ms <= ? ORDER BY due_at_ms LIMIT ?', nowMs, limit)
      .map(fromRow),
  nextWorkAtMs: () => db.one<{ at: number | null }>('SELECT min(due_at_ms) AS at FROM work')?.at ?? null,
  workOf: (txn) => db.all<WorkRow>('SELECT * FROM work WHERE txn = ? ORDER BY due_at_ms', txn).map(fromRow),
  putOffWork: (key, dueAtMs, code) =>
    void db.run(
      // For these two it is what is to be said, and not how the last try went.
      `UPDATE work SET due_at_ms = ?, tries = tries + 1,
         last_code = CASE WHEN kind IN ('close_run', 'end_run') THEN last_code ELSE ? END WHERE key = ?`,
      dueAtMs,
      code,
      key,
    ),
  bringForward: (byMs) => void db.run("UPDATE work SET due_at_ms = due_at_ms - ? WHERE kind <> 'wake'", byMs),
  bringBack: (nowMs, longestPauseMs) =>
    db.run(
      `UPDATE work SET due_at_ms = ? WHERE kind <> 'wake' AND due_at_ms > ? AND (tries > 0 AND due_at_ms > ? OR
         EXISTS (SELECT 1 FROM activation a WHERE a.txn = work.txn AND json_extract(a.state_json, '$.sinceMs') > ?))`,
      ...[nowMs, nowMs, nowMs + longestPauseMs, nowMs],
    ),
  finishWork: (key) => void db.run('DELETE FROM work WHERE key = ?', key),
})

/** States that are kept parsed; an activation under way is read many times between two events. */
const statesKept = 256

/** A version names one state for good, so that what was parsed for it holds. Callers change nothing in it. */
function makeOwned(db: Db): (txn: string) => OwnedActivation | null {
  const kept = new Map<string, Activation>()
  return (txn) => {
    const row = db.one<{ version: number; user_id: number | null }>(
      'SELECT version, user_id FROM activation WHERE txn = ?',
      txn,
    )
    const known = kept.get(txn)
    kept.delete(txn)
    if (!row) return null
    const state = known?.version === row.version ? known : (states(db, 'WHERE txn = ?', [txn], 1)[0] ?? null)
    if (!state) return null
    kept.set(txn, state)
    const [oldest] = kept.keys()
    if (kept.size > statesKept && oldest !== undefined) kept.delete(oldest)
    return { activation: state, userId: row.user_id }
  }
}

/** Who listens for one of these need not look after each commit: most change nothing for most. */
function touchedBy(change: Change): Changed[] {
  const some = (list: readonly unknown[] | undefined) => list !== undefined && list.length > 0
  const { activation, addWork, addKey, keyCurrent, erasePendingKeys, switchKey, account } = change
  const which = account?.kind === 'activated'
  const handhelds = addKey || keyCurrent || erasePendingKeys || switchKey || which
  return [
    ...(activation ? (['activations'] as const) : []),
    ...(some(addWork) || which ? (['work'] as const) : []),
    ...(makesDue(change) ? (['deliveries'] as const) : []),
    ...(change.rollover ? (['rollovers'] as const) : []),
    ...(handhelds ? (['handhelds'] as const) : []),
    ...(change.item || change.eraseKeys ? (['queue'] as const) : []),
    // What it should have is to be looked at anew.
    ...(account?.kind === 'unsure' ? (['policies'] as const) : []),
  ]
}

/** The relay has the message, or the handheld does: nothing is due because of that. */
const wellReceived: readonly number[] = [0, 1]

/** Messages whose first copy is sent by whoever queued them are due again only later. */
const makesDue = ({ addDeliveries = [], receipts = [] }: Change): boolean =>
  addDeliveries.some(({ firstCopy }) => !firstCopy) ||
  receipts.some(({ status }) => !wellReceived.includes(status))

function list(db: Db, filter: ActivationFilter): Activation[] {
  const wanted: [string, string | number | undefined][] = [
    ['user_id = ?', filter.userId],
    ['pin = ?', filter.pin],
    ['grant_id = ?', filter.grantId],
    ['ended = ?', filter.open ? 0 : undefined],
  ]
  const given = wanted.filter((pair): pair is [string, string | number] => pair[1] !== undefined)
  const where = given.length > 0 ? `WHERE ${given.map(([sql]) => sql).join(' AND ')}` : ''
  return states(
    db,
    where,
    given.map(([, value]) => value),
    filter.limit,
  )
}

/** Handhelds tell the second in which they were pressed: of two in one second the later to be known is the newer. */
function states(db: Db, where: string, values: (string | number)[], limit: number): Activation[] {
  const sql = `SELECT state_json FROM activation ${where} ORDER BY started_at_ms DESC, rowid DESC LIMIT ?`
  return db
    .all<{ state_json: string }>(sql, ...values, limit)
    .map(({ state_json }) => JSON.parse(state_json) as Activation)
}

const fromRow = (row: WorkRow): WorkItem => ({
  key: row.key,
  txn: row.txn,
  kind: row.kind,
  dueAtMs: row.due_at_ms,
  tries: row.tries,
  lastCode: row.last_code,
})
