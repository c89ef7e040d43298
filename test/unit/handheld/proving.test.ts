import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeP256 } from '#crypto/p256-node.ts'
import { pointN } from '#crypto/spake2plus-transcript.ts'
import { type MailAddress, parseActivationId, parseSrpId } from '#kernel/brand.ts'
import { uintBytes } from '#kernel/bytes.ts'
import type { M2 } from '#protocol/exchange.ts'
import { toProving, toWaiting } from './run-through.ts'
import { answerRequest, testSecrets } from './server-double.ts'
import { address, known, password, pin, script, seededRandom, typed, World } from './world.ts'

const minute = 60_000
const otherSrpId = known(parseSrpId('S00000002'))

function refusesM2(change: Partial<M2>, event = typed()): void {
  const world = new World()
  const shared = answerRequest(script(), toWaiting(world, event), pin, change)
  world.deliver('m2', shared.m2)
  assert.equal(world.stage(), 'waiting')
  assert.deepEqual(world.sends(), [])
  const good = answerRequest(script(), known(bodyOf(world)), pin)
  world.deliver('m2', good.m2)
  assert.equal(world.stage(), 'proving', 'a good M2 is still answered')
}

const bodyOf = ({ state: { run } }: World) => (run && 'body' in run ? run.body : null)

test('an M2 for another transaction is dropped', () =>
  refusesM2({ txn: known(parseActivationId('00'.repeat(16))) }))
test('an M2 that names another server than the relay’s stamp is dropped', () =>
  refusesM2({ srpId: otherSrpId }))
test('an M2 with a suite that was not offered is dropped', () =>
  refusesM2({ suite: 2 }, typed({ offer: [1] })))
test('an M2 with a suite nobody knows is dropped', () => refusesM2({ suite: 9 }))
test('an M2 with a KEM ciphertext that was not asked for is dropped', () =>
  refusesM2({ kemCiphertext: new Uint8Array(1088) }))

const base = nodeP256.multiplyBase(uintBytes(1, 32))
const badShares = {
  'off the curve': new Uint8Array(65).fill(4),
  'all zero': new Uint8Array(65),
  hybrid: Uint8Array.from(base, (byte, i) => (i === 0 ? 6 : byte)),
  'with x ≥ p': Uint8Array.from(base, (byte, i) => (i > 0 && i < 33 ? 0xff : byte)),
  'with y ≥ p': Uint8Array.from(base, (byte, i) => (i > 32 ? 0xff : byte)),
  w0·N: nodeP256.multiply(pointN, testSecrets(password, address).w0),
}
for (const [what, shareV] of Object.entries(badShares))
  test(`an M2 whose share is ${what} is dropped`, () => refusesM2({ shareV }))

test('an M2 that sends our own share back is dropped', () => {
  const world = new World()
  const body = toWaiting(world)
  const { run } = world.state
  assert(run && 'shareP' in run)
  world.deliver('m2', answerRequest(script(), body, pin, { shareV: run.shareP }).m2)
  assert.equal(world.stage(), 'waiting')
})

test('bytes that are no M2 are dropped and still acknowledged to the relay', () => {
  const world = new World()
  toWaiting(world)
  world.deliver('m2', Uint8Array.of(0xa0))
  world.deliverPayload(Uint8Array.of(1, 2, 3))
  assert.equal(world.stage(), 'waiting')
})

test('an M2 that overtakes the relay’s word about the mail is answered as well', () => {
  const world = new World()
  world.raise(typed())
  world.login()
  world.deliver('m2', answerRequest(script(), world.request(), pin).m2)
  assert.equal(world.stage(), 'proving')
})

test('a second, different M2 is never answered: one proof per transaction', () => {
  const world = new World()
  const body = toWaiting(world)
  world.deliver('m2', answerRequest(script(), body, pin).m2)
  world.messages('m3')
  for (const srpId of [script().srpId, otherSrpId]) {
    world.deliver('m2', answerRequest(script({ srpId, random: seededRandom('again') }), body, pin).m2, srpId)
    assert.deepEqual(world.sends(), [])
  }
})

