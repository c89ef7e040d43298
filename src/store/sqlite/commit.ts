/** The one commit of an event and all that follows from it. */
import { hasEnded } from '#activation/activation.ts'
import type { Change, Committed, NewWork } from '../activations.ts'
import type { Db } from './database.ts'
import { addDelivery, noteReceipt } from './deliveries.ts'
import { eraseRecords, writeGrant } from './grant-rows.ts'
import { addKey, changeAccount, erasePendingKeys, makeKeyCurrent, markInbound } from './handhelds.ts'
import { changeItem } from './queue.ts'
import { eraseRolledKey, switchKey, writeRollover } from './rollovers.ts'
import { putCursor } from './watches.ts'

/** Somebody else wrote first: undoes the savepoint this change runs in, and is told to the caller. */
class Conflict extends Error {
  readonly outcome: Exclude<Committed, 'done'>
  constructor(outcome: Exclude<Committed, 'done'> = 'conflict') {
    super(outcome)
    this.outcome = outcome
  }
}

export function commitChange(db: Db, change: Change): Committed {
  db.step('SAVEPOINT change')
  try {
    if (change.activation) writeActivation(db, change.activation)
    if (change.grant && !writeGrant(db, change.grant.next, change.grant.expectedVersion)) throw new Conflict()
    writeSecrets(db, change)
    writeOutbox(db, change)
    writeHandheld(db, change)
    if (change.cursor) putCursor(db, change.cursor, change.nowMs)
    db.step('RELEASE change')
    return 'done'
  } catch (error) {
    db.script('ROLLBACK TO change; RELEASE change')
    if (error instanceof Conflict) return error.outcome
    throw error
  }
}

function writeActivation(
  db: Db,
  { next, expectedVersion, userId, events }: NonNullable<Change['activation']>,
): void {
  const columns = [
    userId,
    next.grantId ?? null,
    next.pin ?? null,
    next.version,
    hasEnded(next) ? 1 : 0,
    next.startedAtMs,
    JSON.stringify(next),
  ]
  const changed =
    expectedVersion === 0
      ? db.run(
          'INSERT INTO activation VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
          next.txn,
          ...columns,
        )
      : db.run(
          `UPDATE activation SET user_id = ?, grant_id = ?, pin = ?, version = ?, ended = ?, started_at_ms = ?, state_json = ?
           WHERE txn = ? AND version = ?`,
          ...columns,
          next.txn,
          expectedVersion,
        )
  if (changed !== 1) throw new Conflict()
  for (const [i, event] of events.entries())
    db.run(
      'INSERT INTO activation_event VALUES (?, ?, ?)',
      next.txn,
      expectedVersion + i + 1,
      JSON.stringify(event),
    )
}

function writeSecrets(db: Db, change: Change): void {
  const { runSecrets, eraseRunSecrets } = change
  if (runSecrets)
    db.run(
      'INSERT INTO run_secret VALUES (?, ?) ON CONFLICT DO UPDATE SET sealed = excluded.sealed',
      runSecrets.txn,
      runSecrets.sealed,
    )
  if (eraseRunSecrets) db.run('DELETE FROM run_secret WHERE txn = ?', eraseRunSecrets)
  if (change.eraseRecords !== undefined) eraseRecords(db, change.eraseRecords)
}

function writeOutbox(db: Db, change: Change): void {
  // Finished first: the event that finishes work may ask for the same work again.
  for (const key of change.finishWork ?? []) db.run('DELETE FROM work WHERE key = ?', key)
  for (const work of change.addWork ?? []) if (isWanted(db, work)) addWork(db, work)
  for (const receipt of change.receipts ?? []) noteReceipt(db, receipt)
  for (const key of change.stopDeliveries ?? [])
    db.run("UPDATE delivery SET state = 'stopped' WHERE key = ? AND state = 'running'", key)
  for (const delivery of change.addDeliveries ?? []) addDelivery(db, delivery, change.nowMs)
  if (change.ack)
    db.run(
      "UPDATE delivery SET state = 'answered' WHERE id = ? AND state != 'stopped'",
      change.ack.deliveryId,
    )
}

/** Looked at here, where nobody else writes: most activations are alone under their grant. */
const isWanted = (db: Db, { txn, ifOthersUnder }: NewWork): boolean =>
  ifOthersUnder === undefined ||
  db.one(
    'SELECT 1 FROM activation WHERE grant_id = ? AND ended = 0 AND txn != ? LIMIT 1',
    ifOthersUnder,
    txn,
  ) !== undefined

function addWork(db: Db, { key, txn, kind, dueAtMs }: NewWork): void {
  db.run(
    'INSERT INTO work(key, txn, kind, due_at_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET due_at_ms = min(due_at_ms, excluded.due_at_ms)',
    key,
    txn,
    kind,
    dueAtMs,
  )
}

function writeHandheld(db: Db, change: Change): void {
  if (change.addKey) addKey(db, change.addKey, change.nowMs)
  // After the new key: a proof that came too late brings its key and loses it in one commit.
  if (change.erasePendingKeys) erasePendingKeys(db, change.erasePendingKeys.pin, change.erasePendingKeys.txn)
  if (change.keyCurrent) makeKeyCurrent(db, change.keyCurrent.pin, change.keyCurrent.kid, change.nowMs)
  writeRolling(db, change)
  if (change.account) changeAccount(db, change.account, change.nowMs)
  if (change.item && !changeItem(db, change.item)) throw new Conflict()
  if (change.inbound && !markInbound(db, change.inbound)) throw new Conflict('window_moved')
}

function writeRolling(db: Db, { rollover, switchKey: newKey, eraseKeys, nowMs }: Change): void {
  if (rollover && !writeRollover(db, rollover)) throw new Conflict()
  if (newKey && !switchKey(db, newKey.pin, newKey.kid, nowMs)) throw new Conflict()
  for (const kid of eraseKeys?.kids ?? []) if (eraseKeys) eraseRolledKey(db, eraseKeys.pin, kid, nowMs)
}
