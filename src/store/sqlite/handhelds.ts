import { unreachable } from '#kernel/assert.ts'
import type { ActivationId, Pin } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import { limits } from '#kernel/limits.ts'
import type {
  AccountChange,
  HandheldAccount,
  HandheldStore,
  InboundMark,
  MasterKey,
  NewKey,
  PartRow,
} from '../handhelds.ts'
import type { Aggregate } from './aggregate.ts'
import type { Db } from './database.ts'
import { type AccountRow, accountFromRow, type KeyRow, keyFromRow } from './handheld-rows.ts'
import { storedGeneration } from './installation-rows.ts'
import { clearQueue, endAccount, endRun } from './queue.ts'
import { forgetRollover } from './rollovers.ts'
import { setWipe } from './wipes.ts'

export const handhelds: Aggregate<HandheldStore> = {
  reads: [
    'list',
    'byPin',
    'byUser',
    'key',
    'currentKey',
    'keys',
    'answerGiven',
    'countActive',
    'servedPins',
    'partsOf',
  ],
  // Numbers and parts are nobody's news: which handhelds there are stays the same.
  touches: (method) => (method === 'end' ? ['handhelds', 'queue', 'deliveries', 'work'] : []),
  make: (db) => ({
    list: () => accounts(db, 'ORDER BY activated_at_ms DESC'),
    byPin: (pin) => accounts(db, 'WHERE pin = ? ORDER BY activated_at_ms DESC', pin),
    byUser: (userId) => accounts(db, 'WHERE user_id = ? ORDER BY activated_at_ms DESC', userId),
    key: (pin, kid) => keys(db, 'WHERE pin = ? AND kid = ?', pin, kid)[0] ?? null,
    currentKey: (pin) => keys(db, "WHERE pin = ? AND state = 'current'", pin)[0] ?? null,
    keys: (pin) => keys(db, 'WHERE pin = ? ORDER BY created_at_ms', pin),
    reserveSeq: (pin, kid, count) => reserveSeq(db, pin, kid, count),
    answerGiven: (pin, kid, seq) =>
      db.one<{ tag: Uint8Array; status: number }>(
        'SELECT tag, status FROM inbound_answer WHERE pin = ? AND kid = ? AND seq = ?',
        pin,
        kid,
        seq,
      ) ?? null,
    countActive: () =>
      db.one<{ n: number }>("SELECT count(*) AS n FROM handheld WHERE state = 'active'")?.n ?? 0,
    servedPins: () =>
      db
        .all<{ pin: Pin }>(
          `SELECT pin FROM handheld WHERE state = 'active'
           UNION SELECT pin FROM master_key WHERE state = 'pending' ORDER BY pin`,
        )
        .map(({ pin }) => pin),
    end: (pin, state, nowMs) => {
      const active = db.one("SELECT 1 FROM handheld WHERE pin = ? AND state = 'active'", pin)
      if (active) endAccount(db, pin, state, nowMs)
      return active !== undefined
    },
    partsOf: (pin) => partsOf(db, pin),
    keepPart: (part) => keepPart(db, part),
    dropParts: (pin, id) => void db.run('DELETE FROM inbound_part WHERE pin = ? AND id = ?', pin, id),
    dropPartsBefore: (atMs) => db.run('DELETE FROM inbound_part WHERE at_ms < ?', atMs),
  }),
}

const accounts = (db: Db, where: string, ...values: (string | number)[]): HandheldAccount[] =>
  db.all<AccountRow>(`SELECT * FROM handheld ${where}`, ...values).map(accountFromRow)

const keys = (db: Db, where: string, ...values: (string | number)[]): MasterKey[] =>
  db.all<KeyRow>(`SELECT * FROM master_key ${where}`, ...values).map(keyFromRow)

function reserveSeq(db: Db, pin: Pin, kid: number, count: number): number {
  const row = db.one<{ next_seq: number }>(
    'SELECT next_seq FROM master_key WHERE pin = ? AND kid = ?',
    pin,
    kid,
  )
  // Erased since it was read: by a newer activation, a wipe, or the end of a rollover.
  if (!row) throw new Fault('handheld.not_active', pin)
  // After a restore the stored number may have been used: the raised generation jumps past all of them.
  const first = Math.max(row.next_seq, storedGeneration(db) * 2 ** 32)
  db.run('UPDATE master_key SET next_seq = ? WHERE pin = ? AND kid = ?', first + count, pin, kid)
  return first
}

export function addKey(db: Db, key: NewKey, nowMs: number): void {
  db.run(
    `INSERT INTO master_key(pin, kid, suite, txn, state, sealed, replay_window, next_seq, created_at_ms, hybrid)
     VALUES (?, ?, ?, ?, 'pending', ?, ?, ?, ?, ?)`,
    key.pin,
    key.kid,
    key.suite,
    key.txn,
    key.sealed,
    key.window,
    key.nextSeq,
    nowMs,
    key.hybrid ? 1 : 0,
  )
}

/** The keys of earlier activations of this handheld go: it erased its own at the same moment. */
export function makeKeyCurrent(db: Db, pin: Pin, kid: number, nowMs: number): void {
  for (const other of db.all<{ kid: number }>(
    'SELECT kid FROM master_key WHERE pin = ? AND kid != ?',
    pin,
    kid,
  ))
    eraseKey(db, pin, other.kid)
  forgetRollover(db, pin)
  db.run(
    "UPDATE master_key SET state = 'current', current_since_ms = ? WHERE pin = ? AND kid = ?",
    nowMs,
    pin,
    kid,
  )
}

