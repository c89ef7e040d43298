/** Frames of handhelds: stored with what they cause before they are acknowledged. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AgentEnv } from '#agent/domain.ts'
import { takeFrame } from '#agent/inbound.ts'
import { raise } from '#agent/raise.ts'
import type { ActivationId } from '#kernel/brand.ts'
import { decodeErrorMessage, encodeM3 } from '#protocol/exchange.ts'
import { cutPacket, encodePart } from '#protocol/parts.ts'
import { decodePayload, encodePayload, type PayloadKind } from '#protocol/payload.ts'
import type { Deliver, Source } from '#protocol/relay-frame.ts'
import * as e from '../activation/events.ts'
import { type AgentWorld, makeAgentWorld } from './agent-env.ts'
import { activationAfter, kid, sealed } from './handheld-packets.ts'
import { withCommit } from './with-commit.ts'

const mid = new Uint8Array(16).fill(9)

const frameOf = (payload: Uint8Array, from: Source = { kind: 'handheld', pin: e.pin }): Deliver => ({
  type: 'deliver',
  mid,
  from,
  payload,
})

const carrying = (kind: PayloadKind, bytes: Uint8Array): Deliver => frameOf(encodePayload({ kind, bytes }))

const proof = (txn: ActivationId = e.txn, fill = 0): Uint8Array =>
  encodeM3({ txn, confirmP: new Uint8Array(32), box: new Uint8Array(64).fill(fill) })

/** Takes the frame; how many acknowledgements went back. */
async function take(env: AgentEnv, frame: Deliver): Promise<number> {
  const acknowledged: Uint8Array[] = []
  let seq = 10
  const ports = {
    nextSeq: async () => {
      seq += 1
      return seq
    },
    acknowledge: (one: Uint8Array) => void acknowledged.push(one),
    hinted: async () => {},
    receipt: async () => {},
    domainsAllowed: () => {},
  }
  await takeFrame(env, ports, frame)
  return acknowledged.length
}

const answers = ({ env, nowMs }: AgentWorld) => env.store.deliveries.due(nowMs, 64)

test('a proof of an unknown transaction is told so, however often it comes', async (t) => {
  const world = makeAgentWorld(t)
  for (let i = 0; i < 3; i += 1) assert.equal(await take(world.env, carrying('m3', proof())), 1)
  const [told, ...more] = await answers(world)
  assert.deepEqual(more, [])
  assert.deepEqual(told?.to, { pin: e.pin })
  const payload = told && decodePayload(told.payload)
  const error = payload?.ok ? decodeErrorMessage(payload.value.bytes) : null
  assert.deepEqual(error?.ok && [error.value.code, error.value.txn], [6, e.txn])
  assert.equal(await world.env.store.activations.find(e.txn), null)
})

test('a proof that comes before the receipt of M2 is kept, and judged when the receipt names its PIN', async (t) => {
  const { env } = makeAgentWorld(t)
  await userRun(env)
  assert.equal(await take(env, carrying('m3', proof())), 1)
  const { activations } = env.store
  assert.equal((await activations.find(e.txn))?.phase, 'proof_kept')
  await raise(env, e.txn, () => e.receipt('m2', 0, e.pin))
  assert.equal((await activations.find(e.txn))?.phase, 'judging')
})

test('a proof that came before the receipt of another PIN is let go', async (t) => {
  const { env } = makeAgentWorld(t)
  await userRun(env)
  await take(env, carrying('m3', proof()))
  await raise(env, e.txn, () => e.receipt('m2', 0, e.otherPin))
  const run = await env.store.activations.find(e.txn)
  assert.equal(run?.phase, 'answered')
  assert.equal(run.proof, undefined)
})

