import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openHandheldDirectory } from '#handheld/file.ts'
import { faultCodeOf } from '#kernel/fault.ts'
import { encodeErrorMessage } from '#protocol/exchange.ts'
import { handheldText } from '#protocol/handheld-text.ts'
import { dir, inService, relay, saved, type } from './command-line.ts'
import { toComplete } from './run-through.ts'
import { known, World } from './world.ts'

test('behind a lock, or before a password that is required, nothing is shown but whose the handheld is', async () => {
  const world = new World()
  world.nowMs = Date.now()
  toComplete(world)
  const home = await saved('gate', world.state)
  const file = async (name: string, text: string) => {
    await writeFile(join(dir, name), `${text}\n`)
    return name
  }
  const [good, bad, short] = [
    await file('good', 'mine alone'),
    await file('bad', 'x'),
    await file('short', 'abc'),
  ]
  const before = await type(['screen', '--dir', home])
  assert(before.out.includes('requires a password') && !before.out.includes('alice'))
  const tooShort = await type(['set-password', '--new-file', short, '--dir', home])
  assert.deepEqual(
    [tooShort.out, tooShort.exits],
    ['This password is too short. Your organisation wants at least 6 characters.\n', ['failed']],
  )
  const set = await type(['set-password', '--new-file', good, '--dir', home])
  assert.deepEqual([set.out, set.exits], ['The password was set.\n', []])
  assert((await type(['screen', '--dir', home])).out.includes('alice@example.test'))
  assert.equal((await type(['lock-screen', '--dir', home])).out, 'Locked\n')
  const behind = JSON.parse((await type(['screen', '--dir', home], { format: 'json' })).out)
  assert.deepEqual(
    [behind.shows, behind.locked, behind.details, behind.text],
    ['locked', true, null, 'Locked'],
  )
  const activate = [
    'activate',
    '--email',
    'bob@example.test',
    '--password-file',
    good,
    '--dir',
    home,
    ...relay,
  ]
  assert.equal(faultCodeOf((await type(activate)).error), 'handheld.locked')
  const wrong = await type(['unlock', '--password-file', bad, '--dir', home])
  assert.deepEqual([wrong.out, wrong.exits], ['The password is not right.\n', ['failed']])
  assert.equal((await type(['unlock', '--password-file', good, '--dir', home])).out, 'Unlocked\n')
  assert((await type(['screen', '--dir', home])).out.includes('alice@example.test'))
  const remove = await type(['set-password', '--old-file', good, '--remove', '--dir', home])
  assert.deepEqual([remove.out, remove.exits], ['Your organisation requires a password.\n', ['failed']])
})

test('what is asked for at the lock can be cancelled, and needs a terminal or a file', async () => {
  const home = await saved('ask', inService().state)
  const asked = ['unlock', '--dir', home]
  assert.equal(faultCodeOf((await type(asked)).error), 'admin.usage')
  assert.deepEqual((await type(asked, { canAsk: true })).exits, ['cancelled'])
  const typedIn = { canAsk: true, askPassword: async () => 'mine alone' }
  assert.equal((await type(asked, typedIn)).out, 'Unlocked\n')
})

test('whoever types at a handheld that runs is told so before a password is asked for', async () => {
  const home = await saved('held', inService().state)
  const storage = await openHandheldDirectory(home)
  const asked: string[] = []
  const askPassword = async (question: string) => {
    asked.push(question)
    return 'mine alone'
  }
  for (const name of ['unlock', 'set-password']) {
    const { error } = await type([name, '--dir', home], { canAsk: true, askPassword })
    assert.equal(faultCodeOf(error), 'handheld.in_use')
  }
  assert.deepEqual(asked, [])
  await storage.close()
  await type(['unlock', '--dir', home], { canAsk: true, askPassword })
  assert.deepEqual(asked, ['Handheld password'])
})

test('a new password is typed twice, and one that was typed otherwise the second time is not set', async () => {
  const home = await saved('twice', inService().state)
  const typing = (...answers: string[]) => {
    const asked: string[] = []
    const askPassword = async (question: string) => {
      asked.push(question)
      return answers.shift() ?? null
    }
    return { asked, canAsk: true, askPassword }
  }
  const slip = typing('mine alone', 'mine and yours', 'mine and yuors')
  assert.equal(faultCodeOf((await type(['set-password', '--dir', home], slip)).error), 'admin.usage')
  assert.deepEqual(slip.asked, [
    'Handheld password',
    'New handheld password (at least 6 characters)',
    'New handheld password (at least 6 characters), again',
  ])
  const well = typing('mine alone', 'mine and yours', 'mine and yours')
  assert.equal((await type(['set-password', '--dir', home], well)).out, 'The password was set.\n')
  const second = typing('mine and yours', 'other words')
  assert.deepEqual((await type(['set-password', '--dir', home], second)).exits, ['cancelled'])
})

test('a command that is named works as it stands: with the directory where one was given, quoted where it must be', async () => {
  const world = new World()
  world.nowMs = Date.now()
  toComplete(world)
  for (const [name, typed] of [
    ['named', 'named'],
    ["my mother's", "'my mother'\\''s'"],
  ] as const) {
    await saved(name, world.state)
    const { out } = await type(['screen', '--dir', name])
    assert(out.includes(`Set one: postkey handheld set-password --dir ${typed}\n`), out)
  }
  await saved('handheld', world.state)
  assert.match((await type(['screen'])).out, /Set one: postkey handheld set-password\n/)
  const home = await saved('shut', inService().state)
  await type(['lock-screen', '--dir', home])
  assert(
    (await type(['screen', '--dir', home])).out.includes(`open it: postkey handheld unlock --dir ${home}\n`),
  )
})

test('whoever opens the lock reads the error that came behind it, once it is opened', async () => {
  const { state } = inService()
  const world = new World()
  Object.assign(world, { state, nowMs: Date.now() })
  world.raise({ kind: 'lock' })
  world.deliver('error', encodeErrorMessage({ code: 19, txn: known(world.state.account).txn }))
  const home = await saved('unread', world.state)
  const open = (password: string) =>
    type(['unlock', '--dir', home], { canAsk: true, askPassword: async () => password })
  assert.equal((await open('not mine')).out, 'The password is not right.\n')
  assert.equal((await open('mine alone')).out, `Unlocked\n${handheldText(19)}\n`)
  assert.equal(
    JSON.parse((await type(['screen', '--dir', home], { format: 'json' })).out).text,
    handheldText(19),
  )
})
