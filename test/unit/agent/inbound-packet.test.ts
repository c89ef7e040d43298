/** Each packet of a handheld counts once, and only where it fits. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { takePacket } from '#agent/inbound-packet.ts'
import { keyCheckHash } from '#agent/judge.ts'
import type { NextSeq } from '#agent/numbers.ts'
import { ackStatus, encodeRetrySeconds } from '#protocol/ack.ts'
import { decodeErrorMessage } from '#protocol/exchange.ts'
import { encodeOtaKeyGen } from '#protocol/otakeygen.ts'
import { contentTypes } from '#protocol/packet-frame.ts'
import { decodePayload } from '#protocol/payload.ts'
import { decodeReplayWindow } from '#protocol/replay-window.ts'
import * as e from '../activation/events.ts'
import { type AgentWorld, makeAgentWorld } from './agent-env.ts'
import { activationAfter, kid, policyAck, policyKey, policyTag, sealed } from './handheld-packets.ts'
import { withCommit } from './with-commit.ts'

const minute = 60_000
const noSeq: NextSeq = () => assert.fail('nothing is sealed')
/** The first events of the good run up to the policy that was sent, or the claim. */
const [policyOut, claimed] = [8, 6]

const take = ({ env }: AgentWorld, bytes: Uint8Array, nextSeq = noSeq): Promise<void> =>
  takePacket(env, nextSeq, e.pin, bytes)

const phaseOf = async ({ env }: AgentWorld) => (await env.store.activations.find(e.txn))?.phase
const due = ({ env, nowMs }: AgentWorld) => env.store.deliveries.due(nowMs, 64)

test('the acknowledgement of the policy lets the books go out', async (t) => {
  const world = makeAgentWorld(t)
  await activationAfter(world.env, policyOut, 'current')
  await take(world, policyAck(1, ackStatus.applied))
  assert.equal(await phaseOf(world), 'books_due')
  assert.equal((await world.env.store.deliveries.byKey(policyKey))?.state, 'answered')
})

test('an acknowledgement with the tag of another packet is taken in and means nothing', async (t) => {
  const world = makeAgentWorld(t)
  await activationAfter(world.env, policyOut, 'current')
  await take(
    world,
    policyAck(
      1,
      ackStatus.applied,
      policyTag.map((byte) => byte ^ 1),
    ),
  )
  assert.equal(await phaseOf(world), 'policy_out')
  assert.equal((await world.env.store.deliveries.byKey(policyKey))?.state, 'running')
  await take(world, policyAck(2, ackStatus.applied))
  assert.equal(await phaseOf(world), 'books_due')
})

test('an acknowledgement that comes twice is one', async (t) => {
  const world = makeAgentWorld(t)
  await activationAfter(world.env, policyOut, 'current')
  await take(world, policyAck(1, ackStatus.refusedSignature))
  assert.equal(await phaseOf(world), 'policy_refused')
  const { length } = await world.env.store.activations.events(e.txn)
  world.commits.length = 0
  await take(world, policyAck(1, ackStatus.refusedSignature))
  assert.deepEqual(world.commits, [])
  assert.equal((await world.env.store.activations.events(e.txn)).length, length)
})

for (const [status, detail, pauseMs] of [
  [ackStatus.notNow, undefined, minute],
  [ackStatus.tryAgain, encodeRetrySeconds(20), 20_000],
] as const)
  test(`status ${status} makes the policy anew after ${pauseMs / 1_000} seconds`, async (t) => {
    const world = makeAgentWorld(t)
    await activationAfter(world.env, policyOut, 'current')
    await take(world, policyAck(1, status, policyTag, detail))
    assert.equal(await phaseOf(world), 'policy_due')
    assert.equal((await world.env.store.deliveries.byKey(policyKey))?.state, 'answered')
    const work = await world.env.store.activations.workOf(e.txn)
    const again = work.find(({ kind }) => kind === 'send_policy')
    assert.equal(again?.dueAtMs, world.nowMs + pauseMs)
  })

test('a packet under an unknown key is told so once a minute for each PIN', async (t) => {
  const world = makeAgentWorld(t)
  const stray = sealed(3, contentTypes.cmime, new Uint8Array(1)).bytes
  for (let i = 0; i < 3; i += 1) await take(world, stray)
  const [told, ...more] = await due(world)
  assert.deepEqual(more, [])
  const payload = told && decodePayload(told.payload)
  const error = payload?.ok ? decodeErrorMessage(payload.value.bytes) : null
  assert(error?.ok)
  assert.equal(error.value.code, 19)
  assert.equal(error.value.kid, kid)
  await takePacket(world.env, noSeq, e.otherPin, stray)
  assert.equal((await due(world)).length, 2)
  world.nowMs += minute
  await take(world, stray)
  assert.equal((await due(world)).length, 3)
})

test('before the key check nothing else counts, and its number stays free', async (t) => {
  const world = makeAgentWorld(t)
  await activationAfter(world.env, claimed, 'pending')
  world.commits.length = 0
  await take(world, policyAck(1, ackStatus.applied))
  assert.deepEqual(world.commits, [])
  assert.equal(await phaseOf(world), 'claimed')
})

test('a key check over another transcript confirms nothing', async (t) => {
  const world = makeAgentWorld(t)
  await activationAfter(world.env, claimed, 'pending')
  const check = encodeOtaKeyGen({ type: 'key_check', transcriptHash: new Uint8Array(32) })
  await take(world, sealed(0, contentTypes.otakeygen, check).bytes)
  assert.equal(await phaseOf(world), 'claimed')
  assert.equal((await world.env.store.handhelds.key(e.pin, kid))?.state, 'pending')
})

