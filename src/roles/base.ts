/** What every role stands on: the log, the store, the storage key, the domain's keys. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { LoadedConfig } from '#config/load.ts'
import type { Config } from '#config/schema.ts'
import { type DomainKeys, openDomainKeys } from '#edge/domain-keys.ts'
import { continueGeneration, refuseEmptied } from '#edge/generation-file.ts'
import { openVaultFrom } from '#edge/storage-key-source.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Failpoint } from '#kernel/failpoint.ts'
import type { Log } from '#kernel/log.ts'
import { type Metrics, noMetrics } from '#kernel/metrics.ts'
import type { Random } from '#kernel/random.ts'
import type { Vault } from '#kernel/vault.ts'
import { newRouteKeySealed } from '#relay/identity.ts'
import type { Store } from '#store/store.ts'
import { countingStore } from '#telemetry/counting-store.ts'
import type { Edge } from './edge.ts'
import { storageKeySource } from './storage-key.ts'

export interface Base {
  readonly config: Config
  /** Where the configuration came from, and what there is to be said of it. */
  readonly loaded: Pick<LoadedConfig, 'file' | 'warnings'>
  readonly edge: Edge
  /** The two clocks at the start. */
  readonly startedAt: { readonly wallMs: number; readonly monotonicMs: number }
  readonly store: Store
  readonly vault: Vault
  readonly keys: DomainKeys
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly failpoint: Failpoint
  readonly metrics: Metrics
  /** Schema versions that were applied when the store was opened. */
  readonly migrated: readonly number[]
}

export interface BaseOptions {
  readonly writer: 'thread' | 'inline'
  readonly log: Log
  /** Other processes work on the same database: look for their commits. */
  readonly shared: boolean
  readonly edge: Edge
  /** Nothing is counted without it. */
  readonly metrics?: Metrics
}

/** @throws Fault store.*, storage_key.wrong */
export async function openBase(loaded: LoadedConfig, options: BaseOptions): Promise<Base> {
  const { config } = loaded
  const { edge, log } = options
  const { clock, random, failpoint } = edge
  const startedAt = { wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() }
  for (const path of [
    config.server.data_dir,
    dirname(config.store.path),
    dirname(config.store.storage_key_file),
  ])
    mkdirSync(path, { recursive: true, mode: 0o700 })
  let migrated: readonly number[] = []
  const { metrics = noMetrics } = options
  const opened = edge.openStore({
    path: config.store.path,
    writer: options.writer,
    shared: options.shared,
    log,
    metrics,
    onMigrated: (versions) => {
      migrated = versions
    },
  })
  const store = metrics === noMetrics ? opened : countingStore(opened, metrics)
  try {
    const dataDir = config.server.data_dir
    await refuseEmptied(dataDir, store.installation)
    const vault = await openVaultFrom(storageKeySource(config), store.installation, random)
    const env = { store: store.installation, vault, clock, random }
    const restored = await continueGeneration({
      store: store.installation,
      dataDir,
      nowMs: clock.nowMs(),
      newRouteKeySealed: () => newRouteKeySealed({ vault, random }),
    })
    if (restored)
      log.warn({}, 'this database was restored from a backup: activation passwords in it are revoked')
    const keys = await openDomainKeys(env, config.server.organisation)
    return {
      config,
      loaded,
      startedAt,
      edge,
      store,
      vault,
      keys,
      clock,
      random,
      log,
      failpoint,
      metrics,
      migrated,
    }
  } catch (error) {
    await store.close()
    throw error
  }
}
