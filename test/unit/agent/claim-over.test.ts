/** A claim that comes to nothing is given back, and a password whose life is over meanwhile is erased. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ActivationEvent } from '#activation/event.ts'
import { raise } from '#agent/raise.ts'
import type { MailAddress } from '#kernel/brand.ts'
import * as e from '../activation/events.ts'
import { type AgentWorld, makeAgentWorld } from './agent-env.ts'

const proofEvents = [e.etpSeen(), e.answerMade(), e.receipt('m2', 0, e.pin), e.proofSeen(), e.judged('right')]

/** The run of a handheld that proved Alice's password and was not heard of again. */
async function claimed({ env }: AgentWorld, lifeHours: number): Promise<number> {
  const { store } = env
  const added = { address: 'alice@example.test' as MailAddress, displayName: '', aliases: [], nowMs: e.start }
  const userId = await store.users.add(added)
  assert(userId !== null)
  const records = [{ address: e.address, profile: 1, sealed: new Uint8Array([1]) }]
  const expiresAtMs = e.start + lifeHours * e.hour
  await store.users.openGrant({ userId, origin: 'generated', records, nowMs: e.start, expiresAtMs })
  const sealed = new Uint8Array([1])
  const addKey = { pin: e.pin, kid: 7, suite: 1, txn: e.txn, sealed, window: sealed, nextSeq: 1 } as const
  for (const event of proofEvents)
    await raise(env, e.txn, () => event, event.kind === 'proof_judged' ? { addKey } : {}, userId)
  return userId
}

const grantOf = async ({ env }: AgentWorld, userId: number) => {
  const kept = await env.store.users.newestGrant(userId)
  assert(kept)
  return kept.grant
}

const broken: ActivationEvent = { kind: 'broken', where: 'judge_proof', atMs: e.start + e.hour }
const dayOver: ActivationEvent = { kind: 'time_passed', atMs: e.start + 25 * e.hour }

test('a mistake of the server after the proof does not keep the password from others', async (t) => {
  const world = makeAgentWorld(t)
  const userId = await claimed(world, 47)
  const { activation } = await raise(world.env, e.txn, () => broken)
  assert.equal(activation?.code, 'internal.invariant')
  const grant = await grantOf(world, userId)
  assert.equal(grant.state, 'open')
  assert.equal(grant.claim, undefined)
  assert.deepEqual(await world.env.store.handhelds.keys(e.pin), [])
})

test('a claim given back after the password’s life is closed with its records like any other', async (t) => {
  const world = makeAgentWorld(t)
  const userId = await claimed(world, 12)
  await raise(world.env, e.txn, () => dayOver)
  const { users } = world.env.store
  assert.equal(await users.expireGrants(e.start + 25 * e.hour), 1)
  const { id, state } = await grantOf(world, userId)
  assert.equal(state, 'expired')
  assert.equal(await users.record(id, e.address, 1), null)
})

test('the end of a run whose user was removed is recorded', async (t) => {
  const world = makeAgentWorld(t)
  await world.env.store.users.remove(await claimed(world, 47), e.start + 1)
  const { activation } = await raise(world.env, e.txn, () => dayOver)
  assert.equal(activation?.code, 'proof.not_confirmed')
  assert.deepEqual(await world.env.store.handhelds.servedPins(), [])
})
