/** What the handheld's own side does against attackers of the threat table (docs/protocol.md, "Threats"). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPoint } from '#crypto/p256.ts'
import type { Suite } from '#crypto/packet.ts'
import { parsePin, parseSrpId, type SrpId } from '#kernel/brand.ts'
import { decodeEtpBody, encodeEtpBody } from '#protocol/etp.ts'
import { decodeM2, encodeM2, type M2 } from '#protocol/exchange.ts'
import {
  command,
  commandPacket,
  policy,
  policyPacket,
  toComplete,
  toWaiting,
  verified,
} from './run-through.ts'
import { answerRequest, Channel, judgeProof, testSecrets } from './server-double.ts'
import { address, known, password, pin, script, typed, World } from './world.ts'

/** The request that a handheld with always the same randomness makes of this password. */
function requestUnder(typedPassword: string): Uint8Array {
  const world = new World()
  world.raise(typed({ secrets: testSecrets(typedPassword, address) }))
  world.login()
  return world.request()
}

test('reader of the mailbox, mail administrator, SMTP hop: under two passwords the request differs in its point alone', () => {
  const bodies = [password, 'another password'].map(requestUnder)
  const [one, other] = bodies.map((body) => {
    const decoded = decodeEtpBody(body)
    assert(decoded.ok)
    return decoded.value
  })
  assert(one && other)
  assert.notDeepEqual(one.shareP, other.shareP)
  assert(isPoint(one.shareP) && isPoint(other.shareP))
  assert.deepEqual({ ...one, shareP: null }, { ...other, shareP: null })
  assert.deepEqual(Object.keys(one).sort(), [
    'address',
    'createdAt',
    'kdfProfile',
    'lifeSeconds',
    'offer',
    'relayId',
    'shareP',
    'txn',
  ])
})

const proofOf = (world: World): Uint8Array => world.message('m3').bytes

test('downgrader: an offer that was edited on its way makes the proof fail', () => {
  const world = new World()
  const body = toWaiting(world)
  const decoded = decodeEtpBody(body)
  assert(decoded.ok)
  const weak = script({ suite: 2 as Suite })
  const shared = answerRequest(weak, encodeEtpBody({ ...decoded.value, offer: [2] }), pin)
  world.deliver('m2', shared.m2)
  assert.equal(world.stage(), 'proving')
  assert.equal(judgeProof(weak, shared, proofOf(world)).ok, false)
})

const edits: Readonly<Record<string, Partial<M2>>> = {
  suite: { suite: 2 },
  'key id': { kid: 78 },
  end: { keptUntil: 2_000_000_001 },
  'server’s name': { srpId: parseSrpId('S00000002') as SrpId },
}
for (const [what, edit] of Object.entries(edits))
  test(`downgrader: the ${what} of M2, edited by whoever also stamps it, makes the proof fail`, () => {
    const world = new World()
    const shared = answerRequest(script(), toWaiting(world), pin)
    const m2 = decodeM2(shared.m2)
    assert(m2.ok)
    const edited = { ...m2.value, ...edit }
    world.deliver('m2', encodeM2(edited), edited.srpId)
    assert.equal(world.stage(), 'proving')
    assert.equal(judgeProof(script(), shared, proofOf(world)).ok, false)
  })

test('the same way without an edit, the proof holds', () => {
  const world = new World()
  const shared = answerRequest(script(), toWaiting(world), pin)
  world.deliver('m2', shared.m2)
  assert.equal(judgeProof(script(), shared, proofOf(world)).ok, true)
})

test('thief of the CA or policy signer: without the master key his policy is not even looked at', () => {
  const world = new World()
  const { channel } = toComplete(world)
  const thief = new Channel(script(), new Uint8Array(32).fill(9), channel.th4)
  const before = world.actions.length
  world.deliver('packet', policyPacket(thief, policy({ number: 99 })))
  const asked = world.actions.slice(before).filter(({ kind }) => kind === 'verify_policy')
  assert.deepEqual(asked, [])
  assert.deepEqual(world.sends(), [])
  world.deliver('packet', policyPacket(channel, policy({ number: 99 })))
  assert(world.actions.slice(before).some(({ kind }) => kind === 'verify_policy'))
})

test('replayer of policies and commands: an order of another handheld, or one from before, does nothing under the live key', () => {
  const world = new World()
  const { channel } = toComplete(world)
  const wipe = { command: 'wipe', scope: 0, waitSeconds: 0 } as const
  const orders = [
    command(wipe, { number: 20, pin: known(parsePin('FFFFFFFF')) }),
    command({ command: 'set_owner', ownerText: 'x' }, { number: 20 }),
    command(wipe, { number: 19 }),
  ]
  const statuses = orders.map((order) => {
    world.sends()
    world.deliver('packet', commandPacket(channel, order))
    verified(world)
    return channel.ack(world.message('ack').bytes).status
  })
  assert.deepEqual(statuses, [3, 0, 4])
  world.pass(3_600_000)
  assert.equal(world.state.account?.wipe, null)
})

test('thief of a handheld: kept off the air he guesses a few times, and a wipe that waits comes without the relay', () => {
  const stolen = (): World => {
    const world = new World()
    const { channel } = toComplete(world)
    const rules = new Map([['password_attempts_max', 3]])
    world.deliver('packet', policyPacket(channel, policy({ number: 9, rules })))
    verified(world)
    const lock = command({ command: 'lock', password: 'not for thieves' }, { number: 20 })
    const wipe = command({ command: 'wipe', scope: 0, waitSeconds: 600 }, { number: 21 })
    for (const order of [lock, wipe]) {
      world.deliver('packet', commandPacket(channel, order))
      verified(world)
    }
    world.raise({ kind: 'link_down', reason: 'unreachable' })
    return world
  }
  const guessing = stolen()
  for (const password of ['1234', '0000', 'password']) guessing.raise({ kind: 'unlock', password })
  assert.equal(guessing.disk.account, null)
  const waiting = stolen()
  assert.notEqual(waiting.disk.account, null)
  waiting.pass(600_000)
  assert.equal(waiting.disk.account, null)
})
