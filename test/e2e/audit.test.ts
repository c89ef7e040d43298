/** The audit log of a real server: people by command, programs by token, keys by themselves, and a kill in between. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { AuditVerdict, AuditView, IssuedToken } from '#admin/access/views.ts'
import { sameHandheld } from '../support/e2e-handheld.ts'
import { activate, type Postkey, startPostkey } from '../support/postkey.ts'

const alice = 'alice@example.test'

const listed = (postkey: Postkey, ...argv: string[]): Promise<AuditView[]> =>
  postkey.json<AuditView[]>('audit', 'list', ...argv)
const short = (acts: readonly AuditView[]) =>
  acts.map(({ who, from, what, outcome }) => [who, from, what, outcome])

test('commands, tokens and keys leave their lines, before and after the server is killed, in one whole chain', async (t) => {
  const postkey = await startPostkey(t, { set: ['admin.group_socket=group.sock'] })
  const me = `os:${userInfo().username}`
  await postkey.json('user', 'add', alice)
  const { password } = await postkey.json<{ password: string }>('password', 'generate', alice)

  await t.test('of the installation’s own keys, and of the handheld’s from its activation', async () => {
    const made = (await listed(postkey, '--by', 'system')).map(({ what, on }) => `${what} ${on}`)
    for (const line of ['storage_key.made ', 'certificate.made ca', 'certificate.made policy_signer'])
      assert(made.includes(line), line)
    const storage = sameHandheld()
    assert.equal((await activate(postkey, alice, password, { storage })).code, 0)
    const [{ pin }] = await postkey.json<[{ pin: string }]>('handheld', 'list')
    assert.deepEqual(short(await listed(postkey, '--on', pin)), [
      ['system', 'server', 'key.made', 'ok'],
      ['system', 'server', 'key.activated', 'ok'],
    ])
  })

  await t.test('of a person by name, and of a program by its token, whose role counts', async () => {
    const { token } = await postkey.json<IssuedToken>(
      'token',
      'add',
      'ci',
      '--role',
      'helpdesk',
      '--hours',
      '1',
    )
    writeFileSync(join(postkey.data, 'token'), token)
    const as = (...argv: string[]) => postkey.cli('--token-file', join(postkey.data, 'token'), ...argv)
    assert.equal((await as('password', 'generate', alice)).code, 0)
    const refused = await as('user', 'remove', alice, '--yes')
    assert.deepEqual([refused.code, /admin\.not_allowed/.test(refused.stderr)], [77, true])
    const of = await listed(postkey, '--on', alice)
    assert.deepEqual(short(of), [
      [me, 'socket', 'users.add', 'ok'],
      [me, 'socket', 'passwords.generate', 'ok'],
      // Of the handheld that works for this user.
      ['system', 'server', 'key.made', 'ok'],
      ['system', 'server', 'key.activated', 'ok'],
      ['token:ci', 'socket', 'passwords.generate', 'ok'],
      ['token:ci', 'socket', 'users.remove', 'admin.not_allowed'],
    ])
    assert(!JSON.stringify(await listed(postkey, '--limit', '1000')).includes(password.replaceAll('-', '')))
  })

  await t.test('of a command on the database itself after the server was killed', async () => {
    await postkey.kill()
    await postkey.json('access', 'deny', 'Acme')
    const [last] = short(await listed(postkey, '--limit', '1'))
    assert.deepEqual(last, [me, 'store', 'access.deny', 'ok'])
    const { good, lines } = await postkey.json<AuditVerdict>('audit', 'verify')
    assert(good && lines > 15, `${lines} lines`)
    assert.equal((await postkey.cli('audit', 'export', 'log.jsonl')).code, 0)
    assert.equal((await postkey.cli('audit', 'verify', 'log.jsonl')).code, 0)
  })
})
