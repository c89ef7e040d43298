/** Whose run it is: the user in whose mailbox the request was first seen, whatever comes later. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { raise } from '#agent/raise.ts'
import type { MailAddress } from '#kernel/brand.ts'
import * as e from '../activation/events.ts'
import { type AgentWorld, makeAgentWorld } from './agent-env.ts'

async function addUser({ env }: AgentWorld, address: string): Promise<number> {
  const added = { address: address as MailAddress, displayName: '', aliases: [], nowMs: e.start }
  const id = await env.store.users.add(added)
  assert(id !== null)
  return id
}

test('the same request in another user’s mailbox does not make the run that user’s', async (t) => {
  const world = makeAgentWorld(t)
  const alice = await addUser(world, 'alice@example.test')
  const bob = await addUser(world, 'bob@example.test')
  const { env } = world
  await raise(env, e.txn, () => e.etpSeen(), {}, alice)
  const forwarded = e.etpSeen({ request: { ...e.request, token: '0d' }, atMs: e.start + e.hour })
  const { recorded } = await raise(env, e.txn, () => forwarded, {}, bob)
  assert.equal(recorded, true)
  assert.equal((await env.store.activations.owned(e.txn))?.userId, alice)
})

test('the relay’s hint names a user, and the sealed request corrects it', async (t) => {
  const world = makeAgentWorld(t)
  const alice = await addUser(world, 'alice@example.test')
  const bob = await addUser(world, 'bob@example.test')
  const { env } = world
  const hint = { kind: 'relay_mailed', address: e.address, atMs: e.start } as const
  await raise(env, e.txn, () => hint, {}, bob)
  await raise(env, e.txn, () => e.etpSeen(), {}, alice)
  assert.equal((await env.store.activations.owned(e.txn))?.userId, alice)
})
