/** The rules on the handheld's own password and lock: each value changes what the handheld does. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Action } from '#handheld/action.ts'
import { initialState } from '#handheld/state.ts'
import { gateOf, ownerTextOf } from '#handheld/unlock.ts'
import { viewOf } from '#handheld/view.ts'
import type { RuleValue } from '#protocol/it-admin.ts'
import { applyPolicy, policy, type Stage, toComplete, toProvisioning } from './run-through.ts'
import { script, typed, World } from './world.ts'

const minute = 60_000
const day = 24 * 60 * minute

/** A handheld in service under a policy with these rules alone. */
function ruled(rules: Readonly<Record<string, RuleValue>>): { world: World; stage: Stage } {
  const world = new World()
  const stage = toComplete(world)
  applyPolicy(world, stage, policy({ number: 10, rules: new Map(Object.entries(rules)) }))
  return { world, stage }
}

const rule = (world: World, stage: Stage, number: number, rules: Readonly<Record<string, RuleValue>>) =>
  applyPolicy(world, stage, policy({ number, rules: new Map(Object.entries(rules)) }))

const outcome = (actions: readonly Action[]): string | undefined =>
  actions.find((action) => action.kind === 'password')?.outcome

const set = (world: World, password: string | null, old = '') =>
  outcome(world.raise({ kind: 'set_password', old, password }))
const unlock = (world: World, password: string) => outcome(world.raise({ kind: 'unlock', password }))
const seen = (world: World) => viewOf(world.state, world.nowMs).text
const gate = (world: World) => gateOf(world.state, world.nowMs)

test('password_required: nothing is shown before a password is set, and it cannot be removed', () => {
  const free = ruled({ password_required: false }).world
  assert.deepEqual(gate(free), { kind: 'open' })
  assert.equal(set(free, 'abcd'), 'set')
  assert.equal(set(free, null, 'abcd'), 'removed')

  const { world } = ruled({ password_required: true })
  assert.deepEqual(gate(world), { kind: 'password_due', why: 'none_set' })
  assert.equal(set(world, 'abcd'), 'set')
  assert.deepEqual(gate(world), { kind: 'open' })
  assert.equal(set(world, null, 'abcd'), 'required')
  assert.notEqual(world.disk.lock.password, null)
})

test('password_min_length: a shorter one is refused, in characters and not in bytes', () => {
  const { world } = ruled({ password_min_length: 6 })
  assert.equal(set(world, 'öööää'), 'too_short')
  assert.equal(set(world, 'ööööää'), 'set')
  assert.equal(set(ruled({ password_min_length: 5 }).world, 'öööää'), 'set')
})

test('whoever chose a password that is not taken reads what the policy wants of it, all at once', () => {
  const text = (rules: Readonly<Record<string, RuleValue>>, password: string) => {
    const event = { kind: 'set_password', old: '', password } as const
    return ruled(rules)
      .world.raise(event)
      .find((action) => action.kind === 'password')?.text
  }
  assert.equal(
    text({ password_min_length: 8 }, 'abc'),
    'This password is too short. Your organisation wants at least 8 characters.',
  )
  const both = { password_min_length: 8, password_pattern: 2 }
  const wants = 'Your organisation wants at least 8 characters, with letters, digits and another sign.'
  assert.equal(text(both, 'abc'), `This password is too short. ${wants}`)
  assert.equal(text(both, 'abcdefgh'), `This password lacks a kind of character. ${wants}`)
  assert.equal(text({}, ''), 'This password is too short.')
  assert.equal(text({}, 'x'.repeat(129)), 'This password is too long: it may have 128 bytes.')
})

test('password_pattern: each value demands its kinds of characters', () => {
  const samples = ['abcdef', 'abcde1', 'abcd1!', 'Abcd1!']
  for (const pattern of [0, 1, 2, 3]) {
    const taken = samples.filter(
      (sample) => set(ruled({ password_pattern: pattern }).world, sample) === 'set',
    )
    assert.deepEqual(taken, samples.slice(pattern), String(pattern))
  }
})

