import assert from 'node:assert/strict'
import { test } from 'node:test'
import { takenWords } from '#handheld/cli-taken.ts'
import type { RuleValue } from '#protocol/it-admin.ts'
import { wipeScope } from '#protocol/it-command.ts'
import {
  applyPolicy,
  bookSet,
  booksPacket,
  cmimeBook,
  command,
  commandPacket,
  policy,
  toComplete,
  verified,
} from './run-through.ts'
import { World } from './world.ts'

const words = { screen: 'postkey handheld screen', moment: (atMs: number) => `THEN+${atMs}` }

const told = (world: World): readonly string[] =>
  world.actions.flatMap((action) => (action.kind === 'took' ? [takenWords(action.taken, words)] : []))

const rules = (entries: Readonly<Record<string, RuleValue>>) => new Map(Object.entries(entries))

test('a policy is told with its number and the rules that changed, books with their names', () => {
  const world = new World()
  const stage = toComplete(world)
  world.raise({ kind: 'set_password', old: '', password: 'mine alone' })
  const changed = rules({ password_min_length: 6, allow_browser: false })
  applyPolicy(world, stage, policy({ number: 7, policyId: 'sales', rules: changed }))
  applyPolicy(world, stage, policy({ number: 8, policyId: 'sales', rules: changed }))
  world.deliver('packet', booksPacket(stage.channel, bookSet({ number: 9, books: [cmimeBook()] })))
  assert.deepEqual(told(world).slice(-3), [
    'Policy sales, number 7, applied: password_required not said any more, allow_browser no.',
    'Policy sales, number 8, applied: no rule changed.',
    'Service books 9 registered: CMIME; no more: SYNC.',
  ])
})

test('before a password that is required, or behind the lock, what has come is told without what is in it', () => {
  const world = new World()
  const stage = toComplete(world)
  assert.deepEqual(told(world), ['Policy default, number 5, applied.', 'Service books 6 registered.'])
  world.raise({ kind: 'set_password', old: '', password: 'mine alone' })
  world.raise({ kind: 'lock' })
  applyPolicy(world, stage, policy({ number: 7 }))
  assert.equal(told(world).at(-1), 'Policy default, number 7, applied.')
})

test('of many rules the first are named and the others counted', () => {
  const changed = Array.from({ length: 8 }, (_, i) => ({ name: `rule_${i}`, value: true }))
  const text = takenWords({ what: 'policy', name: 'x', number: 1, changed }, words)
  assert(text.includes('rule_5 yes and 2 more (postkey handheld screen)'), text)
})

test('a wipe that was taken is told with what it erases and when, and so is that it was taken back', () => {
  const world = new World()
  const stage = toComplete(world)
  world.raise({ kind: 'set_password', old: '', password: 'mine alone' })
  const order = (given: Parameters<typeof command>[0], number: number) => {
    world.deliver('packet', commandPacket(stage.channel, { ...command(given), number }))
    verified(world)
  }
  const before = told(world).length
  order({ command: 'wipe', scope: wipeScope.everything, waitSeconds: 3600 }, 41)
  order({ command: 'cancel_wipe' }, 42)
  order({ command: 'cancel_wipe' }, 43)
  order({ command: 'wipe', scope: wipeScope.organisation, waitSeconds: 60 }, 44)
  order({ command: 'wipe', scope: wipeScope.organisation, waitSeconds: 0 }, 45)
  assert.deepEqual(told(world).slice(before), [
    `A wipe of everything was taken; it begins THEN+${world.nowMs + 3_600_000}.`,
    'The wipe was taken back: nothing is erased.',
    `A wipe of the organisation’s data was taken; it begins THEN+${world.nowMs + 60_000}.`,
  ])
})

test('behind the lock nobody is told how long there is before a wipe', () => {
  const world = new World()
  const stage = toComplete(world)
  world.raise({ kind: 'set_password', old: '', password: 'mine alone' })
  world.raise({ kind: 'lock' })
  const before = told(world).length
  const wipe = command({ command: 'wipe', scope: wipeScope.everything, waitSeconds: 3600 })
  world.deliver('packet', commandPacket(stage.channel, wipe))
  verified(world)
  assert.notEqual(world.state.account?.wipe, null)
  assert.equal(told(world).length, before)
})
