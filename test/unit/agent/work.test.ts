/** Work that an activation waits for, met by a world that changed meanwhile. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { startPerformer } from '#agent/perform.ts'
import { raise } from '#agent/raise.ts'
import type { MailAddress } from '#kernel/brand.ts'
import * as e from '../activation/events.ts'
import { type AgentWorld, makeAgentWorld, noNumbers } from './agent-env.ts'

/** Works off what is due, and resolves when nothing is. */
async function workOff(t: TestContext, { env }: AgentWorld, isDone: () => Promise<boolean>): Promise<void> {
  const performer = startPerformer(env, noNumbers)
  t.after(() => performer.close())
  const commits = new EventTarget()
  t.after(env.store.onCommit(() => void commits.dispatchEvent(new Event('commit'))))
  while (!(await isDone())) await once(commits, 'commit')
}

async function aliceWithPassword({ env }: AgentWorld): Promise<number> {
  const added = { address: 'alice@example.test' as MailAddress, displayName: '', aliases: [], nowMs: e.start }
  const userId = await env.store.users.add(added)
  assert(userId !== null)
  const terms = { userId, origin: 'generated', records: [], nowMs: e.start } as const
  await env.store.users.openGrant({ ...terms, expiresAtMs: e.start + 47 * e.hour })
  return userId
}

test('a request found while its password is replaced is told so, not left without an answer', async (t) => {
  const world = makeAgentWorld(t)
  const { store } = world.env
  const userId = await aliceWithPassword(world)
  const before = (await store.users.newestGrant(userId))?.grant ?? null
  await aliceReplaces(world, userId)
  // The mail was read when the old password still stood, and is written down after.
  const seen = e.etpSeen({ standing: e.standing(before) })
  await raise(world.env, e.txn, () => seen, {}, userId)
  world.nowMs = e.start + 3_000
  await workOff(t, world, async () => (await store.activations.find(e.txn))?.phase === 'stopped')
  assert.equal((await store.activations.find(e.txn))?.code, 'grant.replaced')
  assert(await store.deliveries.byKey(`error:${e.txn}:grant.replaced`))
})

const aliceReplaces = ({ env }: AgentWorld, userId: number): Promise<number> =>
  env.store.users.openGrant({
    userId,
    origin: 'generated',
    records: [],
    nowMs: e.start + 1,
    expiresAtMs: e.start + 48 * e.hour,
  })

test('a clock set back while the end of a life is worked off does not lose that end', async (t) => {
  const world = makeAgentWorld(t)
  const { store } = world.env
  const hint = { kind: 'relay_mailed', address: e.address, atMs: e.start } as const
  await raise(world.env, e.txn, () => hint)
  let asked = 0
  // Ahead when it is asked what is due, and behind from then on.
  const nowMs = () => e.start + (asked++ === 0 ? 49 : 1) * e.hour
  const env = { ...world.env, clock: { ...world.env.clock, nowMs } }
  await workOff(t, { ...world, env }, async () => (await store.activations.workOf(e.txn)).length === 0)
  assert.equal((await store.activations.find(e.txn))?.code, 'mail.lost')
})
