import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSrpId } from '#kernel/brand.ts'
import { decodeM4, encodeM4 } from '#protocol/exchange.ts'
import { contentTypes } from '#protocol/packet-frame.ts'
import {
  bookSet,
  booksPacket,
  policyPacket,
  toConfirming,
  toProving,
  toProvisioning,
  verified,
} from './run-through.ts'
import { judgeProof } from './server-double.ts'
import { known, World } from './world.ts'

const minute = 60_000

function changedM4(bytes: Uint8Array, part: 'confirmV' | 'box'): Uint8Array {
  const m4 = decodeM4(bytes)
  assert(m4.ok)
  const changed = Uint8Array.from(m4.value[part])
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
  return encodeM4({ ...m4.value, [part]: changed })
}

for (const part of ['confirmV', 'box'] as const)
  test(`an M4 whose ${part} does not hold ends the run with E12, and nothing is set up`, () => {
    const world = new World()
    const { proved } = toProving(world)
    world.deliver('m4', changedM4(proved.m4, part))
    assert.deepEqual(world.ended(), [12])
    assert.equal(world.state.account, null)
    assert.equal(world.state.run, null)
  })

test('our own M3 sent back as M4 is no proof', () => {
  const world = new World()
  const { shared, script: used } = toProving(world)
  const { run } = world.state
  assert(run && 'm3' in run)
  world.deliver('m4', run.m3)
  assert.notEqual(world.stage(), 'confirming')
  assert(judgeProof(used, shared, run.m3).ok)
})

test('an M4 of another server than that of M2 is dropped', () => {
  const world = new World()
  const { proved } = toProving(world)
  world.deliver('m4', proved.m4, known(parseSrpId('S00000002')))
  assert.equal(world.stage(), 'proving')
  world.deliver('m4', proved.m4)
  assert.equal(world.stage(), 'confirming')
})

test('a proof that comes after all takes E22 off the screen', () => {
  const world = new World()
  const { proved } = toProving(world)
  world.pass(3 * minute)
  assert.equal(world.shown().at(-1), 'The server has stopped answering. You can wait or try again.')
  assert(proved.ok)
  world.deliver('m4', proved.m4)
  assert.equal(world.state.screen, 'Verifying Encryption')
})

test('a malformed M4 is dropped and the right one still counts', () => {
  const world = new World()
  const { proved } = toProving(world)
  world.deliver('m4', Uint8Array.of(0xa1, 1, 1))
  world.deliver('m4', proved.m4)
  assert.equal(world.stage(), 'confirming')
})

const payloads = (world: World) =>
  world.sends().flatMap(({ frame }) => (frame.type === 'send' ? [frame.payload] : []))

test('duplicates of M4 and of the server’s key check are answered with the same bytes of ours', () => {
  const world = new World()
  const { proved, channel } = toConfirming(world)
  const { run } = world.state
  assert(run?.stage === 'confirming')
  const mine = run.link.keyCheck
  world.deliver('m4', proved.m4)
  assert.deepEqual(payloads(world), [], 'ours has only just gone out')
  world.nowMs += 2_000
  world.deliver('m4', proved.m4)
  assert.deepEqual(payloads(world), [mine])
  const keyCheck = channel.keyCheck()
  world.deliver('packet', keyCheck)
  assert.equal(world.stage(), 'provisioning')
  for (const copy of [keyCheck, keyCheck, keyCheck]) {
    world.pass(10_000)
    world.sends()
    world.nowMs += 2_000
    world.deliver('packet', copy)
    assert.deepEqual(payloads(world), [mine])
  }
  world.nowMs += 2_000
  world.deliver('m4', proved.m4)
  assert.deepEqual(payloads(world), [mine])
})

test('key checks do not chase each other: one answer in two seconds, none once the server has shown that it has ours', () => {
  const world = new World()
  const { channel } = toConfirming(world)
  const keyCheck = channel.keyCheck()
  world.deliver('packet', keyCheck)
  world.sends()
  for (let i = 0; i < 20; i += 1) {
    world.nowMs += 100
    world.deliver('packet', keyCheck)
  }
  assert.equal(payloads(world).length, 1)
  world.deliver('packet', policyPacket(channel))
  world.nowMs += 10_000
  world.deliver('packet', keyCheck)
  assert.deepEqual(payloads(world), [])
})

test('a key check over another transcript, or under another number, does not make the key current', () => {
  const world = new World()
  const { channel } = toConfirming(world)
  world.deliver(
    'packet',
    channel.packet(contentTypes.otakeygen, Uint8Array.of(0x82, 1, 0x58, 0x20, ...new Uint8Array(32)), {
      seq: 0,
    }),
  )
  assert.equal(world.stage(), 'confirming')
})

test('packets that overtake the key check are kept, and judged in their order once the key is current', () => {
  const world = new World()
  const { channel } = toConfirming(world)
  world.deliver('packet', policyPacket(channel))
  world.deliver('packet', booksPacket(channel))
  assert.equal(world.state.held.length, 2)
  assert.equal(world.disk.held.length, 2, 'what is acknowledged to the relay is on disk')
  world.deliver('packet', channel.keyCheck())
  const acks = world.messages('ack').map(({ bytes }) => channel.ack(bytes))
  assert.deepEqual(
    acks.map(({ seq, status }) => [seq, status]),
    [[2, 6]],
    'books come before the policy is applied',
  )
  verified(world)
  assert.deepEqual(
    world.messages('ack').map(({ bytes }) => channel.ack(bytes).status),
    [0],
  )
  assert.equal(world.state.held.length, 0)
})

test('no more than 32 packets are kept for a key that is not current', () => {
  const world = new World()
  const { channel } = toConfirming(world)
  for (let i = 0; i < 40; i += 1) world.deliver('packet', booksPacket(channel, bookSet({ number: i })))
  assert.equal(world.state.held.length, 32)
})

test('a packet that does not open is not kept', () => {
  const world = new World()
  const { channel } = toConfirming(world)
  const packet = policyPacket(channel)
  packet[packet.length - 1] = (packet.at(-1) ?? 0) ^ 1
  world.deliver('packet', packet)
  assert.equal(world.state.held.length, 0)
})

test('our key check is repeated while confirming, and given up after a day', () => {
  const world = new World()
  toConfirming(world)
  world.pass(15_000)
  assert.equal(world.messages('key_check').length, 3)
  world.pass(2 * minute)
  assert.deepEqual(world.codes(), [22])
  world.pass(24 * 60 * minute)
  assert.deepEqual(world.ended(), [22])
})

test('after the key is current our key check is repeated until a packet with a higher number has come', () => {
  const world = new World()
  const { channel } = toProvisioning(world)
  world.sends()
  world.pass(15_000)
  assert.equal(world.messages('key_check').length, 3)
  world.deliver('packet', policyPacket(channel))
  world.pass(29 * minute)
  assert.deepEqual(world.messages('key_check'), [])
})
