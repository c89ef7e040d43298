/** A handheld that waits for its server and hears nothing asks whether it is still known there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeErrorMessage } from '#protocol/exchange.ts'
import { contentTypes } from '#protocol/packet-frame.ts'
import { receiptStatus } from '#protocol/receipt.ts'
import { applyPolicy, policy, toComplete, toProvisioning } from './run-through.ts'
import { known, World } from './world.ts'

const minute = 60_000
const halfHour = 30 * minute
const leftText = 'Your organisation no longer serves this handheld.'

const asked = (world: World) => world.messages('key_check')

/** The policy has come, so that the server is known to hold the key, and nothing more comes. */
function waiting() {
  const world = new World()
  const stage = toProvisioning(world)
  applyPolicy(world, stage, policy())
  world.sends()
  return { world, stage }
}

test('it asks after half an hour of silence, and each half hour, with the same bytes', () => {
  const { world } = waiting()
  world.pass(halfHour - 1)
  assert.equal(asked(world).length, 0)
  world.pass(1)
  const [first] = asked(world)
  assert.deepEqual(
    known(first).bytes,
    known(world.state.account).link.keyCheck.slice(-known(first).bytes.length),
  )
  world.pass(halfHour)
  const [second] = asked(world)
  assert.deepEqual(known(second).bytes, known(first).bytes)
  assert.notDeepEqual(known(second).mid, known(first).mid)
})

test('a packet of the server begins the time anew, and a complete activation is not asked about', () => {
  const { world, stage } = waiting()
  world.pass(halfHour - minute)
  world.deliver('packet', stage.channel.packet(contentTypes.sync, new Uint8Array(1)))
  world.sends()
  world.pass(halfHour - 1)
  assert.equal(asked(world).length, 0)
  const complete = new World()
  toComplete(complete)
  complete.sends()
  complete.pass(4 * halfHour)
  assert.equal(asked(complete).length, 0)
  assert.equal(known(complete.state.account).silence, null)
})

test('whose account was taken away reads so: by the server’s error, or when the relay has refused for an hour', () => {
  const { world } = waiting()
  world.pass(halfHour)
  world.deliver('error', encodeErrorMessage({ code: 19, kid: known(world.state.account).link.kid }))
  assert.match(known(world.shown().at(-1)), /no longer knows this handheld's key/)

  const refused = waiting().world
  for (let i = 0; i < 3; i += 1) {
    assert.notEqual(refused.state.screen, leftText)
    refused.pass(halfHour)
    refused.receipt(known(asked(refused)[0]).mid, receiptStatus.notListed)
  }
  assert.equal(refused.state.screen, leftText)
})

test('off the air it asks when it is on again; after a restart and a date set back no later than at first', () => {
  const { world } = waiting()
  world.raise({ kind: 'link_down', reason: 'unreachable' })
  world.pass(2 * halfHour)
  assert.equal(asked(world).length, 0)
  world.login()
  world.pass(0)
  assert.equal(asked(world).length, 1)

  const other = waiting().world
  other.nowMs -= 24 * 60 * minute
  other.crash()
  other.login()
  other.sends()
  other.pass(halfHour)
  assert.equal(asked(other).length, 1)
})
