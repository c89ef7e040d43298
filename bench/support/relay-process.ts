/** The relay on SQLite with FULL, plain and with TLS, in a process of its own; rates that no load test would pass are wide open. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { openColumn, sealColumn } from '#crypto/sealed-column.ts'
import { systemClock, systemRandom } from '#edge/system.ts'
import type { RelayId, SrpId } from '#kernel/brand.ts'
import { noFailpoint } from '#kernel/failpoint.ts'
import { silentLog } from '#kernel/log.ts'
import type { Vault } from '#kernel/vault.ts'
import { registerServerBySrpKey } from '#relay/administration.ts'
import { ensureRelayIdentity } from '#relay/identity.ts'
import { startRelayServer } from '#relay/server.ts'
import { defaultRelaySettings } from '#relay/settings.ts'
import { openSqliteStore } from '#store/sqlite/open.ts'
import { makeCertificate } from './certificate.ts'
import { sayReady } from './helper.ts'

export interface RelayReady {
  readonly plain: number
  readonly tls: number
  readonly ca: string
  readonly relayId: RelayId
  readonly srpId: SrpId
  readonly srpKey: Uint8Array
}

const relayId = 'relay.bench.test' as RelayId
const srpId = 'S00000001' as SrpId
const wideOpen = { perSecond: 1_000_000, burst: 1_000_000 }

async function startRelays(directory: string): Promise<RelayReady> {
  const storageKey = new Uint8Array(randomBytes(32))
  const vault: Vault = {
    seal: (context, plain) => sealColumn(storageKey, systemRandom, context, plain),
    open: (context, sealed) => openColumn(storageKey, context, sealed),
  }
  const certified = makeCertificate(relayId)
  const srpKey = new Uint8Array(randomBytes(32))
  const start = async (name: string, tls: boolean): Promise<number> => {
    const path = join(directory, `${name}.db`)
    const { relay: store } = openSqliteStore({ path, writer: 'thread', nowMs: systemClock.nowMs })
    const nowMs = systemClock.nowMs()
    const identity = await ensureRelayIdentity({ store, vault, random: systemRandom, nowMs }, relayId)
    await registerServerBySrpKey({ store, vault, nowMs }, { srpId, srpKey, relayId, domains: ['bench.test'] })
    const server = await startRelayServer({
      store,
      vault,
      identity,
      settings: { ...defaultRelaySettings, deviceFrameRate: wideOpen, serverFrameRate: wideOpen },
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      failpoint: noFailpoint,
      host: '127.0.0.1',
      port: 0,
      ...(tls ? { tls: certified } : {}),
      mail: { route: { host: '127.0.0.1', port: 1, tls: 'plain' }, ehloName: relayId },
    })
    return server.port
  }
  return {
    plain: await start('plain', false),
    tls: await start('tls', true),
    ca: certified.ca,
    relayId,
    srpId,
    srpKey,
  }
}

sayReady(await startRelays(process.argv[2] ?? ''))
