import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MailAddress } from '#kernel/brand.ts'
import { utf8 } from '#kernel/bytes.ts'
import { ackStatus } from '#protocol/ack.ts'
import { contentTypes } from '#protocol/packet-frame.ts'
import {
  bookSet,
  booksPacket,
  policy,
  policyPacket,
  toComplete,
  toConfirming,
  toProvisioning,
  toWaiting,
  verified,
} from './run-through.ts'
import { answerRequest } from './server-double.ts'
import { known, pin, script, seededRandom, typed, World } from './world.ts'

const again = (fields: Partial<ReturnType<typeof script>> = {}) =>
  script({ kid: 78, random: seededRandom('server again'), ...fields })
const bob = 'bob@example.test' as MailAddress

test('until the new key is current the old account works on beside the new run', () => {
  const world = new World()
  const old = toComplete(world)
  toConfirming(world, again())
  world.deliver('packet', old.channel.packet(contentTypes.sync, Uint8Array.of(0x80)))
  assert.equal(old.channel.ack(world.message('ack').bytes).status, ackStatus.unknown)
  assert.equal(known(world.state.account).link.kid, 77)
})

test('when the new key is current the old one is gone', () => {
  const world = new World()
  const old = toComplete(world)
  const { channel } = toProvisioning(world, again())
  world.sends()
  assert.equal(known(world.state.account).link.kid, 78)
  world.deliver('packet', old.channel.packet(contentTypes.sync, Uint8Array.of(0x80)))
  assert.deepEqual(world.messages('ack'), [])
  assert(channel)
})

test('a failed try leaves the old account as it was', () => {
  const world = new World()
  toComplete(world)
  const { account } = world.state
  toConfirming(world, again())
  world.pass(25 * 3_600_000)
  assert.deepEqual(world.ended(), [0, 22])
  assert.deepEqual(world.state.account, account)
})

test('under the same CA the policy of equal number is acknowledged again, and the same books complete it', () => {
  const world = new World()
  toComplete(world)
  const { channel } = toProvisioning(world, again())
  world.sends()
  world.deliver('packet', booksPacket(channel))
  assert.equal(
    channel.ack(world.message('ack').bytes).status,
    ackStatus.notNow,
    'the policy comes first each time',
  )
  world.deliver('packet', policyPacket(channel))
  verified(world)
  assert.equal(channel.ack(world.message('ack').bytes).status, ackStatus.applied)
  world.deliver('packet', policyPacket(channel, policy({ number: 3 })))
  verified(world)
  assert.equal(channel.ack(world.message('ack').bytes).status, ackStatus.refusedNumber)
  world.deliver('packet', booksPacket(channel))
  const { mid, bytes } = world.message('ack')
  assert.equal(channel.ack(bytes).status, ackStatus.applied)
  world.receipt(mid, 0)
  assert.deepEqual(world.ended(), [0, 0])
})

test('another organisation’s CA resets policy and book numbers', () => {
  const world = new World()
  toComplete(world)
  const { channel } = toProvisioning(world, again({ ca: utf8('another CA') }))
  const account = known(world.state.account)
  assert.deepEqual([account.policy, account.books, account.bookNumber], [null, null, null])
  world.sends()
  world.deliver('packet', policyPacket(channel, policy({ number: 1 })))
  verified(world)
  world.deliver('packet', booksPacket(channel, bookSet({ number: 1 })))
  assert.deepEqual(
    world.messages('ack').map(({ bytes }) => channel.ack(bytes).status),
    [0, 0],
  )
})

test('another user of the same organisation loses the books and keeps the numbers', () => {
  const world = new World()
  toComplete(world)
  toProvisioning(world, again(), typed({ address: bob, confirmed: true }))
  const account = known(world.state.account)
  assert.equal(account.books, null)
  assert.equal(account.bookNumber?.number, 6)
  assert.equal(account.policy?.number, 5)
})

test('activating another address asks first, as the old one’s data will be erased', () => {
  const world = new World()
  toComplete(world)
  world.raise(typed({ address: bob }))
  const asked = world.actions.flatMap((action) => (action.kind === 'ask' ? [action.question] : []))
  assert.deepEqual(asked, ['other_account'])
  assert.equal(world.state.run, null)
})

test('an M2 with the id of a key that is held is dropped', () => {
  const world = new World()
  toComplete(world)
  const body = toWaiting(world)
  world.deliver('m2', answerRequest(again({ kid: 77 }), body, pin).m2)
  assert.equal(world.stage(), 'waiting')
})

test('a new try replaces the run before it and takes its server off the list', () => {
  const world = new World()
  toConfirming(world)
  const before = known(world.state.run).txn
  world.raise(typed())
  assert.notEqual(known(world.state.run).txn, before)
  const sends = world.sends()
  assert.deepEqual(
    sends.flatMap(({ frame }) => (frame.type === 'dev_peers' ? [frame.srpIds] : [])),
    [[]],
  )
})
