/** Accepting frames: the rows a decision needs, and the writes it makes, in the same order for both. */
import type { KnownMid, QueueRow, RelayStore, SendAsk, SendRows, SendWrite, TokenRow } from '../relay.ts'
import type { Sync } from './aggregate.ts'
import type { Db, SqlValue } from './database.ts'

type Sends = Pick<Sync<RelayStore>, 'findSendRows' | 'putSends'>

interface FenceColumns {
  generation: number
  epoch: number
}

interface TokenColumns {
  txn: TokenRow['txn']
  owner: TokenRow['owner']
  framesUsed: number
  expiresAtMs: number
  domain: string
}

export function makeRelaySends(db: Db): Sends {
  return {
    findSendRows: (asks, nowMs) => {
      const pairs = new Map<string, PairRows>()
      return asks.map((ask) => readRows(db, ask, pairs, nowMs))
    },
    putSends: (writes) => writes.map((write) => putOne(db, write)),
  }
}

/** What all sends between the same two in the same direction share: read once for a batch. */
type PairRows = Omit<SendRows, 'known' | 'token'>

function readRows(db: Db, ask: SendAsk, pairs: Map<string, PairRows>, nowMs: number): SendRows {
  const name = `${ask.pin} ${ask.srpId} ${ask.toDevice}`
  const pair = pairs.get(name) ?? readPair(db, ask, nowMs)
  pairs.set(name, pair)
  const token = ask.txnPrefix ? readToken(db, ask, ask.txnPrefix) : null
  return { ...pair, known: readMid(db, ask), token }
}

function readPair(db: Db, ask: SendAsk, nowMs: number): PairRows {
  const { pin, srpId } = ask
  return {
    namesGood: exists(
      db,
      `SELECT 1 FROM relay_device d, relay_server s WHERE d.pin = ? AND s.srp_id = ?
         AND d.suspended_because IS NULL AND s.suspended_because IS NULL`,
      ...[pin, srpId],
    ),
    deviceLists: exists(db, 'SELECT 1 FROM relay_peer WHERE pin = ? AND srp_id = ?', pin, srpId),
    serverLists:
      exists(db, 'SELECT 1 FROM relay_served WHERE srp_id = ? AND pin = ?', srpId, pin) ||
      exists(
        db,
        'SELECT 1 FROM relay_mail WHERE pin = ? AND owner = ? AND expires_at_ms > ?',
        ...[pin, srpId, nowMs],
      ),
    fence: readFence(db, ask),
    queue: readQueue(db, ask),
  }
}

const exists = (db: Db, sql: string, ...values: SqlValue[]): boolean => db.one(sql, ...values) !== undefined

const readMid = (db: Db, { sender, mid }: SendAsk): KnownMid | null =>
  db.one<KnownMid>(
    `SELECT content_hash AS contentHash, status, token_pin AS tokenPin FROM relay_mid
     WHERE sender = ? AND mid = ?`,
    ...[sender, mid],
  ) ?? null

const readFence = (db: Db, { srpId, pin }: SendAsk): FenceColumns | null =>
  db.one<FenceColumns>(
    'SELECT generation, epoch FROM relay_fence WHERE srp_id = ? AND pin = ?',
    ...[srpId, pin],
  ) ?? null

const readQueue = (db: Db, { pin, toDevice }: SendAsk): QueueRow =>
  db.one<QueueRow>(
    `SELECT count(*) AS frames, ifnull(sum(bytes), 0) AS bytes FROM relay_frame
     WHERE pin = ? AND to_device = ?`,
    ...[pin, Number(toDevice)],
  ) ?? { frames: 0, bytes: 0 }

function readToken(db: Db, { pin, srpId }: SendAsk, txnPrefix: Uint8Array): TokenRow | null {
  const row = db.one<TokenColumns>(
    `SELECT txn, owner, frames_used AS framesUsed, expires_at_ms AS expiresAtMs, domain FROM relay_mail
     WHERE pin = ? AND txn_prefix = ?`,
    ...[pin, txnPrefix],
  )
  if (!row) return null
  const { domain, ...token } = row
  const listed = db.all<{ srpId: string }>(
    'SELECT srp_id AS srpId FROM relay_server_domain WHERE domain = ?',
    domain,
  )
  return { ...token, allowed: listed.length === 0 || listed.some((server) => server.srpId === srpId) }
}

function putOne(db: Db, write: SendWrite): boolean {
  if (!stillHolds(db, write)) return false
  const { ask, fence, token } = write
  const tokenPin = ask.txnPrefix ? ask.pin : null
  const isNew = db.run(
    `INSERT INTO relay_mid(sender, mid, content_hash, status, token_pin, remember_until_ms)
     VALUES (?, ?, ?, 0, ?, ?) ON CONFLICT DO NOTHING`,
    ...[ask.sender, ask.mid, write.contentHash, tokenPin, write.rememberUntilMs],
  )
  if (isNew === 0) return false
  db.run(
    `INSERT INTO relay_frame(sender, receiver, pin, to_device, by_token, mid, bytes, expires_at_ms, payload)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[ask.sender, write.receiver, ask.pin, Number(ask.toDevice), Number(tokenPin !== null), ask.mid],
    ...[write.payload.length, write.expiresAtMs, write.payload],
  )
  if (fence)
    db.run(
      `INSERT INTO relay_fence(srp_id, pin, generation, epoch) VALUES (?, ?, ?, ?)
       ON CONFLICT(srp_id, pin) DO UPDATE SET generation = excluded.generation, epoch = excluded.epoch`,
      ...[ask.srpId, ask.pin, fence.generation, fence.epoch],
    )
  if (token)
    db.run(
      'UPDATE relay_mail SET frames_used = frames_used + 1, owner = ? WHERE txn = ?',
      ...[token.owner, token.txn],
    )
  return true
}

/** Another relay process on the same database may have written since the rows were read. */
function stillHolds(db: Db, { ask, fence, token }: SendWrite): boolean {
  const stored = fence && readFence(db, ask)
  if (stored && isOlder(fence, stored)) return false
  if (!token) return true
  return exists(
    db,
    'SELECT 1 FROM relay_mail WHERE txn = ? AND frames_used = ? AND owner IS ?',
    ...[token.txn, token.framesUsedBefore, token.ownerBefore],
  )
}

const isOlder = (fence: FenceColumns, than: FenceColumns): boolean =>
  fence.generation < than.generation || (fence.generation === than.generation && fence.epoch < than.epoch)
