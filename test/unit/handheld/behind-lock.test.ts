/** What comes while a handheld is locked is not shown then, and not lost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { viewOf } from '#handheld/view.ts'
import { encodeErrorMessage } from '#protocol/exchange.ts'
import { toComplete, toConfirming, toWaiting } from './run-through.ts'
import { known, World } from './world.ts'

const noKey = "The server no longer knows this handheld's key. If this stays, activate again."
const minute = 60_000

const seen = (world: World): string => viewOf(world.state, world.nowMs).text
const unlock = (world: World) => world.raise({ kind: 'unlock', password: 'Mine-alone-4' })

function lock(world: World): void {
  world.raise({ kind: 'set_password', old: '', password: 'Mine-alone-4' })
  world.raise({ kind: 'lock' })
  assert.equal(seen(world), 'Locked')
}

function sendError(world: World, code: number): void {
  world.deliver('error', encodeErrorMessage({ code, txn: known(world.state.run ?? world.state.account).txn }))
}

for (const restarts of [false, true])
  test(`an error that comes behind the lock is read when it is opened${restarts ? ', after a restart too' : ''}`, () => {
    const world = new World()
    toConfirming(world)
    lock(world)
    sendError(world, 19)
    assert.deepEqual([seen(world), world.codes()], ['Locked', []])
    if (restarts) world.crash()
    assert.equal(seen(world), 'Locked')
    const untilMs = known(world.state.run).endsAtMs
    const actions = unlock(world)
    assert.deepEqual(
      actions.filter(({ kind }) => kind === 'show' || kind === 'waits'),
      [
        { kind: 'show', text: noKey, code: 19 },
        { kind: 'waits', code: 19, untilMs },
      ],
    )
    assert.equal(seen(world), noKey)
  })

test('a run that fails behind the lock says why when it is opened, after a restart too', () => {
  const world = new World()
  toWaiting(world)
  lock(world)
  sendError(world, 13)
  world.pass(3 * 24 * 60 * 60_000)
  assert.equal(world.state.run, null)
  world.crash()
  unlock(world)
  assert.deepEqual(world.codes(), [6])
  assert.match(seen(world), /^The request took too long/)
})

test('a lock that closes over an error does not take it away', () => {
  const world = new World()
  toComplete(world)
  sendError(world, 19)
  lock(world)
  unlock(world)
  assert.equal(seen(world), noKey)
})

/** Behind the lock the line has been away long enough for E01. */
function withoutLine(): World {
  const world = new World()
  toWaiting(world)
  lock(world)
  world.raise({ kind: 'link_down', reason: 'unreachable' })
  world.pass(minute)
  assert.equal(world.state.screenCode, 1)
  return world
}

for (const [what, then] of [
  ['what is overtaken behind the lock is not shown any more', (world: World) => world.login()],
  ['that there is no line behind the lock is no news after a restart', (world: World) => world.crash()],
] as const)
  test(what, () => {
    const world = withoutLine()
    then(world)
    unlock(world)
    assert.deepEqual([world.codes(), seen(world)], [[], 'Activating'])
  })
