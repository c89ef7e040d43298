/** A whole installation for the tests of the use cases: the real store in a directory of its own, the rest small. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ActivationEvent } from '#activation/event.ts'
import { reduce } from '#activation/reduce.ts'
import { type Desk, makeDesk } from '#admin/access/desk.ts'
import { makeAdmin } from '#admin/make-admin.ts'
import type { AdminParts } from '#admin/ports.ts'
import { hmacSha256 } from '#crypto/hash.ts'
import type { KeyStretching } from '#crypto/key-stretching.ts'
import { nodeP256 } from '#crypto/p256-node.ts'
import { openColumn, sealColumn } from '#crypto/sealed-column.ts'
import type { DirectoryPerson } from '#directory/directory.ts'
import { templateMistakes } from '#invitation/templates.ts'
import type { ActivationId, SrpId } from '#kernel/brand.ts'
import { concat, uintBytes, utf8 } from '#kernel/bytes.ts'
import type { Clock } from '#kernel/clock.ts'
import { silentLog } from '#kernel/log.ts'
import type { Random } from '#kernel/random.ts'
import { openSqliteStore } from '#store/sqlite/open.ts'
import type { Store } from '#store/store.ts'

export const startMs = Date.UTC(2026, 0, 5, 13, 0, 0)

/** Eighty bytes in no time: the work of the real profile is its own tests' business. */
export const quickStretching: KeyStretching = {
  profile: 1,
  stretch: async (input, salt) =>
    concat(...[0, 1, 2].map((i) => hmacSha256(salt, concat(input, uintBytes(i, 1))))).slice(0, 80),
}

/** All that the directory holds, where a test brings none of its own. */
const entryOfEve: DirectoryPerson = {
  dn: 'uid=eve,dc=example',
  id: 'eve',
  addresses: ['eve@example.test'],
  aliases: [],
  name: 'Eve',
  organisation: null,
  groups: null,
}

export interface TestClock extends Clock {
  advance(ms: number): void
}

function testClock(): TestClock {
  let nowMs = startMs
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    advance: (ms) => {
      nowMs += ms
    },
    after: (delayMs, fn) => {
      const timer = setTimeout(fn, Math.min(delayMs, 5))
      return () => clearTimeout(timer)
    },
  }
}

function countingRandom(): Random {
  let count = 0
  return {
    bytes: (length) => {
      count += 1
      const block = (i: number) => hmacSha256(utf8('test'), concat(uintBytes(count, 4), uintBytes(i, 4)))
      return concat(...Array.from({ length: Math.ceil(length / 32) }, (_, i) => block(i))).slice(0, length)
    },
  }
}

export interface Installation {
  readonly store: Store
  readonly clock: TestClock
  readonly parts: AdminParts
  /** The use cases as they are, without a caller. */
  readonly admin: ReturnType<typeof makeAdmin>
  readonly desk: Desk
  readonly directory: string
  close(): Promise<void>
}

export function openInstallation(changed: Partial<AdminParts> = {}): Installation {
  const directory = mkdtempSync(join(tmpdir(), 'postkey-admin-'))
  const clock = testClock()
  const random = countingRandom()
  const key = random.bytes(32)
  const store = openSqliteStore({ path: join(directory, 'postkey.db'), writer: 'inline', nowMs: clock.nowMs })
  const parts: AdminParts = {
    store,
    clock,
    random,
    log: silentLog,
    vault: {
      seal: (context, plain) => sealColumn(key, random, context, plain),
      open: (context, sealed) => openColumn(key, context, sealed),
    },
    p256: nodeP256,
    stretchings: [quickStretching],
    srpId: 'S00000001' as SrpId,
    suites: [1],
    rotateStorageKey: async () => ({ rows: 3 }),
    certificates: () => [
      {
        what: 'CA',
        subject: 'CN=Acme Postkey CA',
        sinceMs: startMs,
        untilMs: startMs + 9e11,
        renewedFromMs: startMs + 8e11,
        remark: null,
      },
    ],
    domains: ['example.test', 'xn--bcher-kva.example'],
    passwordHours: 48,
    passwordTries: 5,
    handheldsPerUser: 1,
    invitations: { language: 'en', mistakes: (language) => templateMistakes('', language) },
    scanIntervalSeconds: 900,
    cutOffMs: 0,
    mail: null,
    directory: async () => ({
      people: async function* () {
        yield [entryOfEve]
      },
      close: async () => {},
    }),
    vanishPercentMax: 20,
    relay: null,
    database: {
      backup: async (path) => ({ path, bytes: 1 }),
      verify: async () => ({ good: true, problems: [] }),
      migrate: async () => ({ applied: [], version: 3 }),
    },
    health: () => [],
    agent: () => ({
      mailbox: { lookedAtMs: null, lateBeforeMs: 0, fault: null, goneAtMs: null, empty: [] },
      link: { stage: 'ready', code: null, sinceMs: startMs, retryAtMs: null },
    }),
    agentRuns: () => true,
    mails: null,
    doctor: async function* () {},
    ...changed,
  }
  const admin = makeAdmin(parts)
  return {
    store,
    clock,
    parts,
    admin,
    desk: makeDesk(parts, () => admin),
    directory,
    close: async () => {
      await store.close()
      rmSync(directory, { recursive: true })
    },
  }
}

/** Raises `events` for one activation, as the agent does. */
export async function raise(
  { store, clock }: Installation,
  txn: ActivationId,
  userId: number | null,
  ...events: readonly ActivationEvent[]
): Promise<void> {
  for (const event of events) {
    const before = await store.activations.find(txn)
    const step = reduce(txn, before, event)
    if (!step) throw new Error('the event cannot begin an activation')
    const activation = { expectedVersion: before?.version ?? 0, next: step.next, userId, events: [event] }
    const result = await store.activations.commit({ nowMs: clock.nowMs(), activation })
    if (result !== 'done') throw new Error('conflict')
  }
}
