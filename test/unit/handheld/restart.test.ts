import assert from 'node:assert/strict'
import { test } from 'node:test'
import { initialState } from '#handheld/state.ts'
import { decodeSaved, encodeSaved, type SavedHandheld } from '#handheld/state-codec.ts'
import { Conversation } from './conversation.ts'
import { toComplete, toConfirming, toProving, toProvisioning, toWaiting } from './run-through.ts'
import { known, script, typed, World } from './world.ts'

/** Runs an activation to its end; at the `count`-th persist the process dies, and is started again. */
function activateWithCrash(count: number, when: 'before' | 'after', suite: 1 | 2) {
  const world = new World()
  const conversation = new Conversation(world, script({ suite }))
  world.crashIn = { count, when }
  let crashed = false
  const type = () => {
    world.raise(typed())
    world.login()
  }
  const revive = () => {
    if (!world.isDead()) return
    crashed = true
    world.crash()
    if (world.state.run || world.state.account) world.login()
    else type()
  }
  type()
  revive()
  for (let round = 0; round < 40 && world.state.account?.complete !== true; round += 1) {
    if (!conversation.round()) world.pass(3_000)
    revive()
  }
  return { world, conversation, crashed }
}

test('an activation that dies at any persist, before or after it, goes on and completes', () => {
  for (const when of ['before', 'after'] as const) {
    let count = 1
    for (; ; count += 1) {
      const { world, conversation, crashed } = activateWithCrash(count, when, count % 2 === 0 ? 2 : 1)
      assert.equal(known(world.state.account).complete, true, `${when} persist ${count}`)
      assert.equal(world.state.screen, 'Activation Complete')
      for (const what of ['m3', 'key_check'])
        assert.equal(
          conversation.distinct.get(what)?.size,
          1,
          `${what} has the same bytes ${when} persist ${count}`,
        )
      if (!crashed) break
    }
    assert(count >= 10, `${count} places to die at`)
  }
})

test('a process that starts again shows where it stands', () => {
  const texts: [(world: World) => unknown, string][] = [
    [toWaiting, 'Activating'],
    [toProving, 'Verifying Encryption'],
    [toConfirming, 'Verifying Encryption'],
    [toProvisioning, 'Encryption Verified. Waiting for Services.'],
  ]
  for (const [go, text] of texts) {
    const world = new World()
    go(world)
    world.crash()
    assert.equal(world.shown().at(-1), text)
  }
})

test('what is over is not shown again, and asks for nothing', () => {
  const world = new World()
  toComplete(world)
  const before = world.shown().length
  world.crash()
  assert.equal(world.shown().length, before)
  world.login()
  assert.deepEqual(
    world.sends().map(({ what }) => what),
    ['peers'],
  )
  // The key's life, and nothing else.
  assert(world.dueMs !== null && world.dueMs - world.nowMs > 29 * 86_400_000)
})

test('after a restart nothing is sent before the log-in, and then everything that may be lost', () => {
  const world = new World()
  toProving(world)
  world.crash()
  world.pass(60_000)
  assert.deepEqual(world.sends(), [])
  world.login()
  assert.deepEqual(
    world.sends().map(({ what }) => what),
    ['peers', 'm3'],
  )
})

test('hints and the end of a run keep their times over a restart', () => {
  const world = new World()
  toProving(world)
  world.crash()
  world.pass(120_000)
  assert.deepEqual(world.codes(), [22])
  world.pass(24 * 3_600_000)
  assert.deepEqual(world.ended(), [22])
})

test('events that make no sense now change nothing', () => {
  for (const go of [() => undefined, toWaiting, toProving, toConfirming, toComplete]) {
    const world = new World()
    go(world)
    const before = world.state
    world.raise({ kind: 'frame', frame: { type: 'receipt', mid: new Uint8Array(16), status: 0 } })
    world.raise({ kind: 'frame', frame: { type: 'mail_done', txn: before.device.pin as never, status: 0 } })
    world.raise({ kind: 'timer' })
    world.raise({ kind: 'policy_verified', id: '', content: null })
    assert.deepEqual(world.state, before)
  }
})

test('a handheld that an earlier version wrote down goes on, with a lock that is open and nothing ordered', () => {
  const world = new World()
  toComplete(world)
  const { lock: _lock, refusal: _refusal, account, ...state } = world.state
  const { command: _command, ownerText: _ownerText, wipe: _wipe, ...older } = known(account)
  const written = {
    seed: new Uint8Array(32),
    state: { ...state, account: older },
  } as unknown as SavedHandheld
  const read = decodeSaved(encodeSaved(written)).state
  assert.deepEqual(read, { ...world.state, lock: initialState(state.device).lock })
})
