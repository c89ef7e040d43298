/** Mail that anybody can send: it costs the user no try, reveals nothing, and causes no key exchange work. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AgentEnv } from '#agent/domain.ts'
import { takeBatch } from '#agent/intake.ts'
import { ed25519Key } from '#crypto/ed25519.ts'
import type { P256 } from '#crypto/p256.ts'
import { nodeP256 } from '#crypto/p256-node.ts'
import { deriveSecrets } from '#crypto/registration.ts'
import { pointM } from '#crypto/spake2plus-transcript.ts'
import { systemRandom } from '#edge/system.ts'
import type { ActivationId, MailAddress, RelayId } from '#kernel/brand.ts'
import { encodeEtpFile } from '#protocol/etp.ts'
import * as e from '../activation/events.ts'
import { quickStretching } from '../admin/installation.ts'
import { type AgentWorld, makeAgentWorld } from './agent-env.ts'
import { alice, batchOf, file, found, stranger } from './etp-files.ts'
import { alicePassword, siteWithPassword, workOff } from './password-site.ts'

interface Counted {
  readonly p256: P256
  operations: number
}

function counting(): Counted {
  const counted: Counted = {
    operations: 0,
    p256: {
      multiply: (point, scalar) => count(nodeP256.multiply(point, scalar)),
      multiplyBase: (scalar) => count(nodeP256.multiplyBase(scalar)),
      multiplyBoth: (a, b, scalar) => count(nodeP256.multiplyBoth(a, b, scalar)),
      add: (a, b) => count(nodeP256.add(a, b)),
    },
  }
  const count = <T>(result: T): T => {
    counted.operations += 1
    return result
  }
  return counted
}

/** Alice's password is real, and every operation on the curve is counted from here on. */
async function guardedSite(world: AgentWorld): Promise<{ env: AgentEnv; counted: Counted }> {
  const env = await siteWithPassword(world)
  const counted = counting()
  return { env: { ...env, p256: counted.p256 }, counted }
}

const goodPoint = nodeP256.multiplyBase(systemRandom.bytes(32))
const honest = (txn = e.txn, over: Parameters<typeof file>[0] = {}) =>
  file({ ...over, body: { txn, shareP: goodPoint, ...over.body } })

/** The grant and all that was said to anybody. */
async function traces({ store, clock }: AgentEnv) {
  const [grant] = await store.users.newestGrants()
  return {
    version: grant?.version,
    fails: grant?.grant.fails,
    runs: (await store.activations.list({ limit: 100 })).length,
    said: (await store.deliveries.due(clock.nowMs() + 86_400_000, 100)).length,
  }
}

const untouched = { version: 1, fails: {}, runs: 0, said: 0 }
const other = 'other.example.test' as RelayId
const changed = (at: number) => honest().map((byte, i) => (i === at ? byte ^ 1 : byte))

test('stranger who mails forged requests: unsealed, foreign-sealed and changed ones cost no try, no answer and no P-256 operation', async (t) => {
  const { env, counted } = await guardedSite(makeAgentWorld(t))
  const ours = honest()
  const forged = [
    encodeEtpFile({ body: new Uint8Array(40), relayPart: new Uint8Array(40), seal: new Uint8Array(64) }),
    honest(e.txn, { key: stranger }),
    honest(e.txn, { key: ed25519Key(new Uint8Array(32)) }),
    honest(e.txn, { body: { relayId: other } }),
    honest(e.txn, { relayPart: { relayId: other } }),
    ours.subarray(0, -1),
    ours.subarray(0, 13),
    new Uint8Array([...ours, 0]),
    ...Array.from({ length: ours.length - 13 }, (_, i) => changed(13 + i)),
  ]
  for (const [i, one] of forged.entries())
    assert.deepEqual(await takeBatch(env, batchOf(found(i + 1, one))), { accepted: [], seen: [] })
  await workOff(t, env)
  assert.equal(counted.operations, 0)
  assert.deepEqual(await traces(env), untouched)
  t.diagnostic(`${forged.length} forged mails, P-256 operations: ${counted.operations}`)
})

test('replayer: an honest request is answered once; its mail again, and again with other tokens, costs no P-256 operation', async (t) => {
  const { env, counted } = await guardedSite(makeAgentWorld(t))
  await takeBatch(env, batchOf(found(1, honest())))
  await workOff(t, env)
  const once = counted.operations
  assert.ok(once > 0, 'an honest request is work on the curve')
  const answer = await env.store.deliveries.byKey(`m2:${e.txn}`)
  assert(answer)
  for (let i = 0; i < 20; i += 1) {
    const token = i % 2 === 0 ? {} : { relayPart: { routeToken: new Uint8Array(44).fill(i) } }
    await takeBatch(env, batchOf(found(2 + i, honest(e.txn, token))))
  }
  await workOff(t, env)
  assert.equal(counted.operations, once)
  assert.deepEqual((await env.store.deliveries.byKey(`m2:${e.txn}`))?.payload, answer.payload)
  assert.deepEqual(await traces(env), { ...untouched, runs: 1, said: 1 })
})

