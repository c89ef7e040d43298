import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSrpId } from '#kernel/brand.ts'
import { encodeErrorMessage } from '#protocol/exchange.ts'
import { toComplete, toConfirming, toProving, toWaiting } from './run-through.ts'
import { answerRequest } from './server-double.ts'
import { known, pin, script, typed, World } from './world.ts'

const otherSrpId = known(parseSrpId('S00000002'))

function sendError(
  world: World,
  code: number,
  fields: { triesLeft?: number; foreign?: boolean } = {},
  srpId = script().srpId,
) {
  const txn = known(world.state.run ?? world.state.account).txn
  const { triesLeft, foreign } = fields
  const message = {
    code,
    txn: foreign ? (txn.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) as typeof txn) : txn,
    ...(triesLeft === undefined ? {} : { triesLeft }),
  }
  world.deliver('error', encodeErrorMessage(message), srpId)
}

for (const code of [4, 5, 6, 7, 8])
  test(`E${code} while waiting is shown after ten seconds, and the run goes on`, () => {
    const world = new World()
    toWaiting(world)
    sendError(world, code)
    world.pass(9_999)
    assert.deepEqual(world.codes(), [])
    world.pass(1)
    assert.deepEqual(world.codes(), [code])
    assert.equal(world.stage(), 'waiting')
  })

test('with a text that ends nothing comes until when the run waits', () => {
  const world = new World()
  toWaiting(world, typed({ lifeSeconds: 3_600 }))
  const endsAtMs = known(world.state.run).endsAtMs
  const waits = () => world.actions.filter((action) => action.kind === 'waits')
  sendError(world, 5)
  world.pass(10_000)
  assert.deepEqual(waits(), [{ kind: 'waits', code: 5, untilMs: endsAtMs }])
  world.pass(2 * 3_600_000)
  assert.deepEqual(world.codes(), [5, 21, 6])
  assert.deepEqual(
    waits().map(({ code }) => code),
    [5, 21],
    'the end of a run is waited for no more',
  )
})

test('an error of a server that does not know the user is not shown when the right one answers in time', () => {
  const world = new World()
  const body = toWaiting(world)
  sendError(world, 5, {}, otherSrpId)
  world.pass(5_000)
  world.deliver('m2', answerRequest(script(), body, pin).m2)
  world.pass(60_000)
  assert.deepEqual(world.codes(), [])
  assert.equal(world.stage(), 'proving')
})

test('a wrong password is told with the tries that are left, and ends the run', () => {
  const world = new World()
  toProving(world, script({ password: 'not this one' }))
  sendError(world, 10, { triesLeft: 3 })
  assert.equal(world.shown().at(-1), 'The activation password is not right. 3 tries left.')
  assert.deepEqual(world.ended(), [10])
  assert.equal(world.disk.run, null)
})

for (const code of [3, 5, 6, 9, 11, 13, 16])
  test(`E${code} from the server of M2 ends a run that has proved`, () => {
    const world = new World()
    toProving(world)
    sendError(world, code)
    assert.deepEqual(world.ended(), [code])
    assert.equal(world.stage(), 'failed')
  })

test('a code that servers do not send is dropped, whatever it is', () => {
  const world = new World()
  toProving(world)
  for (const code of [1, 2, 12, 14, 17, 18, 20, 21, 22, 23, 31, 99]) sendError(world, code)
  assert.deepEqual(world.codes(), [])
  assert.equal(world.stage(), 'proving')
})

test('an error without a transaction is believed nowhere but of a key of ours, and then shown only', () => {
  const bare = (world: World, code: number, kid?: number) =>
    world.deliver('error', encodeErrorMessage(kid === undefined ? { code, kid: 1 } : { code, kid }))
  for (const reach of [toWaiting, toProving, toConfirming, toComplete]) {
    const world = new World()
    reach(world)
    bare(world, 10)
    world.pass(20_000)
    assert.deepEqual(world.codes(), [], reach.name)
  }
  const world = new World()
  toComplete(world)
  bare(world, 19, world.state.account?.link.kid ?? 0)
  assert.deepEqual(world.codes(), [19])
})

test('an error of a server that is none of ours is dropped while confirming and afterwards', () => {
  for (const reach of [toConfirming, toComplete]) {
    const world = new World()
    reach(world)
    sendError(world, 13, {}, otherSrpId)
    sendError(world, 13, { foreign: true })
    assert.deepEqual(world.codes(), [], reach.name)
  }
})

test('E15 of another server, or for another transaction, is not shown', () => {
  const world = new World()
  toProving(world)
  sendError(world, 15, {}, otherSrpId)
  sendError(world, 15, { foreign: true })
  assert.deepEqual(world.codes(), [])
})

test('an error of another server, or for another transaction, does not end a run that has proved', () => {
  const world = new World()
  toProving(world)
  sendError(world, 13, {}, otherSrpId)
  sendError(world, 13, { foreign: true })
  assert.equal(world.stage(), 'proving')
  assert.deepEqual(world.codes(), [])
})

test('E15 is shown and the run waits: the proof is judged once the administrator has approved the PIN', () => {
  const world = new World()
  const { proved } = toProving(world)
  sendError(world, 15)
  assert.deepEqual(world.codes(), [15])
  assert.equal(world.stage(), 'proving')
  world.deliver('m4', proved.m4)
  assert.equal(world.stage(), 'confirming')
})

test('an error while confirming is only shown', () => {
  const world = new World()
  toConfirming(world)
  sendError(world, 13)
  assert.deepEqual(world.codes(), [13])
  assert.equal(world.stage(), 'confirming')
})

test('no error touches an active account', () => {
  const world = new World()
  toComplete(world)
  const { account } = world.state
  for (const code of [5, 13, 19]) sendError(world, code)
  assert.deepEqual(world.state.account, account)
  world.raise(typed())
  toProvingAgain(world)
  sendError(world, 10, { triesLeft: 1 })
  assert.deepEqual(world.state.account, account)
  assert.equal(world.stage(), 'failed')
})

function toProvingAgain(world: World): void {
  const body = world.request()
  world.deliver('m2', answerRequest(script({ kid: 78 }), body, pin).m2)
  assert.equal(world.stage(), 'proving')
}

test('bytes that are no error are dropped', () => {
  const world = new World()
  toProving(world)
  world.deliver('error', Uint8Array.of(0xa1, 1, 1))
  assert.equal(world.stage(), 'proving')
})
