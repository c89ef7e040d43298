/** Who the relay is and whom it knows: identity, servers, handhelds. */
import type { Pin, RelayId, SrpId } from '#kernel/brand.ts'
import type {
  RelayDeviceRow,
  RelayIdentityRow,
  RelayName,
  RelaySealKeyRow,
  RelayServerRow,
  RelayStore,
} from '../relay.ts'
import type { Sync } from './aggregate.ts'
import type { Db } from './database.ts'

type Names = Pick<
  Sync<RelayStore>,
  | 'findIdentity'
  | 'keepFirstIdentity'
  | 'raiseGeneration'
  | 'putServer'
  | 'findServer'
  | 'listServers'
  | 'listServersOfDomain'
  | 'findDevice'
  | 'findDeviceByKey'
  | 'listDevices'
  | 'countEnrolments'
  | 'enrol'
  | 'takeBack'
  | 'forgetDevice'
  | 'suspend'
  | 'listSuspended'
>

interface IdentityColumns {
  relayId: RelayId
  generation: number
  routeKeySealed: Uint8Array
  restoredAtMs: number | null
}

interface ServerColumns {
  srpId: SrpId
  loginKeySealed: Uint8Array
  suspendedBecause: string | null
  createdAtMs: number
}

const deviceColumns = `pin, public_key AS publicKey, network, enrolled_at_ms AS enrolledAtMs,
  suspended_because AS suspendedBecause`
const serverColumns = `srp_id AS srpId, login_key_sealed AS loginKeySealed,
  suspended_because AS suspendedBecause, created_at_ms AS createdAtMs`

export function makeRelayNames(db: Db): Names {
  const findIdentity = () => readIdentity(db)
  const findDevice = (pin: Pin) =>
    db.one<RelayDeviceRow>(`SELECT ${deviceColumns} FROM relay_device WHERE pin = ?`, pin) ?? null
  const findDeviceByKey = (publicKey: Uint8Array) =>
    db.one<RelayDeviceRow>(`SELECT ${deviceColumns} FROM relay_device WHERE public_key = ?`, publicKey) ??
    null
  const addDevice = (pin: Pin, publicKey: Uint8Array, network: string, nowMs: number) =>
    db.run(
      `INSERT INTO relay_device(pin, public_key, network, enrolled_at_ms) VALUES (?, ?, ?, ?)`,
      ...[pin, publicKey, network, nowMs],
    )
  return {
    findIdentity,
    keepFirstIdentity: (row, nowMs) => findIdentity() ?? insertIdentity(db, row, nowMs),
    raiseGeneration: (routeKeySealed, nowMs) => {
      db.run(
        'UPDATE relay_identity SET generation = generation + 1, route_key_sealed = ?, restored_at_ms = ?',
        ...[routeKeySealed, nowMs],
      )
      return findIdentity()?.generation ?? 0
    },
    putServer: (...server) => putServer(db, ...server),
    findServer: (srpId) => {
      const row = db.one<ServerColumns>(`SELECT ${serverColumns} FROM relay_server WHERE srp_id = ?`, srpId)
      return row ? withDomains(db, row) : null
    },
    listServers: () =>
      db
        .all<ServerColumns>(`SELECT ${serverColumns} FROM relay_server ORDER BY srp_id`)
        .map((row) => withDomains(db, row)),
    listServersOfDomain: (domain) =>
      db
        .all<{ srpId: SrpId }>('SELECT srp_id AS srpId FROM relay_server_domain WHERE domain = ?', domain)
        .map(({ srpId }) => srpId),
    findDevice,
    findDeviceByKey,
    listDevices: (afterPin, limit) =>
      db.all<RelayDeviceRow>(
        `SELECT ${deviceColumns} FROM relay_device WHERE pin > ? ORDER BY pin LIMIT ?`,
        ...[afterPin, limit],
      ),
    countEnrolments: (network, sinceMs) =>
      db.one<{ n: number }>(
        'SELECT count(*) AS n FROM relay_device WHERE network = ? AND enrolled_at_ms > ?',
        ...[network, sinceMs],
      )?.n ?? 0,
    enrol: ({ publicKey, candidates, network, nowMs }) => {
      const known = findDeviceByKey(publicKey)
      if (known) return known.pin
      const free = candidates.find((pin) => findDevice(pin) === null)
      if (free !== undefined) addDevice(free, publicKey, network, nowMs)
      return free ?? null
    },
    takeBack: (pin, publicKey, nowMs) => {
      if (findDevice(pin) || findDeviceByKey(publicKey)) return false
      addDevice(pin, publicKey, 'certificate', nowMs)
      return true
    },
    forgetDevice: (pin) => forgetDevice(db, pin),
    suspend: (name, because) =>
      db.run('UPDATE relay_server SET suspended_because = ? WHERE srp_id = ?', because, name) +
        db.run('UPDATE relay_device SET suspended_because = ? WHERE pin = ?', because, name) >
      0,
    listSuspended: () => listSuspended(db),
  }
}

