import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contentTypes } from '#protocol/packet-frame.ts'
import { receiptStatus } from '#protocol/receipt.ts'
import {
  applyPolicy,
  booksPacket,
  policyPacket,
  type Stage,
  toComplete,
  toProvisioning,
  verified,
} from './run-through.ts'
import { World } from './world.ts'

function answers(world: World, { channel }: Stage) {
  return world.messages('ack').map(({ bytes }) => channel.ack(bytes))
}

test('an ACK names its packet by kid, number and tag', () => {
  const world = new World()
  const stage = toProvisioning(world)
  world.sends()
  world.deliver('packet', booksPacket(stage.channel))
  const [ack] = answers(world, stage)
  assert.deepEqual(ack, { kid: 77, seq: 1, tag: stage.channel.lastTag(), status: 6 })
})

test('a duplicate gets its stored status again, under a new number of ours', () => {
  const world = new World()
  const stage = toProvisioning(world)
  applyPolicy(world, stage)
  const packet = booksPacket(stage.channel)
  world.deliver('packet', packet)
  world.deliver('packet', packet)
  world.deliver('packet', packet)
  const sent = world.messages('ack')
  assert.deepEqual(
    sent.map(({ bytes }) => stage.channel.ack(bytes).status),
    [0, 0, 0],
  )
  assert.deepEqual(
    sent.map(({ bytes }) => stage.channel.open(bytes).seq),
    [2, 3, 4],
  )
})

test('a status is stored: books that came too early keep status 6 when the same packet comes again', () => {
  const world = new World()
  const stage = toProvisioning(world)
  world.sends()
  const early = booksPacket(stage.channel)
  world.deliver('packet', early)
  assert.deepEqual(
    answers(world, stage).map(({ status }) => status),
    [6],
  )
  applyPolicy(world, stage)
  world.deliver('packet', early)
  assert.deepEqual(
    answers(world, stage).map(({ status }) => status),
    [6],
  )
  world.deliver('packet', booksPacket(stage.channel))
  assert.deepEqual(
    answers(world, stage).map(({ status }) => status),
    [0],
  )
})

test('numbers are reserved in blocks of 64: after a crash sending goes on above all that may have been used', () => {
  const world = new World()
  const stage = toComplete(world)
  const packet = stage.channel.packet(contentTypes.sync, Uint8Array.of(0x80))
  const seqs = new Set<number>()
  for (let i = 0; i < 70; i += 1) {
    world.deliver('packet', packet)
    for (const { mid, bytes } of world.messages('ack')) {
      const { seq } = stage.channel.open(bytes)
      assert(!seqs.has(seq), `number ${seq} is used once`)
      seqs.add(seq)
      world.receipt(mid, 0)
    }
    if (i % 10 === 9) {
      world.crash()
      world.login()
      world.sends()
    }
  }
  assert(Math.max(...seqs) >= 64 * 6)
})

test('an answer without a receipt is asked about under its own mid after a log-in', () => {
  const world = new World()
  const stage = toProvisioning(world)
  world.sends()
  world.deliver('packet', policyPacket(stage.channel))
  verified(world)
  const first = world.message('ack')
  world.crash()
  world.login()
  const second = world.message('ack')
  assert.deepEqual(second, first)
  world.receipt(second.mid, 0)
  world.login()
  assert.deepEqual(world.messages('ack'), [])
})

test('a full queue puts an answer off, by a minute and then longer, under a new mid', () => {
  const world = new World()
  const stage = toProvisioning(world)
  world.sends()
  world.deliver('packet', policyPacket(stage.channel))
  verified(world)
  const first = world.message('ack')
  world.receipt(first.mid, 2)
  world.pass(59_000)
  assert.deepEqual(world.messages('ack'), [])
  world.pass(1_000)
  const second = world.message('ack')
  assert.deepEqual(second.bytes, first.bytes)
  assert.notDeepEqual(second.mid, first.mid)
})

test('an organisation that left is told with E18 after an hour of refusals', () => {
  const world = new World()
  const stage = toProvisioning(world)
  world.sends()
  world.deliver('packet', policyPacket(stage.channel))
  verified(world)
  for (let round = 0; round < 7; round += 1) {
    for (const { mid } of world.messages('ack')) world.receipt(mid, 3)
    assert.deepEqual(world.codes(), round < 6 ? [] : [18])
    world.pass(round < 5 ? 60_000 * 2 ** round : 32 * 60_000)
  }
})

test('the ACK that completes the activation is sent again where it expired at the relay, another one is not', () => {
  const world = new World()
  const stage = toProvisioning(world)
  applyPolicy(world, stage)
  const packet = booksPacket(stage.channel)
  world.deliver('packet', packet)
  const first = world.message('ack')
  world.receipt(first.mid, receiptStatus.expired)
  const second = world.message('ack')
  assert.notDeepEqual(second.mid, first.mid)
  assert.deepEqual(second.bytes, first.bytes)
  world.receipt(second.mid, receiptStatus.stored)
  assert.equal(world.state.account?.complete, true)
  world.deliver('packet', packet)
  world.receipt(world.message('ack').mid, receiptStatus.expired)
  assert.deepEqual(world.messages('ack'), [])
})
