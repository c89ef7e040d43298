// A mail server in memory, a store, and an intake that commits as the agent's does and keeps what it was given.

import type { TestContext } from 'node:test'
import { extractEtpFiles } from '#agent/extract.ts'
import type { Extractor } from '#agent/extract-worker.ts'
import type { FoundBatch, FoundMail, TakenBatch } from '#agent/intake.ts'
import { startWatching, type Watching, type WatchingOptions, type WatchingParts } from '#agent/watching.ts'
import { systemClock, systemRandom } from '#edge/system.ts'
import type { ActivationId, MailAddress } from '#kernel/brand.ts'
import { type Log, type LogFields, silentLog } from '#kernel/log.ts'
import { type MailboxAccess, namespaceAccess } from '#mailbox/access.ts'
import { type MemoryMailServer, makeMemoryMailServer } from '#mailbox/memory-mailbox.ts'
import { canonicalEmail } from '#protocol/canonical.ts'
import { decodeEtpBody, decodeEtpFile } from '#protocol/etp.ts'
import type { Store } from '#store/store.ts'
import { openTestStore } from '../../support/store.ts'

export function address(text: string): MailAddress {
  const canonical = canonicalEmail(text)
  if (!canonical.ok) throw new Error(text)
  return canonical.value
}

export const alice = address('alice@example.test')
export const bob = address('bob@example.test')
export const inboxName = (owner: MailAddress): string => `user/${owner}`

/** The transaction a file names. */
export function txnOf(file: Uint8Array): ActivationId {
  const outer = decodeEtpFile(file)
  const body = outer.ok ? decodeEtpBody(outer.value.body) : outer
  if (!body.ok) throw new Error('no ETP.DAT')
  return body.value.txn
}

export interface World {
  readonly store: Store
  /** Closed when the test has ended. */
  readonly watchings: Watching[]
  readonly server: MemoryMailServer
  readonly access: MailboxAccess
  readonly extractor: Extractor
  /** Users with a live grant; say `grantsChanged` after a change. */
  readonly live: Set<MailAddress>
  readonly served: MailAddress[]
  /** Given to the intake and taken by it. */
  readonly taken: FoundMail[]
  readonly lines: readonly (LogFields & { readonly message: string })[]
  readonly log: Log
  intake(batch: FoundBatch): Promise<TakenBatch>
  /** While it is set the intake fails with it. */
  fail: Error | null
  /** Commits something to the users' tables, as setting a password does. */
  grantsChanged(): Promise<void>
  /** Resolves when `check` holds; looks again after each commit and intake, and every few milliseconds. */
  until(check: () => boolean | Promise<boolean>): Promise<void>
}

export function makeWorld(t: TestContext): World {
  const watchings: Watching[] = []
  // Registered before the store's own end, and so run before it.
  t.after(() => Promise.all(watchings.map((watching) => watching.close())))
  const store = openTestStore(t)
  const taken: FoundMail[] = []
  const lines: (LogFields & { message: string })[] = []
  const write = (fields: LogFields, message: string) => void lines.push({ ...fields, message })
  let users = 0
  const world: World = {
    store,
    watchings,
    server: makeMemoryMailServer(systemClock),
    access: namespaceAccess('user/{address}'),
    extractor: { extract: extractEtpFiles, close: async () => {} },
    live: new Set(),
    served: [alice, bob],
    taken,
    lines,
    log: { ...silentLog, info: write, warn: write, error: write },
    fail: null,
    intake: async ({ cursor, mails }) => {
      if (world.fail) throw world.fail
      await store.watches.move([cursor], Date.now())
      taken.push(...mails)
      const files = mails.flatMap((mail) => mail.files)
      const accepted = mails.map(({ uid, files: [file = new Uint8Array()] }) => ({ uid, txn: txnOf(file) }))
      return { accepted, seen: files.map(txnOf) }
    },
    grantsChanged: async () => {
      users += 1
      const extra = address(`extra${users}@example.test`)
      await store.users.add({ address: extra, displayName: '', aliases: [], nowMs: Date.now() })
    },
    until: async (check) => {
      while (!(await check())) await new Promise((resolve) => setTimeout(resolve, 5))
    },
  }
  for (const owner of world.served) world.server.create(inboxName(owner))
  return world
}

const minuteMs = 60_000

/** Everything but the safety pass, which comes at the start and then after a minute, is switched off. */
export const nothingElse: WatchingOptions = {
  connectionsMax: 2,
  scanIntervalMs: minuteMs,
  relayHint: false,
  pushHook: false,
  strategy: 'auto',
  canary: null,
  idleConnectionsMax: 0,
  pollMs: 0,
  junk: null,
  removeAccepted: true,
}

/** Starts watching and resolves when the first pass has read every mailbox, so that each has a cursor. */
export async function watch(
  world: World,
  options: Partial<WatchingOptions> = {},
  parts: Partial<WatchingParts> = {},
): Promise<Watching> {
  const watching = startWatching(
    {
      ...world,
      clock: systemClock,
      random: systemRandom,
      served: async () => [...world.served],
      liveGrants: async () => [...world.live],
      ...parts,
    },
    { ...nothingElse, ...options },
  )
  world.watchings.push(watching)
  await world.until(() => {
    const { watched, oldestLookedAtMs, faults } = watching.mailboxState()
    const { news, scanning } = watching.poolStats()
    return (
      watched === world.served.length && oldestLookedAtMs !== null && faults.length + news + scanning === 0
    )
  })
  return watching
}
