import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openHandheldDirectory } from '#handheld/file.ts'
import { type HandheldState, initialState } from '#handheld/state.ts'
import { ackStatus } from '#protocol/ack.ts'
import { type ItCommand, wipeScope } from '#protocol/it-command.ts'
import { receiptStatus } from '#protocol/receipt.ts'
import { command, commandPacket, type Stage, toComplete, toProving, verified } from './run-through.ts'
import { known, script, World } from './world.ts'

const minute = 60_000
const everything = { command: 'wipe', scope: wipeScope.everything, waitSeconds: 0 } as const
const organisation = { command: 'wipe', scope: wipeScope.organisation, waitSeconds: 0 } as const

/** Orders, and gives back the mid of the acknowledgement. */
function order(world: World, stage: Stage, value: ItCommand, status: number = ackStatus.accepted) {
  world.sends()
  world.deliver('packet', commandPacket(stage.channel, value))
  verified(world)
  const { mid, bytes } = world.message('ack')
  assert.equal(stage.channel.ack(bytes).status, status)
  return mid
}

const wiped = (state: HandheldState): boolean => state.account === null

/** What a handheld keeps through a wipe of everything: its device, as on a first start. */
function assertEmpty(state: HandheldState): void {
  const { screen, online } = state
  assert.deepEqual(state, { ...initialState(state.device), screen, online })
  assert.equal(screen, 'This handheld was erased.')
}

test('a wipe is acknowledged with 9, waits for the receipt, and takes everything; the relay hears of no server any more', () => {
  const world = new World()
  const stage = toComplete(world)
  const mid = order(world, stage, command(everything))
  assert(!wiped(world.state), 'not before the acknowledgement lies safe')
  assert.equal(known(world.disk.account).wipe?.scope, 'everything')
  world.receipt(mid, receiptStatus.stored)
  assertEmpty(world.disk)
  const [peers] = world.sends()
  assert.deepEqual(peers?.frame, { type: 'dev_peers', srpIds: [] })
  assert.equal(world.ended().at(-1), 'erased')
})

test('a wipe begins after a minute without a receipt, on the air or not', () => {
  const world = new World()
  order(world, toComplete(world), command(everything))
  world.raise({ kind: 'link_down', reason: 'unreachable' })
  world.pass(minute - 1)
  assert(!wiped(world.state))
  world.pass(1)
  assertEmpty(world.disk)
})

test('wipe with a restart before and after its ACK: it is carried out once, and the disk is never half empty', () => {
  for (const when of ['before', 'after'] as const)
    for (const count of [1, 2, 3, 4]) {
      const world = new World()
      const stage = toComplete(world)
      world.sends()
      world.crashIn = { count, when }
      world.deliver('packet', commandPacket(stage.channel, command(everything)))
      if (!world.isDead()) verified(world)
      if (!world.isDead()) world.receipt(world.message('ack').mid, receiptStatus.delivered)
      world.crashIn = null
      world.crash()
      if (!wiped(world.state)) world.login()
      const asked = world.takeVerifications().at(-1)
      if (asked && world.state.held.length > 0)
        world.raise({ kind: 'policy_verified', id: asked.id, content: asked.cms })
      // What never came to the disk the server sends again.
      if (!wiped(world.state) && !world.state.account?.wipe) {
        world.deliver('packet', commandPacket(stage.channel, command(everything)))
        verified(world)
      }
      world.pass(minute)
      assert(wiped(world.disk), `${when} ${count}`)
    }
})

test('why a handheld is empty is still to be read after a restart, until it is activated again', () => {
  const world = new World()
  const stage = toComplete(world)
  world.receipt(order(world, stage, command(everything)), receiptStatus.stored)
  world.crash()
  assert.equal(world.state.screen, 'This handheld was erased.')
  toComplete(world, script({ kid: 78 }))
  world.crash()
  assert.equal(world.state.screen, 'Activation Complete')
})

