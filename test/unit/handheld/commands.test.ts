import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPassword } from '#handheld/password.ts'
import { ownerTextOf } from '#handheld/unlock.ts'
import { viewOf } from '#handheld/view.ts'
import { parsePin, parseSrpId } from '#kernel/brand.ts'
import { utf8 } from '#kernel/bytes.ts'
import { ackStatus, decodeNamesLeftOut } from '#protocol/ack.ts'
import { encodeItAdmin, encodeItPolicy } from '#protocol/it-admin.ts'
import type { ItCommand } from '#protocol/it-command.ts'
import { contentTypes } from '#protocol/packet-frame.ts'
import {
  command,
  commandPacket,
  policy,
  type Stage,
  toComplete,
  toProvisioning,
  verified,
} from './run-through.ts'
import { known, script, World } from './world.ts'

const lock = { command: 'lock', password: 'open sesame', ownerText: 'Acme, +49 30 1234' } as const

const seen = (world: World): string => viewOf(world.state, world.nowMs).text

function judged(world: World, stage: Stage, value: ItCommand, signatureHolds = true) {
  world.sends()
  world.deliver('packet', commandPacket(stage.channel, value))
  verified(world, signatureHolds)
  return stage.channel.ack(world.message('ack').bytes)
}

test('lock closes the handheld, sets its password, and shows the owner text and nothing else', () => {
  const world = new World()
  const stage = toProvisioning(world)
  assert.equal(judged(world, stage, command(lock)).status, ackStatus.applied)
  assert(world.disk.lock.locked)
  assert.equal(seen(world), 'Locked. Acme, +49 30 1234')
  assert(isPassword(world.disk.lock, 'open sesame'))
  assert(!JSON.stringify(world.disk).includes('sesame'), 'the password itself is not kept')
  // The activation goes on behind the lock.
  world.deliver('packet', stage.channel.packet(contentTypes.itAdmin, signedPolicy()))
  verified(world)
  assert.equal(stage.channel.ack(world.message('ack').bytes).status, ackStatus.applied)
  assert.equal(seen(world), 'Locked. Acme, +49 30 1234')
  world.raise({ kind: 'unlock', password: 'open sesame' })
  assert.equal(seen(world), 'Encryption Verified. Waiting for Services.')
})

const signedPolicy = () => encodeItAdmin({ type: 'policy', cms: encodeItPolicy(policy()) })

test('a lock that brings no password to a handheld without one says so', () => {
  const world = new World()
  const { status, detail } = judged(world, toComplete(world), command({ command: 'lock' }))
  assert.equal(status, ackStatus.appliedInPart)
  assert.deepEqual(decodeNamesLeftOut(known(detail)), { ok: true, value: ['password'] })
  assert(world.disk.lock.locked)
})

test('a lock without a password leaves the one that is there', () => {
  const world = new World()
  const stage = toComplete(world)
  world.raise({ kind: 'set_password', old: '', password: 'mine alone' })
  assert.equal(judged(world, stage, command({ command: 'lock' })).status, ackStatus.applied)
  assert(isPassword(world.state.lock, 'mine alone'))
})

test('set_owner shows its text before that of the policy, and an empty one takes it away', () => {
  const world = new World()
  const stage = toComplete(world)
  assert.equal(judged(world, stage, command({ command: 'set_owner', ownerText: 'Alice' })).status, 0)
  assert.equal(ownerTextOf(world.disk), 'Alice')
  const none = command({ command: 'set_owner', ownerText: '' }, { number: 6 })
  assert.equal(judged(world, stage, none).status, 0)
  assert.equal(ownerTextOf(world.disk), null)
})

const refusals: readonly [string, Partial<ItCommand>, boolean, number][] = [
  ['whose signature does not hold', {}, false, ackStatus.refusedSignature],
  ['of another server', { srpId: known(parseSrpId('S00000002')) }, true, ackStatus.refusedAddressee],
  ['for another handheld', { pin: known(parsePin('FFFFFFFF')) }, true, ackStatus.refusedAddressee],
]
for (const [name, change, holds, status] of refusals)
  test(`a command ${name} is refused with ${status} and E31, does nothing, and leaves no number`, () => {
    const world = new World()
    const stage = toComplete(world)
    const before = world.state.account
    assert.equal(judged(world, stage, command(lock, change), holds).status, status)
    assert.deepEqual(world.codes(), [31])
    assert.deepEqual(
      [world.disk.refusal?.what, world.disk.refusal?.status, world.state.lock.locked],
      ['command', status, false],
    )
    assert.equal(world.state.account?.command, before?.command)
    const owner = command({ command: 'set_owner', ownerText: 'x' })
    assert.equal(judged(world, stage, owner).status, ackStatus.applied)
    assert.deepEqual([world.disk.refusal, world.state.screen], [null, 'Activation Complete'])
  })