export function erasePendingKeys(db: Db, pin: Pin, txn: ActivationId): void {
  const pending = db.all<{ kid: number }>(
    "SELECT kid FROM master_key WHERE pin = ? AND txn = ? AND state = 'pending'",
    pin,
    txn,
  )
  for (const { kid } of pending) eraseKey(db, pin, kid)
}

function eraseKey(db: Db, pin: Pin, kid: number): void {
  db.run('DELETE FROM master_key WHERE pin = ? AND kid = ?', pin, kid)
  db.run('DELETE FROM inbound_answer WHERE pin = ? AND kid = ?', pin, kid)
  db.run("UPDATE delivery SET state = 'stopped' WHERE pin = ? AND kid = ? AND state = 'running'", pin, kid)
}

export function changeAccount(db: Db, change: AccountChange, nowMs: number): void {
  switch (change.kind) {
    case 'activated':
      activated(db, change)
      break
    case 'unsure':
      db.run(`UPDATE handheld SET ${change.what}_digest = '' WHERE pin = ? AND state = 'active'`, change.pin)
      break
    case 'wipe':
      setWipe(db, change)
      break
    case 'sent':
      db.run(
        `UPDATE handheld SET ${change.what}_sent = ?, ${change.what}_digest = coalesce(?, ${change.what}_digest)
         WHERE pin = ? AND state = 'active'`,
        change.number,
        change.digest ?? null,
        change.pin,
      )
      break
    case 'applied':
      applied(db, change, nowMs)
      break
    default:
      unreachable(change)
  }
}

function applied(
  db: Db,
  { pin, what, number, leftOut }: Extract<AccountChange, { kind: 'sent' | 'applied' }>,
  nowMs: number,
): void {
  // Its words may come out of order: what it has is the highest.
  db.run(
    `UPDATE handheld SET ${what}_applied = ?, ${what}_left_out = ?
     WHERE pin = ? AND state = 'active' AND ${what}_applied <= ?`,
    ...[number, JSON.stringify(leftOut ?? []), pin, number],
  )
  // Whoever applies one has not turned away: what it owes of a newer one is counted from here.
  db.run(
    "UPDATE queue_item SET owed_since_ms = ? WHERE pin = ? AND kind = ? AND state IN ('waiting', 'out')",
    ...[nowMs, pin, what],
  )
}

/** A handheld serves one account: its earlier ones end, as do the user's oldest beyond the number allowed. */
function activated(db: Db, { account, perUserMax }: Extract<AccountChange, { kind: 'activated' }>): void {
  endRun(db, account.pin, 'request.superseded', account.activatedAtMs)
  // A wipe that it has taken and not begun is forgotten there at the same step.
  db.run(
    "UPDATE handheld SET state = 'replaced', wipe_at_ms = NULL WHERE pin = ? AND state = 'active'",
    account.pin,
  )
  // What waited for the handheld as it was must not reach it as it is now.
  clearQueue(db, account.pin, account.activatedAtMs)
  db.run('DELETE FROM handheld WHERE pin = ? AND user_id = ?', account.pin, account.userId)
  db.run(
    `INSERT INTO handheld(pin, user_id, txn, state, model, software, platform, device_key, activated_at_ms, heard_at_ms)
     VALUES (?, ?, ?, 'active', ?, ?, ?, ?, ?, ?)`,
    account.pin,
    account.userId,
    account.txn,
    account.model,
    account.software,
    account.platform,
    account.deviceKey,
    account.activatedAtMs,
    account.activatedAtMs,
  )
  // The newest is the one that activates now, though the date may have been set back since the others did.
  const beyond = db.all<{ pin: Pin }>(
    `SELECT pin FROM handheld WHERE user_id = ? AND state = 'active'
     ORDER BY pin = ? DESC, activated_at_ms DESC LIMIT -1 OFFSET ?`,
    account.userId,
    account.pin,
    perUserMax,
  )
  for (const { pin } of beyond) {
    db.run("UPDATE handheld SET replaced_by = ? WHERE pin = ? AND state = 'active'", account.pin, pin)
    endAccount(db, pin, 'replaced', account.activatedAtMs)
  }
}

/** Marks a number as taken in, keeps the answer given, and forgets answers that fell out of the window. */
/** False where the packet was judged by a window that is not the stored one any more: nothing was written. */
export function markInbound(db: Db, mark: InboundMark): boolean {
  const { pin, kid, seq } = mark
  const moved = db.run(
    'UPDATE master_key SET replay_window = ? WHERE pin = ? AND kid = ? AND replay_window = ?',
    ...[mark.window, pin, kid, mark.before],
  )
  if (moved === 0) return false
  db.run('UPDATE handheld SET heard_at_ms = ? WHERE pin = ?', mark.heardAtMs, pin)
  if (mark.answer)
    db.run(
      'INSERT INTO inbound_answer VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
      pin,
      kid,
      seq,
      mark.answer.tag,
      mark.answer.status,
    )
  db.run(
    'DELETE FROM inbound_answer WHERE pin = ? AND kid = ? AND seq < ?',
    pin,
    kid,
    seq - 2 * limits.replayWindow,
  )
  return true
}

function keepPart(db: Db, part: PartRow): void {
  db.run(
    'INSERT INTO inbound_part VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    part.pin,
    part.id,
    part.index,
    part.count,
    part.chunk,
    part.atMs,
  )
}

const partsOf = (db: Db, pin: Pin): PartRow[] =>
  db.all<PartRow>(
    'SELECT pin, id, idx AS "index", count, chunk, at_ms AS atMs FROM inbound_part WHERE pin = ? ORDER BY at_ms, idx',
    pin,
  )