test('a wait is counted over restarts, and a clock set back does not make it longer', () => {
  const world = new World()
  const stage = toComplete(world)
  world.receipt(order(world, stage, command({ ...everything, waitSeconds: 600 })), receiptStatus.stored)
  world.pass(5 * minute)
  assert(!wiped(world.state))
  world.nowMs -= 24 * 60 * minute
  world.crash()
  world.pass(10 * minute - 1)
  assert(!wiped(world.state))
  world.pass(1)
  assertEmpty(world.disk)
})

test('a wait that ended while the handheld was off is over when it starts', () => {
  const world = new World()
  const stage = toComplete(world)
  world.receipt(order(world, stage, command({ ...everything, waitSeconds: 600 })), receiptStatus.stored)
  world.nowMs += 60 * minute
  world.crash()
  assertEmpty(world.disk)
})

test('cancel_wipe takes back what has not begun, and answers 0 where nothing waits', () => {
  const world = new World()
  const stage = toComplete(world)
  order(world, stage, command({ ...everything, waitSeconds: 600 }))
  order(world, stage, command({ command: 'cancel_wipe' }, { number: 6 }), ackStatus.applied)
  world.pass(60 * minute)
  assert(!wiped(world.state))
  order(world, stage, command({ command: 'cancel_wipe' }, { number: 7 }), ackStatus.applied)
})

test('a wipe without a wait does not begin before what came right behind it is judged', () => {
  for (const restarts of [false, true]) {
    const world = new World()
    const stage = toComplete(world)
    const mid = order(world, stage, command(everything))
    world.deliver('packet', commandPacket(stage.channel, command({ command: 'cancel_wipe' }, { number: 6 })))
    world.receipt(mid, receiptStatus.stored)
    assert(!wiped(world.state), 'the word that it is not wanted is being checked')
    if (restarts) world.crash()
    if (restarts) world.login()
    world.sends()
    verified(world)
    assert.equal(stage.channel.ack(world.message('ack').bytes).status, ackStatus.applied)
    world.pass(60 * minute)
    assert(!wiped(world.disk))
  }
})

test('what came behind a wipe holds it up for a minute at the longest, and only if it is what takes it back', () => {
  const world = new World()
  const stage = toComplete(world)
  const follows = (number: number) =>
    world.deliver('packet', commandPacket(stage.channel, command({ command: 'lock' }, { number })))
  const mid = order(world, stage, command(everything))
  follows(6)
  world.receipt(mid, receiptStatus.stored)
  world.pass(minute - 1)
  assert(!wiped(world.state))
  world.pass(1)
  assertEmpty(world.disk)

  const other = new World()
  const at = toComplete(other)
  const second = order(other, at, command(everything))
  other.deliver('packet', commandPacket(at.channel, command({ command: 'lock' }, { number: 6 })))
  other.receipt(second, receiptStatus.stored)
  verified(other)
  other.pass(0)
  assertEmpty(other.disk)
})

test('a newer wipe takes the place of one that waits, with an acknowledgement of its own to wait for', () => {
  const world = new World()
  const stage = toComplete(world)
  const first = order(world, stage, command({ ...organisation, waitSeconds: 600 }))
  const second = order(world, stage, command(everything, { number: 6 }))
  world.receipt(first, receiptStatus.stored)
  assert(!wiped(world.state), 'the newer one is not yet acknowledged')
  world.receipt(second, receiptStatus.stored)
  assertEmpty(world.disk)
})

test('a copy of the wipe that waits is answered again with 9, and does not begin the wait anew', () => {
  const world = new World()
  const stage = toComplete(world)
  const packet = commandPacket(stage.channel, command({ ...everything, waitSeconds: 60 }))
  world.sends()
  world.deliver('packet', packet)
  verified(world)
  world.receipt(world.message('ack').mid, receiptStatus.stored)
  world.pass(minute / 2)
  world.deliver('packet', packet)
  assert.equal(stage.channel.ack(world.message('ack').bytes).status, ackStatus.accepted)
  world.pass(minute / 2)
  assertEmpty(world.disk)
})

