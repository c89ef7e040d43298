// What docs/how-to/backup.md says, as it says it: a copy while the server runs, and the way back.

import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { activate, goodScreens, restartPostkey, screensOf, startPostkey } from '../support/postkey.ts'
import { temporaryDirectory } from '../support/store.ts'

const user = (name: string): string => `${name}@example.test`

/** Puts the database aside into a folder of `data`, and a copy of `backup` into its place. */
function restore(data: string, backup: string, aside: string): string {
  const old = join(data, aside)
  mkdirSync(old)
  for (const name of readdirSync(data).filter((name) => name.startsWith('postkey.db')))
    renameSync(join(data, name), join(old, name))
  copyFileSync(backup, join(data, 'postkey.db'))
  return old
}

test('a backup made while the server runs becomes the database again', async (t) => {
  const first = await startPostkey(t)
  const { data } = first
  const before = await activate(first, user('alice'), await first.addUser(user('alice')))
  assert.deepEqual(screensOf(before), goodScreens(user('alice')))
  await first.addUser(user('bob'))
  const copy = join(temporaryDirectory(t), 'postkey.db')
  const backup = await first.cli('db', 'backup', copy)
  assert.equal(backup.code, 0, backup.stderr)
  assert.deepEqual(readdirSync(dirname(copy)), ['postkey.db'], 'it is one file')
  assert.equal(statSync(copy).mode & 0o777, 0o600)
  const again = await first.cli('db', 'backup', copy)
  assert.match(again.stderr, /admin\.file/, 'an older backup is not written over')
  await first.addUser(user('carol'))
  await first.stop()

  const old = restore(data, copy, 'old')
  const second = await restartPostkey(t, first)

  await t.test('it holds what it held then', async () => {
    const verified = await second.cli('db', 'verify')
    assert.equal(verified.code, 0, verified.stdout)
    const { users, handhelds } = await second.admin()
    const addresses = (await users.list()).map(({ address }) => address)
    assert.deepEqual(addresses, [user('alice'), user('bob')])
    assert.deepEqual(
      (await handhelds.list()).map(({ pin }) => pin),
      [before.pin],
    )
  })

  await t.test('a password from before the backup is revoked, for it may have been used since', async () => {
    const { users, passwords } = await second.admin()
    assert.equal((await users.show(user('bob'))).password?.state, 'revoked')
    const { password } = await passwords.generate(user('bob'))
    assert.deepEqual(screensOf(await activate(second, user('bob'), password ?? '')), goodScreens(user('bob')))
  })

  await t.test('numbers given out after the backup are not given out again', async () => {
    const { activations } = await second.admin()
    const numberOf = async (name: string) => (await activations.show(user(name))).policyNumber ?? 0
    assert.ok((await numberOf('alice')) < 2 ** 32)
    assert.ok((await numberOf('bob')) > 2 ** 32)
  })

  await second.stop()
  restore(data, copy, 'older')
  const third = await restartPostkey(t, first)

  await t.test('restored a second time, the same backup gives out numbers of its own again', async () => {
    const { users, passwords, activations } = await third.admin()
    assert.deepEqual(
      (await users.list()).map(({ address }) => address),
      [user('alice'), user('bob')],
    )
    const { password } = await passwords.generate(user('bob'))
    assert.deepEqual(screensOf(await activate(third, user('bob'), password ?? '')), goodScreens(user('bob')))
    assert.ok(((await activations.show(user('bob'))).policyNumber ?? 0) > 2 * 2 ** 32)
  })

  await t.test('an emptied database is not taken for a new one', async () => {
    await third.stop()
    for (const name of readdirSync(data).filter((name) => name.startsWith('postkey.db')))
      rmSync(join(data, name))
    const { code, stderr } = await third.cli('user', 'list')
    assert.equal(code, 1)
    assert.match(stderr, /store\.empty/)
    restore(data, copy, 'oldest')
  })

  await t.test('without its storage key it is not opened', async () => {
    renameSync(join(data, 'storage.key'), join(old, 'storage.key'))
    const { code, stderr } = await third.cli('user', 'list')
    assert.equal(code, 78)
    assert.match(stderr, /storage_key\.wrong/)
  })
})