test('a key check under another number than the first confirms nothing', async (t) => {
  const world = makeAgentWorld(t)
  await activationAfter(world.env, claimed, 'pending')
  const activation = await world.env.store.activations.find(e.txn)
  const transcriptHash = activation && keyCheckHash(activation)
  assert(transcriptHash)
  const check = encodeOtaKeyGen({ type: 'key_check', transcriptHash })
  await take(world, sealed(1, contentTypes.otakeygen, check).bytes)
  assert.equal(await phaseOf(world), 'claimed')
})

test('a packet of an unknown kind is answered "unknown", and its duplicate with the same again', async (t) => {
  const world = makeAgentWorld(t)
  await activationAfter(world.env, policyOut, 'current')
  let seq = 10
  const nextSeq = async () => {
    seq += 1
    return seq
  }
  const packet = sealed(5, 200, new Uint8Array(1))
  await take(world, packet.bytes, nextSeq)
  const given = await world.env.store.handhelds.answerGiven(e.pin, kid, 5)
  assert.deepEqual(given, { tag: packet.tag, status: ackStatus.unknown })
  await take(world, packet.bytes, nextSeq)
  const acks = (await due(world)).filter(({ of }) => of === 'ack')
  assert.equal(acks.length, 2, 'two packets, one answer')
  assert.deepEqual(await world.env.store.handhelds.answerGiven(e.pin, kid, 5), given)
})

test('another packet under a number that was used is dropped', async (t) => {
  const world = makeAgentWorld(t)
  await activationAfter(world.env, policyOut, 'current')
  const nextSeq = async () => 10
  await take(world, sealed(5, 200, new Uint8Array(1)).bytes, nextSeq)
  world.commits.length = 0
  await take(world, sealed(5, 200, new Uint8Array(1), 1).bytes)
  assert.deepEqual(world.commits, [])
})

test('a packet with a byte changed does not move the window', async (t) => {
  const world = makeAgentWorld(t)
  await activationAfter(world.env, policyOut, 'current')
  const { bytes } = sealed(900, 200, new Uint8Array(1))
  await take(
    world,
    bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte)),
  )
  await take(world, policyAck(1, ackStatus.applied))
  assert.equal(await phaseOf(world), 'books_due')
})

test('messages of a key rollover are used up under the current key, and not answered', async (t) => {
  const world = makeAgentWorld(t)
  await activationAfter(world.env, policyOut, 'current')
  const contents = [2, 3, 4].map((type) => Uint8Array.of(0x82, type, 5))
  for (const [i, content] of contents.entries())
    for (let copy = 0; copy < 2; copy += 1)
      await take(world, sealed(5 + i, contentTypes.otakeygen, content).bytes)
  const key = await world.env.store.handhelds.key(e.pin, kid)
  const window = key && decodeReplayWindow(key.window)
  assert.equal(window?.ok && window.value.next, 8)
  assert.deepEqual(
    (await due(world)).filter(({ key }) => key !== policyKey),
    [],
  )
  await take(world, sealed(5, contentTypes.sync, Uint8Array.of(0x81, 1)).bytes)
  assert.deepEqual((await due(world)).map(({ of }) => of).includes('ack'), false, 'a used number stays used')
})

test('a rollover message before the key check leaves its number and the grant as they are', async (t) => {
  const world = makeAgentWorld(t)
  await activationAfter(world.env, claimed, 'pending')
  await take(world, sealed(1, contentTypes.otakeygen, Uint8Array.of(0x82, 2, 5)).bytes)
  const key = await world.env.store.handhelds.key(e.pin, kid)
  const window = key && decodeReplayWindow(key.window)
  assert.equal(window?.ok && window.value.next, 0)
  assert.equal(await phaseOf(world), 'claimed')
})

test('of two agents that are handed the same packet one takes it in, and both go on', async (t) => {
  const world = makeAgentWorld(t)
  await activationAfter(world.env, policyOut, 'current')
  const packet = policyAck(1, ackStatus.applied)
  let others = 0
  // Between this agent's look at the window and its commit, another takes the packet.
  const env = withCommit(world.env, async (change) => {
    if (change.inbound && others === 0) {
      others += 1
      await take(world, packet)
    }
    return null
  })
  await takePacket(env, noSeq, e.pin, packet)
  assert.equal(others, 1)
  assert.equal(await phaseOf(world), 'books_due')
  const acked = (await env.store.activations.events(e.txn)).filter(({ kind }) => kind === 'policy_acked')
  assert.equal(acked.length, 1)
})

test('a packet of a handheld whose window another agent moves for another packet is taken in all the same', async (t) => {
  const world = makeAgentWorld(t)
  await activationAfter(world.env, policyOut, 'current')
  let others = 0
  const env = withCommit(world.env, async (change) => {
    if (change.inbound && others === 0) {
      others += 1
      await take(
        world,
        policyAck(
          5,
          ackStatus.applied,
          policyTag.map((byte) => byte ^ 1),
        ),
      )
    }
    return null
  })
  await takePacket(env, noSeq, e.pin, policyAck(1, ackStatus.applied))
  assert.equal(await phaseOf(world), 'books_due')
  const moving = withCommit(world.env, async ({ inbound }) => (inbound ? 'window_moved' : null))
  await assert.rejects(takePacket(moving, noSeq, e.pin, policyAck(2, ackStatus.applied)), /replay window/)
})