test('a duplicate of M2 is answered with the same bytes of M3', () => {
  const world = new World()
  const shared = answerRequest(script(), toWaiting(world), pin)
  world.deliver('m2', shared.m2)
  const first = world.message('m3')
  world.deliver('m2', shared.m2)
  const second = world.message('m3')
  assert.deepEqual(second.bytes, first.bytes)
  assert.notDeepEqual(second.mid, first.mid, 'a copy is a new frame')
})

test('a wrong password gives a proof that does not hold', () => {
  const world = new World()
  const { proved } = toProving(world, script({ password: 'another one' }))
  assert(!proved.ok)
  assert.equal(proved.info, null)
})

test('M3 is repeated after 2, 5, 15, 60 s and 5 min, then every 30 min, always the same bytes', () => {
  const world = new World()
  const shared = answerRequest(script(), toWaiting(world), pin)
  world.deliver('m2', shared.m2)
  const { bytes } = world.message('m3')
  const beganMs = world.nowMs
  const times: number[] = []
  while (times.length < 7) {
    world.pass(1000)
    for (const copy of world.messages('m3')) {
      assert.deepEqual(copy.bytes, bytes)
      times.push((world.nowMs - beganMs) / 1000)
    }
  }
  assert.deepEqual(times, [2, 5, 15, 60, 300, 2100, 3900])
  world.raise({ kind: 'link_down', reason: 'unreachable' })
  world.login()
  assert.deepEqual(world.message('m3').bytes, bytes)
})

test('E22 is shown after two minutes of silence, and the run ends a day after M2', () => {
  const world = new World()
  toProving(world)
  world.pass(2 * minute - 1)
  assert.deepEqual(world.codes(), [])
  world.pass(1)
  assert.deepEqual(world.codes(), [22])
  assert.equal(world.stage(), 'proving')
  world.pass(24 * 60 * minute)
  assert.deepEqual(world.ended(), [22])
})

test('receipts of the relay that nobody serves this handheld end the run with E18 only after an hour', () => {
  const world = new World()
  const shared = answerRequest(script(), toWaiting(world), pin)
  world.deliver('m2', shared.m2)
  world.receipt(world.message('m3').mid, 3)
  for (let round = 0; round < 5 && world.stage() === 'proving'; round += 1) {
    world.pass(30 * minute)
    for (const { mid } of world.messages('m3').slice(-1)) world.receipt(mid, 3)
    assert(round > 0 || world.stage() === 'proving')
  }
  assert.deepEqual(world.ended(), [18])
})

test('the server listed for the proof is taken off the list when the run is cancelled', () => {
  const world = new World()
  toProving(world)
  world.raise({ kind: 'cancel' })
  const lists = world.sends().flatMap(({ frame }) => (frame.type === 'dev_peers' ? [frame.srpIds] : []))
  assert.deepEqual(lists, [[]])
})

test('five proofs without an answer for one address in two days make the handheld ask first (E23)', () => {
  const world = new World()
  for (let round = 0; round < 5; round += 1) {
    toProving(world, script({ password: 'someone guessing' }))
    world.pass(60 * minute)
  }
  world.raise(typed())
  assert.deepEqual(world.codes().at(-1), 23)
  const asked = world.actions.filter((action) => action.kind === 'ask')
  assert.deepEqual(
    asked.map(({ question }) => question),
    ['unanswered_proofs'],
  )
  assert.notEqual(world.stage(), 'mailing')
  world.raise(typed({ confirmed: true }))
  assert.equal(world.stage(), 'mailing')
})

test('unanswered proofs are forgotten after two days, and do not count for another address', () => {
  const world = new World()
  for (let round = 0; round < 5; round += 1) toProving(world, script({ password: 'someone guessing' }))
  const other = answerRequest(
    script({ password }),
    toWaiting(world, typed({ address: 'bob@example.test' as MailAddress })),
    pin,
  )
  assert.equal(other.address, 'bob@example.test')
  world.pass(48 * 60 * minute)
  world.raise(typed())
  assert.equal(world.stage(), 'mailing')
})

test('an answered proof is not counted', () => {
  const world = new World()
  const { proved } = toProving(world)
  world.deliver('m4', proved.m4)
  assert.equal(world.stage(), 'confirming')
  assert.deepEqual(world.state.unanswered, [])
})