test('password_max_age_days: after so many days nothing but a new password is asked for', () => {
  const { world, stage } = ruled({ password_max_age_days: 30 })
  set(world, 'first one')
  world.nowMs += 30 * day - 1
  assert.deepEqual(gate(world), { kind: 'open' })
  world.nowMs += 1
  assert.deepEqual(gate(world), { kind: 'password_due', why: 'too_old' })
  assert.equal(set(world, 'first one', 'first one'), 'used_before', 'the present one is no new one')
  assert.equal(set(world, 'second one', 'first one'), 'set')
  assert.deepEqual(gate(world), { kind: 'open' })
  world.nowMs += 300 * day
  rule(world, stage, 11, { password_max_age_days: 0 })
  assert.deepEqual(gate(world), { kind: 'open' })
})

test('password_history: so many earlier ones may not come again', () => {
  for (const history of [0, 1, 2]) {
    const { world } = ruled({ password_history: history })
    for (const [old, next] of [
      ['', 'first'],
      ['first', 'second'],
      ['second', 'third'],
    ] as const)
      assert.equal(set(world, next, old), 'set')
    assert.equal(set(world, 'second', 'third'), history >= 1 ? 'used_before' : 'set')
    if (history >= 1) assert.equal(set(world, 'first', 'third'), history >= 2 ? 'used_before' : 'set')
  }
})

test('password_attempts_max: wrong passwords in a row erase the handheld, a right one in between begins the count anew', () => {
  const { world } = ruled({ password_attempts_max: 3 })
  set(world, 'right')
  world.raise({ kind: 'lock' })
  assert.equal(unlock(world, 'wrong'), 'wrong')
  world.crash()
  assert.equal(unlock(world, 'wrong'), 'wrong')
  assert.equal(unlock(world, 'right'), 'unlocked')
  for (const password of ['a', 'b']) assert.equal(set(world, 'other', password), 'wrong')
  assert.equal(unlock(world, 'c'), 'erased')
  const { device, screen, online } = world.disk
  assert.deepEqual(world.disk, { ...initialState(device), screen, online })
})

test('without password_attempts_max wrong passwords erase nothing', () => {
  const { world } = ruled({ password_attempts_max: 0 })
  set(world, 'right')
  for (let i = 0; i < 25; i += 1) assert.equal(unlock(world, 'wrong'), 'wrong')
  assert.equal(unlock(world, 'right'), 'unlocked')
})

test('the user reads how many tries are left', () => {
  const { world } = ruled({ password_attempts_max: 3 })
  set(world, 'right')
  const texts = ['wrong', 'wrong'].map(
    (password) => world.raise({ kind: 'unlock', password }).find((one) => one.kind === 'password')?.text,
  )
  assert.deepEqual(texts, [
    'The password is not right. 2 tries are left.',
    'The password is not right. 1 try is left before this handheld erases itself.',
  ])
})

test('inactivity_lock_minutes: the handheld locks after so long without use, on time, and after a restart', () => {
  const { world, stage } = ruled({ inactivity_lock_minutes: 10 })
  set(world, 'mine')
  world.pass(9 * minute)
  world.raise({ kind: 'used' })
  world.pass(10 * minute - 1)
  assert.equal(world.disk.lock.locked, false)
  world.pass(1)
  assert.equal(world.disk.lock.locked, true)
  assert.equal(seen(world), 'Locked')
  assert.equal(unlock(world, 'mine'), 'unlocked')
  assert.equal(seen(world), 'Activation Complete')
  world.nowMs += 11 * minute
  assert.deepEqual(gate(world), { kind: 'locked' }, 'a handheld that does not run is locked too')
  world.crash()
  world.login()
  world.pass(0)
  assert.equal(world.disk.lock.locked, true)
  unlock(world, 'mine')
  rule(world, stage, 11, { inactivity_lock_minutes: 0 })
  world.pass(day)
  assert.equal(world.disk.lock.locked, false)
})