test('a frame is acknowledged after what it caused was committed, and not when that failed', async (t) => {
  const { env } = makeAgentWorld(t)
  await userRun(env)
  const order: string[] = []
  const watched = withCommit(env, async () => {
    order.push('commit')
    return null
  })
  const ports = {
    nextSeq: () => assert.fail('nothing is sealed'),
    acknowledge: () => void order.push('acknowledge'),
    hinted: async () => {},
    receipt: async () => {},
    domainsAllowed: () => {},
  }
  await takeFrame(watched, ports, carrying('m3', proof()))
  assert.deepEqual(order, ['commit', 'acknowledge'])

  const full = withCommit(env, () => Promise.reject(new Error('disk full')))
  await assert.rejects(take(full, carrying('m3', proof(e.txn, 1))), /disk full/)
})

const hopeless: Readonly<Record<string, Deliver>> = {
  'bytes that are no payload': frameOf(new Uint8Array([0xff])),
  'a proof that is none': carrying('m3', new Uint8Array([1])),
  'a packet that is none': carrying('packet', new Uint8Array([1])),
  'a part that is none': carrying('part', new Uint8Array([1])),
  'what only servers send': carrying('m2', new Uint8Array([1])),
  'a frame of another server': frameOf(encodePayload({ kind: 'm3', bytes: proof() }), {
    kind: 'server',
    srpId: 'S00000002' as Extract<Source, { kind: 'server' }>['srpId'],
  }),
}

for (const [what, frame] of Object.entries(hopeless))
  test(`${what}: acknowledged, since it will never be better, and nothing happens`, async (t) => {
    const world = makeAgentWorld(t)
    assert.equal(await take(world.env, frame), 1)
    assert.deepEqual(world.commits, [])
  })

test('a packet in parts is taken when its last part has come, in whatever order', async (t) => {
  const world = makeAgentWorld(t)
  const { env } = world
  await activationAfter(env, 8, 'current')
  const packet = sealed(5, 200, new Uint8Array(60_000))
  const [first, second] = cutPacket(packet.bytes).map(encodePart)
  assert(first && second)
  await take(env, carrying('part', second))
  await take(env, carrying('part', second))
  assert.equal((await env.store.handhelds.partsOf(e.pin)).length, 1)
  assert.equal(await env.store.handhelds.answerGiven(e.pin, kid, 5), null)
  await take(env, carrying('part', first))
  assert.deepEqual((await env.store.handhelds.answerGiven(e.pin, kid, 5))?.tag, packet.tag)
  assert.deepEqual(await env.store.handhelds.partsOf(e.pin), [])
})

test('parts that do not make what they promised are forgotten', async (t) => {
  const world = makeAgentWorld(t)
  const { env } = world
  await activationAfter(env, 8, 'current')
  const { bytes } = sealed(5, 200, new Uint8Array(60_000))
  const [first, second] = cutPacket(bytes)
  assert(first && second)
  await take(env, carrying('part', encodePart(first)))
  await take(env, carrying('part', encodePart({ ...second, chunk: new Uint8Array(second.chunk.length) })))
  assert.deepEqual(await env.store.handhelds.partsOf(e.pin), [])
  assert.equal(await env.store.handhelds.answerGiven(e.pin, kid, 5), null)
})

test('parts of a handheld that has shown no key are not kept', async (t) => {
  const [first] = cutPacket(sealed(5, 200, new Uint8Array(60_000)).bytes)
  assert(first)
  const stranger = makeAgentWorld(t)
  const claimed = makeAgentWorld(t)
  await activationAfter(claimed.env, 6, 'pending')
  for (const { env } of [stranger, claimed]) {
    assert.equal(await take(env, carrying('part', encodePart(first))), 1)
    assert.equal((await env.store.handhelds.partsOf(e.pin)).length, 0)
  }
})

/** A run that has been answered and waits for its proof, under a password. */
async function userRun(env: AgentEnv): Promise<void> {
  const userId = await env.store.users.add({
    address: e.address,
    displayName: '',
    aliases: [],
    nowMs: e.start,
  })
  assert(userId !== null)
  const { expiresAtMs } = e.openGrant
  await env.store.users.openGrant({ userId, origin: 'generated', records: [], nowMs: e.start, expiresAtMs })
  const request = { ...e.request, token: '0c'.repeat(44) }
  for (const event of [e.etpSeen({ request }), e.answerMade()])
    await raise(env, e.txn, () => event, {}, userId)
}
