/** What was made for an event that the activation no longer takes in is not kept. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { raise } from '#agent/raise.ts'
import * as e from '../activation/events.ts'
import { type AgentWorld, makeAgentWorld } from './agent-env.ts'

const superseded = { kind: 'superseded', by: e.otherTxn, atMs: e.start + 5_000 } as const

async function stoppedAfter(world: AgentWorld, count: number): Promise<void> {
  const events = [e.etpSeen(), e.answerMade(), e.receipt('m2', 0, e.pin), e.proofSeen()]
  for (const event of [...events.slice(0, count), superseded]) await raise(world.env, e.txn, () => event, {})
}

test('the master key of a proof judged after its run was superseded is not kept', async (t) => {
  const world = makeAgentWorld(t)
  await stoppedAfter(world, 4)
  const sealed = new Uint8Array([1])
  const addKey = { pin: e.pin, kid: 7, suite: 1, txn: e.txn, sealed, window: sealed, nextSeq: 1 } as const
  const { recorded } = await raise(world.env, e.txn, () => e.judged('right'), { addKey })
  assert.equal(recorded, false)
  assert.deepEqual(await world.env.store.handhelds.keys(e.pin), [])
})

test('the secrets of an answer made after its run was superseded are not kept', async (t) => {
  const world = makeAgentWorld(t)
  await stoppedAfter(world, 1)
  const runSecrets = { txn: e.txn, sealed: new Uint8Array([1]) }
  await raise(world.env, e.txn, () => e.answerMade(), { runSecrets })
  assert.equal(await world.env.store.activations.runSecrets(e.txn), null)
})

test('work is finished all the same', async (t) => {
  const world = makeAgentWorld(t)
  await stoppedAfter(world, 1)
  const [work] = await world.env.store.activations.workOf(e.txn)
  assert(work)
  await raise(world.env, e.txn, () => e.answerMade(), { finishWork: [work.key] })
  const left = await world.env.store.activations.workOf(e.txn)
  assert(!left.some(({ key }) => key === work.key))
})
