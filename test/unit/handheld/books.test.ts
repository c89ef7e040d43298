import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSrpId } from '#kernel/brand.ts'
import { ackStatus, decodeNamesLeftOut } from '#protocol/ack.ts'
import { contentTypes } from '#protocol/packet-frame.ts'
import type { BookSet } from '#protocol/service-book.ts'
import {
  applyPolicy,
  book,
  bookSet,
  booksPacket,
  cmimeBook,
  type Stage,
  syncBook,
  toComplete,
  toProvisioning,
} from './run-through.ts'
import { known, script, World } from './world.ts'

function ready(world: World): Stage {
  const stage = toProvisioning(world)
  applyPolicy(world, stage)
  world.sends()
  return stage
}

function judged(world: World, { channel }: Stage, set: BookSet) {
  world.deliver('packet', booksPacket(channel, set), script().srpId)
  return channel.ack(world.message('ack').bytes)
}

test('books before the policy are answered with status 6 and register nothing', () => {
  const world = new World()
  const stage = toProvisioning(world)
  world.sends()
  assert.equal(judged(world, stage, bookSet()).status, ackStatus.notNow)
  assert.equal(world.stage(), 'provisioning')
  assert.equal(known(world.state.account).books, null)
})

test('Activation Complete is shown when the relay has the ACK, not before', () => {
  for (const status of [0, 1]) {
    const world = new World()
    const stage = ready(world)
    world.deliver('packet', booksPacket(stage.channel))
    assert(!world.shown().includes('Activation Complete'))
    world.receipt(world.message('ack').mid, status)
    assert.equal(world.shown().at(-1), 'Activation Complete')
    assert.deepEqual(world.ended(), [0])
  }
})

test('a set without a CMIME book that can be read is refused as a fault of form', () => {
  const world = new World()
  const stage = ready(world)
  const broken = book({ cid: 'CMIME', configuration: new Map([[1, 'not an address']]) })
  for (const [i, books] of [[syncBook()], [broken, syncBook()]].entries())
    assert.equal(judged(world, stage, bookSet({ number: 10 + i, books })).status, ackStatus.refusedForm)
  assert.equal(world.stage(), 'provisioning')
})

test('bytes that are no set of books are refused as a fault of form', () => {
  const world = new World()
  const stage = ready(world)
  world.deliver('packet', stage.channel.packet(contentTypes.serviceBook, Uint8Array.of(0xa1, 1, 1)))
  assert.equal(stage.channel.ack(world.message('ack').bytes).status, ackStatus.refusedForm)
})

test('a book that cannot be registered is named by its UID, and the others are in service', () => {
  const world = new World()
  const stage = ready(world)
  const cical = book({ cid: 'CICAL', configuration: new Map([[1, 7]]) })
  const twice = book({ cid: 'X', uid: 'S00000001-SYNC', configuration: new Map() })
  const { status, detail } = judged(world, stage, bookSet({ books: [cmimeBook(), cical, syncBook()] }))
  assert.equal(status, ackStatus.appliedInPart)
  assert.deepEqual(decodeNamesLeftOut(known(detail)), { ok: true, value: ['S00000001-CICAL'] })
  assert.equal(world.stage(), 'active')
  const again = judged(world, stage, bookSet({ number: 9, books: [cmimeBook(), syncBook(), twice] }))
  assert.equal(again.status, ackStatus.appliedInPart)
})

test('books of unknown kinds are kept and ignored; without SYNC the line names CMIME’s server', () => {
  const world = new World()
  const stage = ready(world)
  const unknown = book({ cid: 'BREW', configuration: new Map([[9, 'x']]) })
  assert.equal(judged(world, stage, bookSet({ books: [unknown, cmimeBook()] })).status, ackStatus.applied)
  assert(world.shown().some((text) => text.endsWith('Synchronization service Desktop [S00000001]')))
})

test('a newer set replaces the one before, an older or different one of the same number is refused', () => {
  const world = new World()
  const stage = toComplete(world)
  assert.equal(judged(world, stage, bookSet({ number: 5 })).status, ackStatus.refusedNumber)
  assert.equal(judged(world, stage, bookSet({ books: [cmimeBook()] })).status, ackStatus.refusedNumber)
  assert.equal(judged(world, stage, bookSet()).status, ackStatus.applied)
  assert.equal(judged(world, stage, bookSet({ number: 7, books: [cmimeBook()] })).status, ackStatus.applied)
  assert.deepEqual(world.ended(), [0], 'the activation completes once')
})

test('the servers of the set are told to the relay, and the answer goes to the first of them', () => {
  const world = new World()
  const stage = ready(world)
  const servers = [known(parseSrpId('S00000002')), script().srpId]
  world.deliver('packet', booksPacket(stage.channel, bookSet({ servers })))
  const sends = world.sends()
  const lists = sends.flatMap(({ frame }) => (frame.type === 'dev_peers' ? [frame.srpIds] : []))
  assert.deepEqual(lists, [servers])
  const to = sends.flatMap(({ frame }) => (frame.type === 'send' ? [frame.to] : []))
  assert.deepEqual(to, [{ kind: 'server', srpId: 'S00000002' }])
})
