/** Accepting frames: the rows a decision needs, and the writes it makes, in the same order for both. */
import { assert } from '#kernel/assert.ts'
import type { KnownMid, RelayStore, SendAsk, SendRows, SendWrite, TokenRow } from '../relay.ts'
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

/** In one statement: what a decision costs is the number of statements, not their length. */
const pairSql = `
  WITH pair(pin, srp_id, to_device) AS (VALUES (?, ?, ?))
  SELECT
    EXISTS (SELECT 1 FROM relay_device d, relay_server s WHERE d.pin = pair.pin AND s.srp_id = pair.srp_id
      AND d.suspended_because IS NULL AND s.suspended_because IS NULL) AS namesGood,
    EXISTS (SELECT 1 FROM relay_peer p WHERE p.pin = pair.pin AND p.srp_id = pair.srp_id) AS deviceLists,
    EXISTS (SELECT 1 FROM relay_served v WHERE v.srp_id = pair.srp_id AND v.pin = pair.pin)
      OR EXISTS (SELECT 1 FROM relay_mail m WHERE m.pin = pair.pin AND m.owner = pair.srp_id
        AND m.expires_at_ms > ?) AS serverLists,
    f.generation, f.epoch,
    (SELECT count(*) FROM relay_frame q WHERE q.pin = pair.pin AND q.to_device = pair.to_device) AS frames,
    (SELECT ifnull(sum(q.bytes), 0) FROM relay_frame q
      WHERE q.pin = pair.pin AND q.to_device = pair.to_device) AS bytes
  FROM pair LEFT JOIN relay_fence f ON f.srp_id = pair.srp_id AND f.pin = pair.pin`

interface PairColumns {
  readonly namesGood: number
  readonly deviceLists: number
  readonly serverLists: number
  readonly generation: number | null
  readonly epoch: number | null
  readonly frames: number
  readonly bytes: number
}

function readPair(db: Db, { pin, srpId, toDevice }: SendAsk, nowMs: number): PairRows {
  const row = db.one<PairColumns>(pairSql, pin, srpId, Number(toDevice), nowMs)
  assert(row, 'a pair is always one row')
  const { generation, epoch, frames, bytes } = row
  return {
    namesGood: row.namesGood === 1,
    deviceLists: row.deviceLists === 1,
    serverLists: row.serverLists === 1,
    fence: generation === null || epoch === null ? null : { generation, epoch },
    queue: { frames, bytes },
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

function putOne(db: Db, write: SendWrite): number | null {
  if (!stillHolds(db, write)) return null
  const { ask, fence, token } = write
  const tokenPin = ask.txnPrefix ? ask.pin : null
  const isNew = db.run(
    `INSERT INTO relay_mid(sender, mid, content_hash, status, token_pin, remember_until_ms)
     VALUES (?, ?, ?, 0, ?, ?) ON CONFLICT DO NOTHING`,
    ...[ask.sender, ask.mid, write.contentHash, tokenPin, write.rememberUntilMs],
  )
  if (isNew === 0) return null
  const id = db.insert(
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
  return id
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