test('replayer: a sealed request that is too old, or of a closed password, is told so without a P-256 operation', async (t) => {
  const world = makeAgentWorld(t)
  const { env, counted } = await guardedSite(world)
  const late = '00000000000000000000000000000001' as ActivationId
  world.nowMs = e.start + 3 * e.hour
  await takeBatch(env, batchOf(found(1, honest(late))))
  assert.equal((await env.store.activations.find(late))?.code, 'request.expired')
  const user = await env.store.users.byAddress(alice)
  assert(user)
  await env.store.users.revokeGrant(user.id, world.nowMs)
  const revoked = '00000000000000000000000000000002' as ActivationId
  await takeBatch(env, batchOf(found(2, honest(revoked, { relayPart: { mailedAt: world.nowMs / 1000 } }))))
  assert.equal((await env.store.activations.find(revoked))?.code, 'grant.revoked')
  await workOff(t, env)
  assert.equal(counted.operations, 0)
  assert.deepEqual((await traces(env)).fails, {})
})

test('a sealed request whose share is no point is refused for no try', async (t) => {
  const { env } = await guardedSite(makeAgentWorld(t))
  for (const [i, shareP] of [
    new Uint8Array(65),
    new Uint8Array(65).fill(4),
    goodPoint.map((byte) => byte ^ 1),
  ].entries()) {
    const txn = `0000000000000000000000000000000${i}` as ActivationId
    await takeBatch(env, batchOf(found(i + 1, file({ body: { txn, shareP } }))))
    await workOff(t, env)
    assert.equal((await env.store.activations.find(txn))?.code, 'request.damaged')
  }
  assert.deepEqual((await traces(env)).fails, {})
})

test('registered handheld, wrong password: a share that cancels a right guess is answered as one of a wrong guess', async (t) => {
  const { env } = await guardedSite(makeAgentWorld(t))
  const guesses = [
    [e.txn, alicePassword],
    [e.otherTxn, 'wxyzwxyzwxyz'],
  ] as const
  const lengths: (number | undefined)[] = []
  for (const [i, [txn, guess]] of guesses.entries()) {
    const { w0 } = await deriveSecrets(quickStretching, alice, guess)
    const shareP = nodeP256.multiply(pointM, w0)
    await takeBatch(env, batchOf(found(i + 1, file({ body: { txn, shareP } }))))
    await workOff(t, env)
    assert.equal((await env.store.activations.find(txn))?.phase, 'answered')
    lengths.push((await env.store.deliveries.byKey(`m2:${txn}`))?.payload.length)
  }
  assert.equal(lengths[0], lengths[1])
  assert.deepEqual(await traces(env), { ...untouched, runs: 2, said: 2 })
})

test('sealed requests that nobody ever proves cost no try, however many and however old by their handhelds', async (t) => {
  const { env } = await guardedSite(makeAgentWorld(t))
  const years = [1, 1_500_000_000, 4_000_000_000]
  for (let i = 0; i < 12; i += 1) {
    const txn = i.toString(16).padStart(32, '0') as ActivationId
    const body = { createdAt: years[i % years.length] ?? 0 }
    await takeBatch(env, batchOf(found(i + 1, honest(txn, { body }))))
  }
  await workOff(t, env)
  const runs = await env.store.activations.list({ limit: 100 })
  assert.deepEqual(new Set(runs.map(({ phase }) => phase)), new Set(['answered']))
  assert.deepEqual(await traces(env), { ...untouched, runs: 12, said: 12 })
})

test('a mail 47 hours late is answered, and one 48 hours and a second late is told so', async (t) => {
  const world = makeAgentWorld(t)
  const { env } = await guardedSite(world)
  const lifeSeconds = 172_800
  const mailedBefore = (ms: number) => ({
    relayPart: { mailedAt: (e.start - ms) / 1_000 },
    body: { lifeSeconds },
  })
  await takeBatch(env, batchOf(found(1, honest(e.txn, mailedBefore(47 * e.hour)))))
  await takeBatch(env, batchOf(found(2, honest(e.otherTxn, mailedBefore(48 * e.hour + 1_000)))))
  await workOff(t, env)
  assert.equal((await env.store.activations.find(e.txn))?.phase, 'answered')
  assert.equal((await env.store.activations.find(e.otherTxn))?.code, 'request.expired')
})

test('a request in the mailbox of somebody else is answered under nobody’s password', async (t) => {
  const { env, counted } = await guardedSite(makeAgentWorld(t))
  const bob = 'bob@example.test' as MailAddress
  const userId = await env.store.users.add({ address: bob, displayName: '', aliases: [], nowMs: e.start })
  assert(userId !== null)
  const terms = { userId, origin: 'generated', records: [], nowMs: e.start } as const
  await env.store.users.openGrant({ ...terms, expiresAtMs: e.start + e.hour })
  const batch = batchOf(found(1, honest()))
  await takeBatch(env, { ...batch, owner: bob, cursor: { ...batch.cursor, owner: bob } })
  await workOff(t, env)
  assert.equal((await env.store.activations.find(e.txn))?.code, 'grant.alias')
  assert.equal(counted.operations, 0)
})
