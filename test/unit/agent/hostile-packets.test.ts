/** Packets that no good handheld makes, though some are sealed under its key. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { takePacket } from '#agent/inbound-packet.ts'
import { sealPacket } from '#agent/packets.ts'
import { compress } from '#crypto/deflate.ts'
import { limits } from '#kernel/limits.ts'
import { ackStatus, encodeAck } from '#protocol/ack.ts'
import { contentTypes, type PacketHeader } from '#protocol/packet-frame.ts'
import { decodeReplayWindow } from '#protocol/replay-window.ts'
import * as e from '../activation/events.ts'
import { type AgentWorld, makeAgentWorld } from './agent-env.ts'
import {
  activationAfter,
  kid,
  masterKey,
  policyAck,
  policyKey,
  policySeq,
  policyTag,
  sealed,
} from './handheld-packets.ts'

/** A handheld that was sent its policy, and nothing written since. */
async function policyOut(t: TestContext): Promise<AgentWorld> {
  const world = makeAgentWorld(t)
  await activationAfter(world.env, 8, 'current')
  world.commits.length = 0
  return world
}

const take = ({ env }: AgentWorld, bytes: Uint8Array): Promise<void> =>
  takePacket(env, async () => 70, e.pin, bytes)

const highest = async ({ env }: AgentWorld): Promise<number | null> => {
  const key = await env.store.handhelds.key(e.pin, kid)
  const window = key && decodeReplayWindow(key.window)
  return window?.ok ? window.value.next - 1 : null
}

test('the server’s own packet, sent back, is dropped', async (t) => {
  const world = await policyOut(t)
  const key = { kid, suite: 1 as const, masterKey }
  const own = sealPacket(world.env, key, policySeq, contentTypes.itAdmin, new Uint8Array(40))
  await take(world, own.bytes)
  const check = sealPacket(world.env, key, 0, contentTypes.otakeygen, new Uint8Array(36))
  await take(world, check.bytes)
  assert.deepEqual(world.commits, [])
})

test('a packet that names the other direction, and is sealed under the handheld’s, is dropped', async (t) => {
  const world = await policyOut(t)
  const { bytes } = sealed(1, 200, new Uint8Array(1))
  const at = Buffer.from(bytes).indexOf(Buffer.from([0x87, 1, kid, 0]))
  assert(at > 0, 'the header begins [1, kid, 0')
  await take(
    world,
    bytes.map((byte, i) => (i === at + 3 ? 1 : byte)),
  )
  assert.deepEqual(world.commits, [])
})

test('an acknowledgement that names another key, or a number that was never sent, means nothing', async (t) => {
  const world = await policyOut(t)
  const names = [
    { kid: kid + 1, seq: policySeq },
    { kid, seq: policySeq + 1 },
  ]
  for (const [i, name] of names.entries()) {
    const content = encodeAck({ ...name, tag: policyTag, status: ackStatus.applied })
    await take(world, sealed(1 + i, contentTypes.ack, content).bytes)
    assert.equal(await highest(world), 1 + i, 'its number is used')
    assert.equal((await world.env.store.activations.find(e.txn))?.phase, 'policy_out')
    assert.equal((await world.env.store.deliveries.byKey(policyKey))?.state, 'running')
  }
  await take(world, policyAck(3, ackStatus.applied))
  assert.equal((await world.env.store.activations.find(e.txn))?.phase, 'books_due')
})

const bomb = compress(new Uint8Array(limits.contentBytesMax + 1))
assert(bomb)
const odd: Readonly<Record<string, readonly [number, Uint8Array, Partial<PacketHeader>]>> = {
  'that inflates to more than 1 MiB': [contentTypes.sync, bomb, { flags: 1 }],
  'that does not inflate': [contentTypes.cmime, new Uint8Array(9).fill(0xff), { flags: 1 }],
  'of a kind that is never compressed': [contentTypes.itAdmin, bomb, { flags: 1 }],
}

for (const [what, [contentType, content, header]] of Object.entries(odd))
  test(`a packet ${what} is answered like any that is of no use here, so that it comes no more`, async (t) => {
    const world = await policyOut(t)
    const packet = sealed(5, contentType, content, 0, header)
    await take(world, packet.bytes)
    const given = await world.env.store.handhelds.answerGiven(e.pin, kid, 5)
    assert.deepEqual(given, { tag: packet.tag, status: ackStatus.unknown })
    assert.equal(await highest(world), 5)
  })

test('an acknowledgement or a rollover message that is compressed is used up without an answer', async (t) => {
  const world = await policyOut(t)
  const ack = encodeAck({ kid, seq: policySeq, tag: policyTag, status: ackStatus.applied })
  await take(world, sealed(1, contentTypes.ack, ack, 0, { flags: 1 }).bytes)
  await take(world, sealed(2, contentTypes.otakeygen, Uint8Array.of(0x82, 2, 5), 0, { flags: 1 }).bytes)
  assert.equal(await highest(world), 2)
  assert.equal((await world.env.store.activations.find(e.txn))?.phase, 'policy_out')
  const answers = (await world.env.store.deliveries.due(world.nowMs, 9)).filter(({ of }) => of === 'ack')
  assert.deepEqual(answers, [])
})

test('a number of 2^53 − 1 is one like any other: what is below its window is too old, itself is known', async (t) => {
  const world = await policyOut(t)
  const last = Number.MAX_SAFE_INTEGER
  const packet = sealed(last, 200, new Uint8Array(1))
  for (let copy = 0; copy < 2; copy += 1) await take(world, packet.bytes)
  assert.deepEqual((await world.env.store.handhelds.answerGiven(e.pin, kid, last))?.tag, packet.tag)
  world.commits.length = 0
  await take(world, policyAck(1, ackStatus.applied))
  assert.deepEqual(world.commits, [])
})
