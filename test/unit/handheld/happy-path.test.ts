import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toComplete, toProving } from './run-through.ts'
import { known, script, typed, World } from './world.ts'

const words = [
  'Activating',
  'Verifying Encryption',
  'Encryption Verified. Waiting for Services.',
  'Services Received',
  'Your email address, <alice@example.test> is now enabled. Synchronization service Desktop [S00000001]',
  'Activation Complete',
]

for (const suite of [1, 2] as const)
  test(`an activation under suite ${suite} shows the words of the process, to the letter and in order`, () => {
    const world = new World()
    toComplete(world, script({ suite }))
    assert.deepEqual(world.shown(), words)
    assert.deepEqual(world.ended(), [0])
    assert.equal(world.stage(), 'active')
    assert.equal(known(world.state.account).link.suite, suite)
  })

test('the stages follow one another and none is left out', () => {
  const world = new World()
  toComplete(world)
  const stages = world.actions.flatMap((action) => (action.kind === 'stage' ? [action.stage] : []))
  assert.deepEqual(stages, ['mailing', 'waiting', 'proving', 'confirming', 'provisioning', 'active'])
})

test('every stage is on disk before anything of it leaves', () => {
  const world = new World()
  toComplete(world)
  const points = world.actions.flatMap((action) => (action.kind === 'persist' ? [action.point] : []))
  assert.deepEqual(points, [
    'request',
    'login',
    'waiting',
    'm3',
    'm4',
    'key_current',
    'held',
    'policy',
    'receipt',
    'books',
    'complete',
  ])
})

test('M3 tells the server who this is, under the shared key alone', () => {
  const world = new World()
  const { proved } = toProving(world)
  assert(proved.ok)
  const info = known(proved.info)
  assert.equal(info.pin, '2100000A')
  assert.equal(info.model, 'Postkey Terminal')
  assert.deepEqual(info.publicKey, world.state.device.publicKey)
})

test('the server that answered is listed at the relay before the proof is sent', () => {
  const world = new World()
  world.raise(typed())
  toProving(world)
  const whats = world.actions.flatMap((action) => (action.kind === 'send' ? [action.what] : []))
  assert.deepEqual(whats.slice(whats.indexOf('m3') - 1, whats.indexOf('m3') + 1), ['peers', 'm3'])
})

test('secrets of the password are gone once the proof exists', () => {
  const world = new World()
  toProving(world)
  const run = known(world.state.run)
  for (const secret of ['x', 'w0', 'w1']) assert(!(secret in run), secret)
})