test('a name outside that is not the one inside is refused: nobody makes a wipe of a lock', () => {
  const world = new World()
  const stage = toComplete(world)
  world.deliver('packet', commandPacket(stage.channel, command({ command: 'lock' }), 'wipe'))
  verified(world)
  assert.equal(stage.channel.ack(world.message('ack').bytes).status, ackStatus.refusedForm)
  assert.equal(world.state.account?.wipe, null)
})

test('signed content that is no command, a policy for one, is refused as a fault of form', () => {
  const world = new World()
  const stage = toComplete(world)
  for (const cms of [utf8('hello'), encodeItPolicy(policy({ number: 9 }))]) {
    world.sends()
    const content = encodeItAdmin({ type: 'command', command: 'lock', cms })
    world.deliver('packet', stage.channel.packet(contentTypes.itAdmin, content))
    verified(world)
    assert.equal(stage.channel.ack(world.message('ack').bytes).status, ackStatus.refusedForm)
  }
})

test('replayer of policies and commands: a lower number of a command, and an equal one with other content, are refused; the same one has its status again', () => {
  const world = new World()
  const stage = toComplete(world)
  assert.equal(judged(world, stage, command(lock, { number: 10 })).status, ackStatus.applied)
  world.raise({ kind: 'unlock', password: 'open sesame' })
  assert.equal(judged(world, stage, command(lock, { number: 9 })).status, ackStatus.refusedNumber)
  assert.equal(
    judged(world, stage, command({ command: 'lock' }, { number: 10 })).status,
    ackStatus.refusedNumber,
  )
  assert.equal(judged(world, stage, command(lock, { number: 10 })).status, ackStatus.applied)
  assert.equal(world.state.lock.locked, false, 'what was done before is not done again')
  assert.equal(judged(world, stage, command(lock, { number: 2 ** 32 })).status, ackStatus.applied)
})

test('commands count for themselves: a policy of a higher number does not make a command old', () => {
  const world = new World()
  const stage = toComplete(world)
  assert.equal(known(known(world.state.account).policy).number, 5)
  assert.equal(judged(world, stage, command(lock, { number: 1 })).status, ackStatus.applied)
})

test('the number survives a new activation with the organisation, and goes with another', () => {
  const world = new World()
  const stage = toComplete(world)
  judged(world, stage, command({ command: 'set_owner', ownerText: 'Alice' }, { number: 10 }))
  const again = toComplete(world, script({ kid: 78 }))
  assert.equal(judged(world, again, command(lock, { number: 9 })).status, ackStatus.refusedNumber)
  assert.equal(ownerTextOf(world.state), 'Alice')
  const other = toComplete(world, script({ kid: 79, ca: utf8('another CA') }))
  assert.equal(ownerTextOf(world.state), null)
  assert.equal(judged(world, other, command(lock, { number: 1 })).status, ackStatus.applied)
})

test('a new owner text stands on the locked screen at once, and on no other', () => {
  const world = new World()
  const stage = toComplete(world)
  const owner = (ownerText: string, number: number) =>
    judged(world, stage, command({ command: 'set_owner', ownerText }, { number }))
  owner('Acme', 3)
  assert(!world.shown().includes('Locked. Acme'))
  judged(world, stage, command({ command: 'lock' }, { number: 4 }))
  assert.equal(world.shown().at(-1), 'Locked. Acme')
  owner('Acme, room 12', 5)
  assert.equal(world.shown().at(-1), 'Locked. Acme, room 12')
})

test('a command whose signature is being checked when the process dies is checked again, and done once', () => {
  const world = new World()
  const stage = toComplete(world)
  world.deliver('packet', commandPacket(stage.channel, command(lock)))
  world.crash()
  world.login()
  world.sends()
  verified(world)
  assert.equal(stage.channel.ack(world.message('ack').bytes).status, ackStatus.applied)
  world.crash()
  assert.equal(seen(world), 'Locked. Acme, +49 30 1234')
})
