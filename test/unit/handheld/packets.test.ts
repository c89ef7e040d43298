import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compress } from '#crypto/deflate.ts'
import { parseSrpId } from '#kernel/brand.ts'
import { encodeAck } from '#protocol/ack.ts'
import { encodeItPolicy } from '#protocol/it-admin.ts'
import { contentTypes } from '#protocol/packet-frame.ts'
import { encodePayload } from '#protocol/payload.ts'
import { encodeBookSet } from '#protocol/service-book.ts'
import {
  applyPolicy,
  book,
  bookSet,
  policy,
  policyPacket,
  type Stage,
  toComplete,
  toProvisioning,
  verified,
} from './run-through.ts'
import { known, script, World } from './world.ts'

function answers(world: World, { channel }: Stage) {
  return world.messages('ack').map(({ bytes }) => channel.ack(bytes))
}

for (const contentType of [contentTypes.cmime, contentTypes.cical, contentTypes.sync, 8, 200])
  test(`a packet of content type ${contentType} is answered with status 7 for now`, () => {
    const world = new World()
    const stage = toComplete(world)
    world.deliver('packet', stage.channel.packet(contentType, Uint8Array.of(0x80)))
    assert.deepEqual(
      answers(world, stage).map(({ status }) => status),
      [7],
    )
  })

test('a command nobody knows is answered with 7, unread, and what is no ITADMIN with 5', () => {
  const world = new World()
  const stage = toComplete(world)
  const command = Uint8Array.of(0x83, 2, 0x64, ...Buffer.from('ring'), 0x41, 0)
  world.deliver('packet', stage.channel.packet(contentTypes.itAdmin, command))
  world.deliver('packet', stage.channel.packet(contentTypes.itAdmin, Uint8Array.of(0x81, 1)))
  assert.deepEqual(
    answers(world, stage).map(({ status }) => status),
    [7, 5],
  )
  assert.deepEqual(world.codes(), [31])
})

test('OTAKEYGEN and ACK are never acknowledged', () => {
  const world = new World()
  const stage = toComplete(world)
  world.deliver('packet', stage.channel.packet(contentTypes.otakeygen, Uint8Array.of(0x82, 4, 5)))
  const ack = encodeAck({ kid: 77, seq: 1, tag: new Uint8Array(8), status: 0 })
  world.deliver('packet', stage.channel.packet(contentTypes.ack, ack))
  assert.deepEqual(world.sends(), [])
  const used = world.disk.account?.link.answers.slice(-2).map(({ status }) => status)
  assert.deepEqual(used, [null, null], 'both numbers are used')
})

test('another packet under a used number is dropped', () => {
  const world = new World()
  const stage = toComplete(world)
  world.deliver('packet', stage.channel.packet(contentTypes.sync, Uint8Array.of(0x80), { seq: 2 }))
  assert.deepEqual(world.sends(), [])
})

test('a number below the window is dropped, a late one inside it is taken', () => {
  const world = new World()
  const stage = toComplete(world)
  world.deliver('packet', stage.channel.packet(contentTypes.sync, Uint8Array.of(0x80), { seq: 5000 }))
  world.deliver('packet', stage.channel.packet(contentTypes.sync, Uint8Array.of(0x80), { seq: 3976 }))
  world.deliver('packet', stage.channel.packet(contentTypes.sync, Uint8Array.of(0x80), { seq: 3977 }))
  assert.deepEqual(
    answers(world, stage).map(({ seq }) => seq),
    [5000, 3977],
  )
})

test('a forged high number does not move the window', () => {
  const world = new World()
  const stage = toComplete(world)
  const { window } = known(world.state.account).link
  const packet = stage.channel.packet(contentTypes.sync, Uint8Array.of(0x80), { seq: 900_000 })
  for (let at = packet.length - 1; at > packet.length - 20; at -= 3) {
    const forged = Uint8Array.from(packet)
    forged[at] = (forged[at] ?? 0) ^ 0x10
    world.deliver('packet', forged)
  }
  assert.deepEqual(known(world.state.account).link.window, window)
  assert.deepEqual(world.sends(), [])
})

test('a packet under an unknown key, of a stranger, or of our own making is dropped', () => {
  const world = new World()
  const stage = toComplete(world)
  const good = policyPacket(stage.channel, policy({ number: 9 }))
  world.deliver('packet', good, known(parseSrpId('S00000009')))
  const ours = world.actions.findLast((action) => action.kind === 'send' && action.what === 'ack')
  assert(ours?.kind === 'send' && ours.frame.type === 'send')
  world.deliverPayload(ours.frame.payload)
  assert.deepEqual(world.sends(), [])
  world.deliver('packet', good)
  verified(world)
  assert.deepEqual(
    answers(world, stage).map(({ status }) => status),
    [0],
  )
})

test('books that are compressed are refused as a fault of form: only mail and sync compress', () => {
  const world = new World()
  const stage = toProvisioning(world)
  applyPolicy(world, stage)
  const books = Array.from({ length: 20 }, (_, i) => book({ cid: `X${i}`, configuration: new Map() }))
  const content = known(compress(encodeBookSet(bookSet({ books }))))
  world.deliver('packet', stage.channel.packet(contentTypes.serviceBook, content, { flags: 1 }))
  assert.deepEqual(
    answers(world, stage).map(({ status }) => status),
    [5],
  )
})

test('malformed packets and parts, and messages that are for servers, are dropped', () => {
  const world = new World()
  toComplete(world)
  world.deliver('packet', Uint8Array.of(0x82, 0x40, 0x40))
  world.deliver('part', Uint8Array.of(0x80))
  world.deliver('m3', Uint8Array.of(0xa0))
  world.deliverPayload(encodePayload({ kind: 'm2', bytes: Uint8Array.of(0xa0) }))
  assert.deepEqual(world.sends(), [])
})

test('the same policy bytes twice in flight are verified once and acknowledged once', () => {
  const world = new World()
  const stage = toProvisioning(world)
  world.sends()
  const packet = policyPacket(stage.channel)
  world.deliver('packet', packet)
  world.deliver('packet', packet)
  assert.equal(world.actions.filter(({ kind }) => kind === 'verify_policy').length, 1)
  verified(world)
  verified(world)
  assert.equal(answers(world, stage).length, 1)
})

test('signed content is handed to verification with the CA of M4 and the relay’s time', () => {
  const world = new World()
  const stage = toProvisioning(world)
  world.deliver('packet', policyPacket(stage.channel))
  const asked = world.actions.find((action) => action.kind === 'verify_policy')
  assert(asked?.kind === 'verify_policy')
  assert.deepEqual(asked.caCertificate, script().ca)
  assert.equal(asked.atMs, world.nowMs)
  assert.deepEqual(asked.cms, encodeItPolicy(policy()))
})
