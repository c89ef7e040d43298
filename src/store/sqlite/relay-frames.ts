/** The queues between acceptance and acknowledgement, and the lists that say who hears whom. */
import type { DeliveredFrame, QueuedFrame, RelayStore, SettledFrame } from '../relay.ts'
import type { Sync } from './aggregate.ts'
import type { Db, SqlValue } from './database.ts'

type Frames = Pick<
  Sync<RelayStore>,
  'putPeers' | 'addServed' | 'removeServed' | 'listQueued' | 'acknowledge' | 'hasExpired' | 'expire' | 'purge'
>

/** Numbers of docs/protocol.md, "Relay": what the sender is told when its frame leaves the queue. */
const deliveredStatus = 1
const otherSideLeftStatus = 3
const expiredStatus = 6

const settledColumns = `f.id, f.sender, f.receiver, f.mid, m.token_pin AS tokenPin`
const fromFrames = `FROM relay_frame f LEFT JOIN relay_mid m ON m.sender = f.sender AND m.mid = f.mid`

type Unsettled = Omit<SettledFrame, 'status'>

export function makeRelayFrames(db: Db): Frames {
  const settleWhere = (status: number, where: string, ...values: SqlValue[]) =>
    settle(db, status, db.all<Unsettled>(`SELECT ${settledColumns} ${fromFrames} WHERE ${where}`, ...values))
  return {
    putPeers: (pin, srpIds) => {
      db.run('DELETE FROM relay_peer WHERE pin = ?', pin)
      for (const srpId of new Set(srpIds))
        db.run('INSERT INTO relay_peer(pin, srp_id) VALUES (?, ?)', pin, srpId)
      return settleWhere(
        otherSideLeftStatus,
        `f.receiver = ? AND f.by_token = 0
         AND f.sender NOT IN (SELECT srp_id FROM relay_peer WHERE pin = ?) ORDER BY f.id`,
        ...[pin, pin],
      )
    },
    addServed: (srpId, pins) => {
      for (const pin of pins)
        db.run('INSERT INTO relay_served(srp_id, pin) VALUES (?, ?) ON CONFLICT DO NOTHING', srpId, pin)
    },
    removeServed: (srpId, pins) =>
      pins.flatMap((pin) => {
        db.run('DELETE FROM relay_served WHERE srp_id = ? AND pin = ?', srpId, pin)
        return settleWhere(
          otherSideLeftStatus,
          'f.pin = ? AND f.to_device = 0 AND f.receiver = ? ORDER BY f.id',
          ...[pin, srpId],
        )
      }),
    listQueued: (receiver, afterId, limit) =>
      db.all<QueuedFrame>(
        `SELECT id, sender, mid, iif(by_token, pin, NULL) AS tokenPin, payload FROM relay_frame
         WHERE receiver = ? AND id > ? ORDER BY id LIMIT ?`,
        ...[receiver, afterId, limit],
      ),
    acknowledge: (frames) => frames.filter((frame) => settleDelivered(db, frame)).map(({ id }) => id),
    hasExpired: (nowMs) =>
      db.one('SELECT 1 FROM relay_frame WHERE expires_at_ms <= ? LIMIT 1', nowMs) !== undefined,
    expire: (nowMs, limit) =>
      settleWhere(expiredStatus, 'f.expires_at_ms <= ? ORDER BY f.expires_at_ms LIMIT ?', nowMs, limit),
    purge: (nowMs) =>
      db.run('DELETE FROM relay_mid WHERE remember_until_ms <= ?', nowMs) +
      db.run(`DELETE FROM relay_mail WHERE expires_at_ms <= ? AND state <> 'queued'`, nowMs - mailMemoryMs),
  }
}

/** The way every frame goes: whoever delivered it knows what it was, so that nothing is read back. */
function settleDelivered(
  db: Db,
  { id, sender, mid }: Pick<DeliveredFrame, 'id' | 'sender' | 'mid'>,
): boolean {
  if (db.run('DELETE FROM relay_frame WHERE id = ?', id) === 0) return false
  db.run('UPDATE relay_mid SET status = ? WHERE sender = ? AND mid = ?', deliveredStatus, sender, mid)
  return true
}

/** A transaction id is refused to others long after its life: servers remember it a day, mids live eight. */
const mailMemoryMs = 8 * 86_400_000

function settle(db: Db, status: number, frames: readonly Unsettled[]): SettledFrame[] {
  return frames.map((frame) => {
    db.run('DELETE FROM relay_frame WHERE id = ?', frame.id)
    db.run('UPDATE relay_mid SET status = ? WHERE sender = ? AND mid = ?', status, frame.sender, frame.mid)
    return { ...frame, status }
  })
}