test('a clock set back does not keep the lock open longer than the rule says', () => {
  const { world } = ruled({ inactivity_lock_minutes: 10 })
  set(world, 'mine')
  world.nowMs -= 30 * day
  world.crash()
  world.pass(10 * minute)
  assert.equal(world.disk.lock.locked, true)
})

test('owner_text: what a finder reads on the locked screen', () => {
  const { world, stage } = ruled({ owner_text: 'Acme, +49 30 1234' })
  assert.equal(ownerTextOf(world.state), 'Acme, +49 30 1234')
  set(world, 'mine')
  world.raise({ kind: 'lock' })
  assert.equal(seen(world), 'Locked. Acme, +49 30 1234')
  rule(world, stage, 11, { owner_text: '' })
  assert.equal(ownerTextOf(world.state), null)
})

test('stricter rules lock the handheld, and the password that no longer fits must be changed', () => {
  const { world, stage } = ruled({ password_min_length: 4 })
  set(world, 'abcd')
  rule(world, stage, 11, { password_min_length: 8 })
  assert.equal(world.disk.lock.locked, true)
  assert.equal(unlock(world, 'abcd'), 'must_change')
  assert.deepEqual(gate(world), { kind: 'password_due', why: 'does_not_fit' })
  assert.equal(set(world, 'abcdefg', 'abcd'), 'too_short')
  assert.equal(set(world, 'abcdefgh', 'abcd'), 'set')
  assert.deepEqual(gate(world), { kind: 'open' })
  rule(world, stage, 12, { password_min_length: 8, allow_camera: false })
  assert.equal(world.disk.lock.locked, false, 'other rules do not lock')
})

test('allowed_algorithms: the next request offers what the policy allows, whatever was asked for', () => {
  const offers: readonly [readonly string[], readonly (1 | 2)[], readonly number[]][] = [
    [['aes'], [1, 2], [1]],
    [['3des'], [1, 2], [2]],
    [['3des'], [1], [2]],
    [
      ['aes', '3des'],
      [2, 1],
      [2, 1],
    ],
  ]
  for (const [names, asked, offered] of offers) {
    const { world } = ruled({ allowed_algorithms: names })
    world.raise(typed({ offer: asked }))
    assert(world.state.run?.stage === 'mailing')
    assert.deepEqual(world.state.run.offer, offered)
  }
})

test('a password is refused where it is too long to be typed in a command', () => {
  assert.equal(set(new World(), 'x'.repeat(129)), 'too_long')
})

test('a handheld without a password cannot be locked by hand, and one that is locked begins no activation', () => {
  const world = new World()
  world.raise({ kind: 'lock' })
  assert.equal(world.state.lock.locked, false)
  set(world, 'mine')
  world.raise({ kind: 'lock' })
  world.raise(typed())
  assert.equal(world.state.run, null)
  unlock(world, 'mine')
  world.raise(typed())
  assert.equal(world.stage(), 'mailing')
})

test('the lock is the user’s: it outlives a new activation, also with another organisation', () => {
  const world = new World()
  toComplete(world)
  set(world, 'mine')
  const { lock } = world.state
  toProvisioning(world, script({ kid: 78, ca: new Uint8Array(20).fill(3) }))
  assert.deepEqual({ ...world.state.lock, lastUsedAtMs: 0 }, { ...lock, lastUsedAtMs: 0 })
})

test('no password that was typed reaches the state or a line of the log', () => {
  const { world } = ruled({ password_attempts_max: 5 })
  set(world, 'quite secret one')
  set(world, 'quite secret two', 'quite secret one')
  unlock(world, 'quite secret three')
  assert(!JSON.stringify([world.state, world.actions]).includes('quite secret'))
})