function forgetDevice(db: Db, pin: Pin): void {
  for (const table of [
    'relay_frame',
    'relay_mail',
    'relay_peer',
    'relay_served',
    'relay_fence',
    'relay_device',
  ])
    db.run(`DELETE FROM ${table} WHERE pin = ?`, pin)
  db.run('DELETE FROM relay_mid WHERE sender = ? OR token_pin = ?', pin, pin)
}

function readIdentity(db: Db): RelayIdentityRow | null {
  const row = db.one<IdentityColumns>(
    `SELECT relay_id AS relayId, generation, route_key_sealed AS routeKeySealed,
       restored_at_ms AS restoredAtMs FROM relay_identity`,
  )
  if (!row) return null
  const sealKeys = db.all<RelaySealKeyRow>(
    'SELECT public_key AS publicKey, seed_sealed AS seedSealed FROM relay_seal_key ORDER BY id DESC',
  )
  return { ...row, sealKeys }
}

function insertIdentity(db: Db, row: RelayIdentityRow, nowMs: number): RelayIdentityRow {
  db.run(
    'INSERT INTO relay_identity(one, relay_id, generation, route_key_sealed) VALUES (1, ?, ?, ?)',
    ...[row.relayId, row.generation, row.routeKeySealed],
  )
  for (const key of row.sealKeys.toReversed())
    db.run(
      'INSERT INTO relay_seal_key(public_key, seed_sealed, created_at_ms) VALUES (?, ?, ?)',
      ...[key.publicKey, key.seedSealed, nowMs],
    )
  return row
}

function putServer(
  db: Db,
  srpId: SrpId,
  loginKeySealed: Uint8Array,
  domains: readonly string[],
  nowMs: number,
): void {
  db.run(
    `INSERT INTO relay_server(srp_id, login_key_sealed, created_at_ms) VALUES (?, ?, ?)
     ON CONFLICT(srp_id) DO UPDATE SET login_key_sealed = excluded.login_key_sealed`,
    ...[srpId, loginKeySealed, nowMs],
  )
  db.run('DELETE FROM relay_server_domain WHERE srp_id = ?', srpId)
  for (const domain of new Set(domains))
    db.run('INSERT INTO relay_server_domain(domain, srp_id) VALUES (?, ?)', domain, srpId)
}

function withDomains(db: Db, row: ServerColumns): RelayServerRow {
  const domains = db
    .all<{ domain: string }>(
      'SELECT domain FROM relay_server_domain WHERE srp_id = ? ORDER BY domain',
      row.srpId,
    )
    .map(({ domain }) => domain)
  return { ...row, domains }
}

function listSuspended(db: Db): RelayName[] {
  return db
    .all<{ name: RelayName }>(
      `SELECT srp_id AS name FROM relay_server WHERE suspended_because IS NOT NULL
       UNION ALL SELECT pin FROM relay_device WHERE suspended_because IS NOT NULL`,
    )
    .map(({ name }) => name)
}
