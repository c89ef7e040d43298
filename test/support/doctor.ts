/** `postkey doctor` as a program reads it, and what a test says of it. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Check, Health } from '#admin/views.ts'
import type { FaultCode } from '#kernel/fault.ts'
import { faultRow } from '#kernel/fault.ts'
import { openSqliteStore } from '#store/sqlite/open.ts'
import { command } from './e2e-cli.ts'
import type { Postkey } from './postkey.ts'

export interface Examined {
  readonly exit: number
  readonly health: Health
  readonly checks: readonly Check[]
  readonly canary: readonly (Check & { readonly tookMs: number | null })[]
}

export async function examine(postkey: Postkey, ...options: readonly string[]): Promise<Examined> {
  const { code, out, err } = await command(postkey, 'doctor', '-o', 'json', ...options)
  assert.equal(err, '')
  return { exit: code, ...(JSON.parse(out) as Omit<Examined, 'exit'>) }
}

export const hopNames = [
  'pressed',
  'relay accepted',
  'SMTP accepted',
  'in the mailbox',
  'seen',
  'proof',
  'policy',
  'books',
  'complete',
]

/** Everything is ok, and the canary came through every hop with its time. */
export function assertHealthy(examined: Examined): void {
  assert.deepEqual(troubles(examined), [])
  assert.deepEqual([examined.health, examined.exit], ['ok', 0])
  assertComplete(examined)
}

export function assertComplete({ canary }: Examined): void {
  assert.deepEqual(
    canary.map(({ name }) => name),
    hopNames,
  )
  for (const { name, tookMs } of canary.slice(1)) assert(tookMs !== null && tookMs >= 0, name)
}

export interface Trouble {
  readonly name: string | RegExp
  readonly health: Health
  readonly code: FaultCode
}

/** Exactly these checks and hops are not ok; each says what happened, its code, and what to do next. */
export function assertTroubles(examined: Examined, ...expected: readonly Trouble[]): void {
  const found = troubles(examined)
  assert.deepEqual(
    found.map(({ health, code }) => `${health} ${code}`),
    expected.map(({ health, code }) => `${health} ${code}`),
    JSON.stringify(found, null, 1),
  )
  for (const [i, { name, code }] of expected.entries()) {
    const check = found[i]
    assert(check)
    assert.match(check.name, name instanceof RegExp ? name : new RegExp(`^${name}$`))
    assert(check.says.startsWith(faultRow(code).says), check.says)
    assert.equal(check.next, faultRow(code).next)
  }
  const worst = expected.some(({ health }) => health === 'broken') ? 'broken' : 'attention'
  assert.deepEqual([examined.health, examined.exit], [worst, worst === 'broken' ? 1 : 6])
}

const troubles = ({ checks, canary }: Examined): Check[] =>
  [...checks, ...canary].filter(({ health }) => health !== 'ok')

/** The hops before this one were reached, and none behind it. */
export function assertStoppedAt({ canary }: Examined, hop: string): void {
  assert.deepEqual(
    canary.map(({ name }) => name),
    hopNames.slice(0, hopNames.indexOf(hop) + 1),
  )
}

/**
 * No user, handheld, activation or message of a canary is in the server's database. How far its mailbox was read may
 * be put back by a look that was under way; that is forgotten with everything else that is nobody's.
 */
export async function assertNothingLeft(postkey: Postkey): Promise<void> {
  const store = openSqliteStore({
    path: join(postkey.data, 'postkey.db'),
    writer: 'inline',
    nowMs: Date.now,
  })
  try {
    assert.deepEqual(await store.users.list(), [])
    assert.deepEqual(await store.activations.list({ limit: 10 }), [])
    assert.deepEqual(await store.handhelds.list(), [])
    assert.deepEqual(await store.deliveries.due(Number.MAX_SAFE_INTEGER, 10), [])
    await store.retention.forget({ messagesBeforeMs: 0, historyBeforeMs: 0, limit: 10 })
    assert.deepEqual(await store.watches.list(), [])
    assert.deepEqual(await store.relay.listDevices('', 10), [])
    assert.equal(await store.relay.nextMailAtMs(), null)
  } finally {
    await store.close()
  }
}
