/** A relay as it ships, on loopback with TLS and SQLite, a mail sink behind it, and a clock that can be advanced. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCa, makeTlsServer } from '#crypto/certificate.ts'
import { ed25519Key } from '#crypto/ed25519.ts'
import { openColumn, sealColumn } from '#crypto/sealed-column.ts'
import type { RelayId, SrpId } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import { type Failpoint, noFailpoint } from '#kernel/failpoint.ts'
import { silentLog } from '#kernel/log.ts'
import type { Random } from '#kernel/random.ts'
import type { Vault } from '#kernel/vault.ts'
import { registerServerBySrpKey } from '#relay/administration.ts'
import { ensureRelayIdentity } from '#relay/identity.ts'
import { type RelayServer, startRelayServer } from '#relay/server.ts'
import { defaultRelaySettings, type RelaySettings } from '#relay/settings.ts'
import { openSqliteStore } from '#store/sqlite/open.ts'
import { type MailSink, startMailSink } from './relay-mail-sink.ts'

export const relayId = 'relay.test' as RelayId
export const random: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) }

/** Real time plus what it was advanced by; timers that become due fire at once. */
export class AdvancingClock implements Clock {
  #aheadMs = 0
  readonly #timers = new Set<{ dueMs: number; fn: () => void; cancel: () => void }>()

  nowMs(): number {
    return Date.now() + this.#aheadMs
  }

  monotonicMs(): number {
    return performance.now() + this.#aheadMs
  }

  after(delayMs: number, fn: () => void): () => void {
    const timer = { dueMs: this.nowMs() + delayMs, fn, cancel: () => {} }
    this.#timers.add(timer)
    this.#arm(timer)
    return () => {
      timer.cancel()
      this.#timers.delete(timer)
    }
  }

  advance(ms: number): void {
    this.#aheadMs += ms
    for (const timer of this.#timers) {
      timer.cancel()
      this.#arm(timer)
    }
  }

  #arm(timer: { dueMs: number; fn: () => void; cancel: () => void }): void {
    const delayMs = Math.min(2 ** 31 - 1, Math.max(0, timer.dueMs - this.nowMs()))
    const handle = setTimeout(() => {
      this.#timers.delete(timer)
      timer.fn()
    }, delayMs)
    handle.unref()
    timer.cancel = () => clearTimeout(handle)
  }
}

export interface RelayWorld {
  readonly clock: AdvancingClock
  readonly sink: MailSink
  readonly ca: string
  /** Of a CA that signed nothing here. */
  readonly strangeCa: string
  readonly vault: Vault
  /** Called at each named point; may throw what a failing disk would. */
  failpoint: Failpoint
  relay: RelayServer
  store: ReturnType<typeof openSqliteStore>
  url(): string
  addServer(srpId: string, domains?: readonly string[]): Promise<{ srpId: SrpId; srpKey: Uint8Array }>
  /** Stops the relay and its store and starts both anew from the disk; `between` may change the database. */
  restart(between?: (store: RelayWorld['store']) => Promise<void>): Promise<void>
  close(): Promise<void>
}

const pki = makePki()

export async function makeRelayWorld(settings: Partial<RelaySettings> = {}): Promise<RelayWorld> {
  const directory = mkdtempSync(join(tmpdir(), 'postkey-relay-'))
  const clock = new AdvancingClock()
  const storageKey = random.bytes(32)
  const vault: Vault = {
    seal: (context, plain) => sealColumn(storageKey, random, context, plain),
    open: (context, sealed) => openColumn(storageKey, context, sealed),
  }
  const sink = await startMailSink(pki.server)
  const openStore = () =>
    openSqliteStore({ path: join(directory, 'relay.db'), writer: 'thread', nowMs: () => clock.nowMs() })
  const start = async (store: RelayWorld['store'], port: number) =>
    startRelayServer({
      store: store.relay,
      vault,
      identity: await ensureRelayIdentity(
        { store: store.relay, vault, random, nowMs: clock.nowMs() },
        relayId,
      ),
      settings: { ...defaultRelaySettings, housekeepingMs: 20, mailAnswerMs: 2_000, ...settings },
      clock,
      random,
      log: silentLog,
      failpoint: (name) => world.failpoint(name),
      host: '127.0.0.1',
      port,
      tls: pki.server,
      mail: {
        route: { host: '127.0.0.1', port: sink.port, tls: 'starttls', ca: pki.ca, serverName: relayId },
        ehloName: relayId,
      },
    })
  const store = openStore()
  const world: RelayWorld = {
    clock,
    sink,
    ca: pki.ca,
    strangeCa: pki.strangeCa,
    vault,
    store,
    failpoint: noFailpoint,
    relay: await start(store, 0),
    url: () => `wss://127.0.0.1:${world.relay.port}`,
    addServer: async (name, domains = ['example.com']) => {
      const srpId = name as SrpId
      const srpKey = random.bytes(32)
      const env = { store: world.store.relay, vault, nowMs: clock.nowMs() }
      await registerServerBySrpKey(env, { srpId, srpKey, relayId, domains })
      return { srpId, srpKey }
    },
    restart: async (between) => {
      const { port } = world.relay
      await world.relay.close()
      await world.store.close()
      world.store = openStore()
      await between?.(world.store)
      world.relay = await start(world.store, port)
    },
    close: async () => {
      await world.relay.close()
      await world.store.close()
      await sink.close()
      rmSync(directory, { recursive: true })
    },
  }
  return world
}

function makePki() {
  const keyOf = () =>
    generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' })
  const terms = (keyPem: string) => ({ keyPem, nowMs: Date.now(), years: 1, random })
  const caKey = String(keyOf())
  const names = { commonName: 'Test CA', organisation: 'Test' }
  const ca = makeCa(names, terms(caKey))
  const strangeCa = makeCa(names, terms(String(keyOf())))
  const key = String(keyOf())
  const server = makeTlsServer({ certificatePem: ca.pem, keyPem: caKey }, [relayId], terms(key))
  return { ca: ca.pem, strangeCa: strangeCa.pem, server: { certificate: server.pem, key } }
}

export const newDeviceKey = () => ed25519Key(random.bytes(32))
export const newMid = () => random.bytes(16)

/** Resolves when `check` has become true; fails after five seconds with what was waited for. */
export async function until(check: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 5_000
  while (!(await check())) {
    assert.ok(Date.now() < deadline, `waited in vain for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
