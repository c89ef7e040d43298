/** What a scan found becomes events, and the cursor moves with them in one commit. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { remarksOn } from '#activation/remarks.ts'
import type { AgentEnv } from '#agent/domain.ts'
import { type FoundBatch, type FoundMail, takeBatch } from '#agent/intake.ts'
import { ed25519Key } from '#crypto/ed25519.ts'
import { sealEtp } from '#crypto/etp-seal.ts'
import type { ActivationId, MailAddress, RelayId } from '#kernel/brand.ts'
import {
  type EtpBody,
  type EtpRelayPart,
  encodeEtpBody,
  encodeEtpFile,
  encodeEtpRelayPart,
} from '#protocol/etp.ts'
import * as e from '../activation/events.ts'
import { type AgentWorld, makeAgentWorld } from './agent-env.ts'
import { withCommit } from './with-commit.ts'

const relayKey = ed25519Key(new Uint8Array(32).fill(1))
const stranger = ed25519Key(new Uint8Array(32).fill(2))
const alice = 'alice@example.test' as MailAddress
const relayId = 'relay.example.test' as RelayId
const now = e.start / 1_000

interface Forgery {
  readonly body?: Partial<EtpBody>
  readonly relayPart?: Partial<EtpRelayPart>
  readonly key?: typeof relayKey
}

function file({ body = {}, relayPart = {}, key = relayKey }: Forgery = {}): Uint8Array {
  const bodyBytes = encodeEtpBody({
    txn: e.txn,
    address: alice,
    relayId,
    createdAt: now,
    lifeSeconds: 3_600,
    kdfProfile: 1,
    shareP: new Uint8Array(65).fill(4),
    offer: [1],
    ...body,
  })
  const relayPartBytes = encodeEtpRelayPart({
    relayId,
    mailedAt: now,
    routeToken: new Uint8Array(44),
    ...relayPart,
  })
  const seal = sealEtp(key, bodyBytes, relayPartBytes)
  return encodeEtpFile({ body: bodyBytes, relayPart: relayPartBytes, seal })
}

const found = (uid: number, ...files: readonly Uint8Array[]): FoundMail => ({
  uid,
  receivedAtMs: e.start,
  foundBy: 'scan',
  files,
})

const batchOf = (...mails: readonly FoundMail[]): FoundBatch => ({
  owner: alice,
  folder: 'INBOX',
  cursor: { owner: alice, folder: 'INBOX', uidValidity: 1, nextUid: 100 },
  mails,
})

/** Alice has a password; the relay's key is trusted. */
async function site(world: AgentWorld): Promise<AgentEnv> {
  const env: AgentEnv = {
    ...world.env,
    domain: { ...world.env.domain, sealKeys: () => [relayKey.publicKey] },
  }
  const userId = await env.store.users.add({ address: alice, displayName: '', aliases: [], nowMs: e.start })
  assert(userId !== null)
  const records = [{ address: alice, profile: 1, sealed: new Uint8Array(1) }]
  const expiresAtMs = e.start + 47 * e.hour
  await env.store.users.openGrant({ userId, origin: 'generated', records, nowMs: e.start, expiresAtMs })
  return env
}

const nextUid = async (env: AgentEnv) => (await env.store.watches.find(alice, 'INBOX'))?.nextUid ?? 0
const allRuns = (env: AgentEnv) => env.store.activations.list({ limit: 10 })

test('a sealed request begins an activation; the cursor moves in that commit', async (t) => {
  const world = makeAgentWorld(t)
  const env = await site(world)
  world.commits.length = 0
  const taken = await takeBatch(env, batchOf(found(7, file())))
  assert.deepEqual(taken, { accepted: [7], seen: [e.txn] })
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
  assert.deepEqual(taken.accepted, [7, 8, 9])
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
  const { seen } = await takeBatch(watched, batchOf(found(7, file()), found(8, other)))
  assert.deepEqual(seen, [e.txn, e.otherTxn])
  assert.deepEqual(cursors, [0, 100])
})

test('what the store cannot keep leaves the cursor where it is', async (t) => {
  const env = await site(makeAgentWorld(t))
  const full = withCommit(env, () => Promise.reject(new Error('disk full')))
  await assert.rejects(takeBatch(full, batchOf(found(7, file()))), /disk full/)
  assert.equal(await nextUid(env), 0)
})

test('a mailbox whose user is gone is read on, and begins nothing', async (t) => {
  const world = makeAgentWorld(t)
  const env = await site(world)
  const user = await env.store.users.byAddress(alice)
  assert(user)
  await env.store.users.remove(user.id)
  await takeBatch(env, batchOf(found(7, file())))
  assert.deepEqual(await allRuns(env), [])
  assert.equal(await nextUid(env), 100)
})

test('an address without a record of its own is refused as an alias', async (t) => {
  const env = await site(makeAgentWorld(t))
  await takeBatch(env, batchOf(found(7, file({ body: { address: 'nick@example.test' as MailAddress } }))))
  assert.equal((await env.store.activations.find(e.txn as ActivationId))?.code, 'grant.alias')
})
