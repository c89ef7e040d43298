import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSrpId } from '#kernel/brand.ts'
import { cutPacket, encodePart } from '#protocol/parts.ts'
import {
  applyPolicy,
  book,
  bookSet,
  booksPacket,
  cmimeBook,
  deliverPacket,
  type Stage,
  syncBook,
  toConfirming,
  toProving,
  toProvisioning,
  toWaiting,
} from './run-through.ts'
import { known, World } from './world.ts'

function answers(world: World, { channel }: Stage) {
  return world.messages('ack').map(({ bytes }) => channel.ack(bytes))
}

const bigSet = () => {
  const padding = (i: number) =>
    book({ cid: `X${i}`, configuration: new Map([[1, new Uint8Array(9_000).fill(i)]]) })
  return bookSet({ books: [cmimeBook(), syncBook(), ...Array.from({ length: 14 }, (_, i) => padding(i))] })
}

test('books of 126 KB come in three parts, in any order and more than once', () => {
  const world = new World()
  const stage = toProvisioning(world)
  applyPolicy(world, stage)
  const parts = cutPacket(booksPacket(stage.channel, bigSet()))
  assert.equal(parts.length, 3)
  for (const at of [2, 0, 0, 1]) {
    assert.deepEqual(answers(world, stage), [])
    world.deliver('part', encodePart(known(parts[at])))
  }
  assert.deepEqual(
    answers(world, stage).map(({ status }) => status),
    [0],
  )
  assert.equal(world.stage(), 'active')
  assert.deepEqual(world.state.parts, [])
})

test('parts outlive the process, each is on disk before the relay hears that we have it', () => {
  const world = new World()
  const stage = toProvisioning(world)
  applyPolicy(world, stage)
  for (const part of cutPacket(booksPacket(stage.channel, bigSet()))) {
    world.crash()
    world.login()
    world.sends()
    world.deliver('part', encodePart(part))
  }
  assert.deepEqual(
    answers(world, stage).map(({ status }) => status),
    [0],
  )
})

test('a part that contradicts its set voids the set, and the packet sent again comes through', () => {
  const world = new World()
  const stage = toProvisioning(world)
  applyPolicy(world, stage)
  const packet = booksPacket(stage.channel, bigSet())
  const [first, second] = cutPacket(packet)
  assert(first && second)
  world.deliver('part', encodePart(first))
  world.deliver('part', encodePart({ ...second, count: 4 }))
  assert.deepEqual(world.state.parts, [])
  deliverPacket(world, packet)
  assert.deepEqual(
    answers(world, stage).map(({ status }) => status),
    [0],
  )
})

test('parts of a server whose packets would be dropped are not kept', () => {
  const { channel } = toProvisioning(new World())
  const [part] = cutPacket(booksPacket(channel, bigSet())).map(encodePart)
  const stranger = known(parseSrpId('S00000009'))
  for (const go of [() => undefined, toWaiting, toProving]) {
    const world = new World()
    go(world)
    world.deliver('part', known(part))
    assert.equal(world.state.parts.length, 0)
  }
  for (const go of [toConfirming, toProvisioning]) {
    const world = new World()
    go(world)
    world.deliver('part', known(part), stranger)
    assert.equal(world.state.parts.length, 0)
    world.deliver('part', known(part))
    assert.equal(world.state.parts.length, 1)
  }
})
