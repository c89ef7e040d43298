/** What a scan found becomes events, and the cursor moves with them in one commit. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { remarksOn } from '#activation/remarks.ts'
import type { AgentEnv } from '#agent/domain.ts'
import { takeBatch } from '#agent/intake.ts'
import type { ActivationId, MailAddress, RelayId } from '#kernel/brand.ts'
import * as e from '../activation/events.ts'
import { makeAgentWorld } from './agent-env.ts'
import { alice, batchOf, file, found, site, stranger } from './etp-files.ts'
import { withCommit } from './with-commit.ts'

const nextUid = async (env: AgentEnv) => (await env.store.watches.find(alice, 'INBOX'))?.nextUid ?? 0
const allRuns = (env: AgentEnv) => env.store.activations.list({ limit: 10 })

test('a sealed request begins an activation; the cursor moves in that commit', async (t) => {
  const world = makeAgentWorld(t)
  const env = await site(world)
  world.commits.length = 0
  const taken = await takeBatch(env, batchOf(found(7, file())))
  assert.deepEqual(taken, { accepted: [{ uid: 7, txn: e.txn }], seen: [e.txn] })
  assert.deepEqual(world.commits, [['activations.commit']])
  assert.equal((await env.store.activations.find(e.txn))?.phase, 'answering')
  assert.equal(await nextUid(env), 100)
})

const dropped: Readonly<Record<string, Uint8Array>> = {
  "under a stranger's seal": file({ key: stranger }),
  'for another relay by its body': file({ body: { relayId: 'other.example.test' as RelayId } }),
  'for another relay by its relay part': file({ relayPart: { relayId: 'other.example.test' as RelayId } }),
  'cut short': file().subarray(0, -1),
  'with a byte changed': file().map((byte, i) => (i === 100 ? byte ^ 1 : byte)),
}

for (const [what, bytes] of Object.entries(dropped))
  test(`a file ${what} begins nothing, and is passed over`, async (t) => {
    const world = makeAgentWorld(t)
    const env = await site(world)
    assert.deepEqual(await takeBatch(env, batchOf(found(7, bytes))), { accepted: [], seen: [] })
    assert.deepEqual(await allRuns(env), [])
    assert.equal(await nextUid(env), 100)
    const [kept] = await env.store.users.newestGrants()
    assert.equal(kept?.version, 1)
  })

test('the same mail again is one activation, written down as a copy once, and every copy may be put away', async (t) => {
  const env = await site(makeAgentWorld(t))
  const copies = [7, 8, 9].map((uid) => found(uid, file()))
  const taken = await takeBatch(env, batchOf(...copies))
  assert.deepEqual(
    taken?.accepted.map(({ uid }) => uid),
    [7, 8, 9],
  )
  const [only, ...others] = await allRuns(env)
  assert.deepEqual(others, [])
  assert.equal(only && remarksOn(only)[0]?.code, 'mail.duplicate')
  assert.equal((await env.store.activations.events(e.txn)).length, 2)
})

test('a mail that is read again after a crash is no copy of itself', async (t) => {
  const env = await site(makeAgentWorld(t))
  for (let i = 0; i < 2; i += 1) await takeBatch(env, batchOf(found(7, file())))
  assert.equal((await env.store.activations.events(e.txn)).length, 1)
})

test('the cursor waits for the last of several requests: a crash in between reads them again', async (t) => {
  const world = makeAgentWorld(t)
  const env = await site(world)
  const other = file({ body: { txn: e.otherTxn } })
  const cursors: number[] = []
  const watched = withCommit(env, async ({ cursor }) => {
    cursors.push(cursor?.nextUid ?? 0)
    return null
  })
  const { seen = [] } = (await takeBatch(watched, batchOf(found(7, file()), found(8, other)))) ?? {}
  assert.deepEqual(seen, [e.txn, e.otherTxn])
  assert.deepEqual(cursors, [0, 100])
})

test('what the store cannot keep leaves the cursor where it is', async (t) => {
  const env = await site(makeAgentWorld(t))
  const full = withCommit(env, () => Promise.reject(new Error('disk full')))
  await assert.rejects(takeBatch(full, batchOf(found(7, file()))), /disk full/)
  assert.equal(await nextUid(env), 0)
})

test('an address without a record of its own is refused as an alias', async (t) => {
  const env = await site(makeAgentWorld(t))
  await takeBatch(env, batchOf(found(7, file({ body: { address: 'nick@example.test' as MailAddress } }))))
  assert.equal((await env.store.activations.find(e.txn as ActivationId))?.code, 'grant.alias')
})

test('a disabled user is refused before anything else, and the handheld hears what it hears without a password', async (t) => {
  const env = await site(makeAgentWorld(t))
  const user = await env.store.users.byAddress(alice)
  assert(user)
  await env.store.users.write([{ id: user.id, set: { disabledBy: 'administrator' } }], e.start)
  await takeBatch(env, batchOf(found(7, file())))
  const run = await env.store.activations.find(e.txn as ActivationId)
  assert.deepEqual([run?.code, run?.error?.code], ['user.disabled', 'user.disabled'])
})

test('a user who was removed while the mailbox was read: nothing is taken, and the mail is found when the address is used again', async (t) => {
  const env = await site(makeAgentWorld(t))
  const user = await env.store.users.byAddress(alice)
  assert(user)
  await env.store.users.remove(user.id, e.start)
  assert.equal(await takeBatch(env, batchOf(found(7, file()))), null)
  assert.deepEqual([await allRuns(env), await nextUid(env)], [[], 0])
  await env.store.users.add({ address: alice, aliases: [], displayName: '', nowMs: e.start })
  assert.equal((await takeBatch(env, batchOf(found(7, file()))))?.seen.length, 1)
})
