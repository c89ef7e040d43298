/** Several runs under one grant: which of them goes on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Activation } from '#activation/activation.ts'
import type { ActivationEvent } from '#activation/event.ts'
import { raise } from '#agent/raise.ts'
import { supersedeOthers } from '#agent/supersede.ts'
import type { ActivationId, MailAddress } from '#kernel/brand.ts'
import { limits } from '#kernel/limits.ts'
import * as e from '../activation/events.ts'
import { type AgentWorld, makeAgentWorld } from './agent-env.ts'

async function userWithPassword({ env }: AgentWorld): Promise<number> {
  const added = { address: 'alice@example.test' as MailAddress, displayName: '', aliases: [], nowMs: e.start }
  const userId = await env.store.users.add(added)
  assert(userId !== null)
  const terms = { userId, origin: 'generated', records: [], nowMs: e.start } as const
  await env.store.users.openGrant({ ...terms, expiresAtMs: e.start + 47 * e.hour })
  return userId
}

async function run(
  { env }: AgentWorld,
  userId: number,
  txn: ActivationId,
  events: readonly ActivationEvent[],
): Promise<void> {
  for (const event of events)
    await raise(
      env,
      txn,
      ({ grant }) => (event.kind === 'proof_judged' ? { ...event, standing: e.standing(grant) } : event),
      {},
      userId,
    )
}

const found = async ({ env }: AgentWorld, txn: ActivationId): Promise<Activation> =>
  (await env.store.activations.find(txn)) ?? assert.fail('no such run')

const answered = [e.etpSeen(), e.answerMade(), e.receipt('m2', 0, e.pin)]
const claimed = [...answered, e.proofSeen(), e.judged('right')]

test('of two runs mailed in one second, one goes on, whichever is asked', async (t) => {
  const world = makeAgentWorld(t)
  const userId = await userWithPassword(world)
  await run(world, userId, e.txn, answered)
  await run(world, userId, e.otherTxn, answered)
  // Both were read before either was told, as when they are worked off side by side.
  const both = [await found(world, e.txn), await found(world, e.otherTxn)]
  await Promise.all(both.map((one) => supersedeOthers(world.env, one, '')))
  const stages = [(await found(world, e.txn)).stage, (await found(world, e.otherTxn)).stage].sort()
  assert.deepEqual(stages, ['superseded', 'verifying_encryption'])
})

test('of two runs whose proofs were judged at once, the one that claimed last goes on', async (t) => {
  const world = makeAgentWorld(t)
  const userId = await userWithPassword(world)
  await run(world, userId, e.txn, claimed)
  await run(world, userId, e.otherTxn, claimed)
  const both = [await found(world, e.txn), await found(world, e.otherTxn)]
  await Promise.all(both.map((one) => supersedeOthers(world.env, one, '')))
  assert.equal((await found(world, e.txn)).stage, 'superseded')
  assert.equal((await found(world, e.otherTxn)).phase, 'claimed')
})

test('a crowd of requests does not end the run that has proved its password', async (t) => {
  const world = makeAgentWorld(t)
  const userId = await userWithPassword(world)
  await run(world, userId, e.txn, claimed)
  const idOf = (n: number) => n.toString(16).padStart(32, '0') as ActivationId
  const request = { ...e.request, mailedAtMs: e.request.mailedAtMs + 60_000 }
  for (let n = 0; n < limits.transactionsPerGrantMax; n += 1)
    await run(world, userId, idOf(n), [e.etpSeen({ request }), e.answerMade()])
  await supersedeOthers(world.env, await found(world, idOf(1)), '')
  assert.equal((await found(world, e.txn)).phase, 'claimed')
  const open = await world.env.store.activations.list({ open: true, limit: 2_000 })
  assert.equal(open.length, limits.transactionsPerGrantMax)
})
