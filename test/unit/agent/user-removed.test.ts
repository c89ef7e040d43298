/** A user is removed, or the password withdrawn, while a handheld is between its proof and its key check. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { raise } from '#agent/raise.ts'
import type { MailAddress } from '#kernel/brand.ts'
import * as e from '../activation/events.ts'
import { type AgentWorld, makeAgentWorld } from './agent-env.ts'

/** Alice's handheld has proved that it knows her password; the key check is still to come. */
async function claimed({ env }: AgentWorld): Promise<number> {
  const { store } = env
  const added = { address: 'alice@example.test' as MailAddress, displayName: '', aliases: [], nowMs: e.start }
  const userId = await store.users.add(added)
  assert(userId !== null)
  const terms = { userId, origin: 'generated', records: [], nowMs: e.start } as const
  await store.users.openGrant({ ...terms, expiresAtMs: e.start + 47 * e.hour })
  const found = [e.etpSeen(), e.answerMade(), e.receipt('m2', 0, e.pin), e.proofSeen(), e.judged('right')]
  const key = { pin: e.pin, kid: 7, suite: 1, txn: e.txn, nextSeq: 1 } as const
  for (const event of found) {
    const addKey = { ...key, sealed: new Uint8Array(), window: new Uint8Array() }
    await raise(env, e.txn, () => event, event.kind === 'proof_judged' ? { addKey } : {}, userId)
  }
  assert.equal((await store.users.newestGrant(userId))?.grant.state, 'claimed')
  return userId
}

const keyCheck = (world: AgentWorld) =>
  raise(world.env, e.txn, ({ grant }) => ({
    kind: 'key_check_seen',
    standing: { grant, hasRecord: true },
    atMs: e.start + e.hour,
  }))

test('the key check of a handheld whose user was removed ends its run and brings no account', async (t) => {
  const world = makeAgentWorld(t)
  await world.env.store.users.remove(await claimed(world), e.start + 1)
  const { activation } = await keyCheck(world)
  assert.equal(activation?.phase, 'stopped')
  assert.equal(activation?.code, 'grant.none')
  assert.deepEqual(await world.env.store.handhelds.keys(e.pin), [])
  assert.deepEqual(await world.env.store.handhelds.servedPins(), [])
})

test('a password revoked after the proof is not used by the key check that follows', async (t) => {
  const world = makeAgentWorld(t)
  const userId = await claimed(world)
  await world.env.store.users.revokeGrant(userId, e.start + 10)
  const { activation } = await keyCheck(world)
  assert.equal(activation?.code, 'grant.revoked')
  assert.equal((await world.env.store.users.newestGrant(userId))?.grant.state, 'revoked')
  assert.deepEqual(await world.env.store.handhelds.byPin(e.pin), [])
})
