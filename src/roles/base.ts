/** What every role stands on: the log, the store, the storage key, the domain's keys. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { LoadedConfig } from '#config/load.ts'
import type { Config } from '#config/schema.ts'
import { type DomainKeys, openDomainKeys } from '#edge/domain-keys.ts'
import { openVault } from '#edge/storage-key.ts'
import { failpointAt, systemClock, systemRandom } from '#edge/system.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Failpoint } from '#kernel/failpoint.ts'
import { faultCodeOf } from '#kernel/fault.ts'
import type { Log } from '#kernel/log.ts'
import type { Random } from '#kernel/random.ts'
import type { Vault } from '#kernel/vault.ts'
import { newRouteKeySealed } from '#relay/identity.ts'
import { openSqliteStore } from '#store/sqlite/open.ts'
import type { Store } from '#store/store.ts'

export interface Base {
  readonly config: Config
  readonly store: Store
  readonly vault: Vault
  readonly keys: DomainKeys
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly failpoint: Failpoint
  /** Schema versions that were applied when the store was opened. */
  readonly migrated: readonly number[]
}

export interface BaseOptions {
  readonly writer: 'thread' | 'inline'
  readonly log: Log
  /** Other processes work on the same database: look for their commits. */
  readonly shared: boolean
  /** The name of the point where a test ends the process. */
  readonly failpoint?: string | undefined
}

const sharedPollMs = 200

/** @throws Fault store.*, storage_key.wrong */
export async function openBase({ config }: LoadedConfig, options: BaseOptions): Promise<Base> {
  for (const path of [
    config.server.data_dir,
    dirname(config.store.path),
    dirname(config.store.storage_key_file),
  ])
    mkdirSync(path, { recursive: true, mode: 0o700 })
  let migrated: readonly number[] = []
  const store = openSqliteStore({
    path: config.store.path,
    writer: options.writer,
    nowMs: systemClock.nowMs,
    onMigrated: (versions) => {
      migrated = versions
    },
    ...(options.shared ? { poll: (check: () => void) => repeatedly(check, options.log) } : {}),
  })
  try {
    const vault = await openVault(config.store.storage_key_file, store.installation, systemRandom)
    const env = { store: store.installation, vault, clock: systemClock, random: systemRandom }
    const routeKey = newRouteKeySealed({ vault, random: systemRandom })
    if (await store.installation.continueAfterRestore(routeKey, systemClock.nowMs()))
      options.log.warn({}, 'this database was restored from a backup: activation passwords in it are revoked')
    const keys = await openDomainKeys(env, config.server.organisation)
    const failpoint = failpointAt(options.failpoint)
    return {
      config,
      store,
      vault,
      keys,
      clock: systemClock,
      random: systemRandom,
      log: options.log,
      failpoint,
      migrated,
    }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** A look that fails is logged and tried again: it must not end the process. */
function repeatedly(check: () => void, log: Log): () => void {
  const look = () => {
    try {
      check()
    } catch (error) {
      log.warn({ code: faultCodeOf(error) }, 'the database could not be looked at')
    }
  }
  const timer = setInterval(look, sharedPollMs)
  return () => clearInterval(timer)
}