test('a wipe of the organisation leaves what is the user’s: lock and password, and a run under way', () => {
  const world = new World()
  const stage = toComplete(world)
  world.raise({ kind: 'set_password', old: '', password: 'mine alone' })
  toProving(world, script({ kid: 78 }))
  const { lock, run, unanswered } = world.state
  world.receipt(order(world, stage, command(organisation)), receiptStatus.stored)
  const { device, screen } = world.disk
  assert.deepEqual(world.disk, { ...initialState(device), online: true, lock, run, unanswered, screen })
  assert.equal(screen, "Your organisation's data was erased from this handheld.")
  // The server of the run may still answer.
  assert.deepEqual(world.sends().at(-1)?.frame, { type: 'dev_peers', srpIds: ['S00000001'] })
})

test('a wiped handheld can be activated again, and begins with no numbers', () => {
  const world = new World()
  const stage = toComplete(world)
  world.receipt(order(world, stage, command(everything, { number: 50 })), receiptStatus.stored)
  const again = toComplete(world, script({ kid: 78 }))
  assert.equal(world.stage(), 'active')
  order(world, again, command({ command: 'set_owner', ownerText: 'x' }, { number: 1 }), ackStatus.applied)
})

test('a wipe that waits is not carried over into a new activation', () => {
  const world = new World()
  const stage = toComplete(world)
  world.receipt(order(world, stage, command({ ...everything, waitSeconds: 3_600 })), receiptStatus.stored)
  assert.notEqual(world.state.account?.wipe, null)
  toComplete(world, script({ kid: 78 }))
  assert.equal(world.disk.account?.wipe, null)
  world.pass(120 * minute)
  assert.equal(wiped(world.disk), false)
})

test('what the server sends after a wipe finds no key and no account', () => {
  const world = new World()
  const stage = toComplete(world)
  const late = commandPacket(stage.channel, command({ command: 'lock' }, { number: 6 }))
  world.receipt(order(world, stage, command(everything)), receiptStatus.stored)
  world.sends()
  world.deliver('packet', late)
  assert.deepEqual(world.sends(), [])
  assertEmpty(world.disk)
})

/** Each byte string and each text of a state that is long enough to be told from chance. */
function secretsOf(value: unknown): readonly string[] {
  if (value instanceof Uint8Array) return value.length >= 8 ? [Buffer.from(value).toString('base64')] : []
  if (typeof value === 'string') return value.length >= 6 ? [value] : []
  if (value instanceof Map) return [...value].flat().flatMap(secretsOf)
  if (Array.isArray(value)) return value.flatMap(secretsOf)
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(secretsOf) : []
}

test('nothing is left on the disk in any file but PIN, device key, certificate and relay', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'postkey-wipe-'))
  t.after(() => rmSync(dir, { recursive: true }))
  const storage = await openHandheldDirectory(dir)
  const seed = new Uint8Array(32).fill(9)
  const world = new World()
  const stage = toComplete(world)
  world.raise({ kind: 'set_password', old: '', password: 'mine alone' })
  order(world, stage, command({ command: 'set_owner', ownerText: 'the owner text' }), ackStatus.applied)
  const mid = order(world, stage, command(everything, { number: 6 }))
  await storage.save({ seed, state: world.disk })
  // A crash amid a write leaves a half behind; the wipe must not leave it there.
  await import('node:fs/promises').then(({ copyFile }) =>
    copyFile(join(dir, 'handheld.json'), join(dir, 'handheld.json.new')),
  )
  const { device, screen, ...rest } = world.disk
  const mine = new Set(secretsOf(device))
  const secrets = secretsOf(rest).filter((text) => !mine.has(text))
  assert(secrets.includes('the owner text') && secrets.length > 20)
  world.receipt(mid, receiptStatus.stored)
  await storage.save({ seed, state: world.disk })
  await storage.close()
  assert.deepEqual(readdirSync(dir), ['handheld.json'])
  const left = readFileSync(join(dir, 'handheld.json'), 'utf8')
  const plain = Buffer.from(left, 'utf8')
  for (const secret of secrets)
    assert(!left.includes(secret) && !plain.includes(Buffer.from(secret, 'base64')), secret)
  for (const kept of [known(device.pin), device.relayId, Buffer.from(seed).toString('base64')])
    assert(left.includes(kept))
  assert(left.includes(Buffer.from(known(device.certificate)).toString('base64')))
  assert.notEqual(screen, '')
})
