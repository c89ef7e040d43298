/** Who did what, accounts and tokens, as people and scripts meet them. */
import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import type { Prompts } from '#cli/deps.ts'
import type { MailAddress, Pin } from '#kernel/brand.ts'
import { openDatabase } from '#store/sqlite/database.ts'
import { addHandheld } from '../admin/handheld-at-work.ts'
import { type Console, openConsole } from './console.ts'

const alice = 'alice@example.test'
const password = 'correct horse battery'

let site: Console
beforeEach(() => {
  site = openConsole()
})
afterEach(() => site.close())

const person = (...typed: (string | null)[]): Prompts => ({
  password: async () => typed.shift() ?? null,
  text: async () => typed.shift() ?? null,
  confirm: async () => true,
})

async function threeActs(): Promise<void> {
  await site.run(['user', 'add', alice, '--name', 'Alice'])
  site.clock.advance(60_000)
  await site.run(['password', 'generate', alice, '--hours', '4'])
  await site.run(['user', 'add', alice])
}

test('the log is a table of acts, the newest last, and what failed says its code', async () => {
  assert.equal((await site.run(['audit', 'list'])).out, 'Nothing.\n')
  await threeActs()
  const { out } = await site.run(['audit', 'list'])
  assert.equal(
    out,
    `NO  WHEN                 WHO        WHAT                ON                  OUTCOME
1   2026-01-05 14:00:00  os:tester  users.add           alice@example.test  ok
3   2026-01-05 14:01:00  os:tester  passwords.generate  alice@example.test  ok
5   2026-01-05 14:01:00  os:tester  users.add           alice@example.test  user.exists
`,
  )
})

test('with --long it says what was asked and what is; filters choose', async () => {
  await threeActs()
  const long = (await site.run(['audit', 'list', '--what', 'passwords', '--long'])).out
  assert.match(long, /^3 {2}passwords\.generate {2}alice@example\.test\n/)
  assert.match(long, /who +os:tester \(owner\), by the store\n/)
  assert.match(long, /asked +\{"hours":4\}\n/)
  assert.doesNotMatch(long, /\w{4}-\w{4}-\w{4}/)
  const count = async (...argv: string[]) =>
    JSON.parse((await site.run(['audit', 'list', '-o', 'json', ...argv])).out).length
  assert.equal(await count('--by', 'tester'), 3)
  assert.equal(await count('--by', 'eve'), 0)
  assert.equal(await count('--on', ' Alice@Example.TEST'), 3)
  assert.equal(await count('--since', '30min'), 3)
  assert.equal(await count('--since', '2026-01-05T13:00:30Z'), 2)
  assert.equal(await count('--limit', '1'), 1)
  for (const bad of [
    ['--since', 'yesterday'],
    ['--since', '2026-13-45'],
    ['--limit', '0'],
    ['--limit', 'x'],
  ])
    assert.equal((await site.run(['audit', 'list', ...bad])).code, 2, bad.join(' '))
})

test('what was done on a user’s handheld, and what names the user, is found under the user', async () => {
  await threeActs()
  const pin = '2100AB3F' as Pin
  await addHandheld(site.store, site.clock.nowMs(), pin, alice as MailAddress)
  await site.run(['handheld', 'lock', pin])
  await site.run(['group', 'add', 'sales'])
  await site.run(['group', 'add-user', 'sales', alice])
  await site.run(['access', 'allow', '2100AB40'])
  const whats = async (on: string): Promise<string[]> =>
    JSON.parse((await site.run(['audit', 'list', '-o', 'json', '--on', on])).out)
      .map(({ what }: { what: string }) => what)
      .filter((what: string) => !what.startsWith('key.'))
  assert.deepEqual(await whats(alice), [
    'users.add',
    'passwords.generate',
    'users.add',
    'handhelds.lock',
    'groups.addUsers',
  ])
  assert.deepEqual(await whats(pin), ['handhelds.lock'])
  const later = site.clock.nowMs() + 1_001
  await addHandheld(site.store, later, pin, 'bob@example.test' as MailAddress)
  await site.run(['handheld', 'owner-text', pin, 'Bob'])
  assert(!(await whats(alice)).includes('handhelds.setOwner'), 'it works for somebody else')
  assert((await whats(alice)).includes('handhelds.lock'), 'and did not then')
})

test('an act that a crash cut off is shown as one of which nothing is known', async () => {
  const entry = {
    atMs: site.clock.nowMs(),
    who: 'os:root',
    role: 'owner',
    from: 'store',
    change: '{}',
    answers: null,
  }
  await site.store.audit.append([{ ...entry, what: 'users.remove', on: alice, outcome: 'begun' }])
  assert.match((await site.run(['audit', 'list'])).out, /users\.remove +alice@example\.test +not known\n/)
})

test('the whole log goes to a new file, for its owner alone, which is checked without the server', async () => {
  await threeActs()
  const { out } = await site.run(['audit', 'export', 'log.jsonl'])
  // The intent of the export itself is its last line.
  assert.equal(out, 'Wrote 7 lines to log.jsonl.\n')
  const path = join(site.directory, 'log.jsonl')
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.equal((await site.run(['audit', 'export', 'log.jsonl'])).code, 1, 'never over an old one')
  const alone = { deps: { openOffline: () => assert.fail('the store was opened') } }
  const good = await site.run(['audit', 'verify', 'log.jsonl'], alone)
  assert.match(good.out, /^The audit log is whole: 7 lines, the last with the hash\n[0-9a-f]{64}\n$/)
  await site.run(['access', 'deny', 'Acme'])
  assert.match(
    (await site.run(['audit', 'verify', 'log.jsonl', '--continues'])).out,
    /\nHere 10 lines whole\.\n$/,
  )
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  const changed = (edit: (lines: string[]) => string[]) => {
    writeFileSync(path, `${edit([...lines]).join('\n')}\n`)
    return site.run(['audit', 'verify', 'log.jsonl', '-o', 'json'], alone)
  }
  const cases: readonly (readonly [(lines: string[]) => string[], string, number])[] = [
    [(all) => all.map((line, i) => (i === 2 ? line.replace('os:tester', 'os:eve') : line)), 'changed', 3],
    [(all) => all.map((line, i) => (i === 2 ? '{}' : line)), 'changed', 3],
    [(all) => all.filter((_, i) => i !== 1), 'missing', 2],
    [([a = '', b = '', c = '', ...rest]) => [a, c, b, ...rest], 'missing', 2],
    [(all) => all.slice(0, -1), 'cut_off', 8],
    [(all) => all.filter((_, i) => i !== 6), 'cut_off', 7],
    [(all) => [...all, all[0] ?? ''], 'beyond', 8],
  ]
  for (const [edit, kind, seq] of cases) {
    const { code, out: said, err } = await changed(edit)
    assert.equal(code, 1)
    const { broken } = JSON.parse(said)
    assert.deepEqual([broken.kind, broken.seq], [kind, seq])
    assert.match(err, /audit\.broken/)
  }
  assert.match((await changed(() => ['no log at all'])).err, /audit\.unreadable/)
  assert.match((await site.run(['audit', 'verify', 'none.jsonl'], alone)).err, /admin\.file/)
})

test('a log that was made anew is found by an export that was kept elsewhere', async () => {
  await threeActs()
  assert.equal((await site.run(['audit', 'export', 'log.jsonl'])).code, 0)
  const other = openConsole()
  await other.run(['user', 'add', alice, '--name', 'Another'])
  for (let i = 0; i < 6; i += 1) await other.run(['user', 'add', alice])
  assert.equal((await other.run(['audit', 'verify'])).code, 0, 'by itself it is whole')
  writeFileSync(join(other.directory, 'log.jsonl'), readFileSync(join(site.directory, 'log.jsonl')))
  const { code, err } = await other.run(['audit', 'verify', 'log.jsonl', '--continues'])
  assert.equal(code, 1)
  assert.match(err, /line 7 is another one here than in the file/)
  await other.close()
  assert.equal((await site.run(['audit', 'verify', '--continues'])).code, 2)
})

test('a log that somebody changed in the database is named by its first wrong line', async () => {
  await threeActs()
  assert.match((await site.run(['audit', 'verify'])).out, /^The audit log is whole: 6 lines/)
  const db = openDatabase(join(site.directory, 'postkey.db'), 'write')
  db.script("DROP TRIGGER audit_line_no_update; UPDATE audit_line SET who = 'os:eve' WHERE seq = 3")
  db.close()
  const { code, out, err } = await site.run(['audit', 'verify'])
  assert.deepEqual([code, out], [1, '2 lines whole.\n'])
  assert.match(err, /Line 3 is not what was written[\s\S]*audit\.broken/)
})

test('an account is made, changed and removed by its name, typed by a person', async () => {
  const add = ['account', 'add', 'maria', '--role', 'helpdesk']
  assert.match((await site.run(add, { prompts: person(password, 'another') })).err, /differ/)
  const added = await site.run(add, { prompts: person(password, password) })
  assert.equal(added.out, 'Added maria (helpdesk).\n')
  assert.equal((await site.run(add, { stdin: `${password}\n` })).code, 4)
  assert.equal((await site.run(['account', 'add', 'ann', '--role', 'boss'], { stdin: password })).code, 2)
  assert.match((await site.run(['account', 'list'])).out, /^maria +helpdesk +now$/m)
  assert.equal((await site.run(['account', 'set-role', 'maria', 'auditor'])).out, 'maria is auditor now.\n')
  assert.match((await site.run(['account', 'disable', 'maria'])).out, /no longer log in/)
  assert.match((await site.run(['account', 'show', 'maria'])).out, /state +disabled/)
  const remove = ['account', 'remove', 'maria']
  assert.match((await site.run([...remove, '--dry-run'])).out, /^Removes the account maria.*\nA dry run/)
  assert.match((await site.run(remove)).err, /add --yes/)
  assert.match((await site.run(remove, { prompts: person('mario') })).err, /that is not maria/)
  assert.equal((await site.run(remove, { prompts: person(null) })).code, 130)
  assert.equal((await site.store.accounts.list()).length, 1)
  assert.equal((await site.run(remove, { prompts: person('Maria ') })).out, 'Removed maria.\n')
  assert.equal((await site.run(['account', 'show', 'maria'])).code, 3)
})

test('a token from the environment or a file has its role and no other', async () => {
  const made = await site.run(['token', 'add', 'ci', '--role', 'auditor', '--hours', '2'])
  const token = made.out.trim()
  assert.match(made.err, /ci is auditor until .* shown only now/)
  writeFileSync(join(site.directory, 'token'), `${token}\n`)
  const env = { POSTKEY_TOKEN: token }
  assert.equal((await site.run(['whoami'], { env })).out, 'token:ci (auditor), by the store\n')
  assert.equal(
    (await site.run(['--token-file', 'token', 'whoami'])).out,
    'token:ci (auditor), by the store\n',
  )
  assert.equal((await site.run(['whoami'])).out, 'os:tester (owner), by the store\n')
  const refused = await site.run(['user', 'add', alice], { env })
  assert.equal(refused.code, 77)
  assert.match(refused.err, /Your role may not do this\. \(users\.add by auditor\)/)
  assert.equal((await site.run(['user', 'list'], { env: { POSTKEY_TOKEN: 'pk_no' } })).code, 77)
  assert.equal((await site.run(['--token-file', 'none', 'user', 'list'])).code, 1)
  assert.match((await site.run(['token', 'list'])).out, /^ci +auditor +good +now +in 2 h +[0-9a-f]{16}$/m)
  assert.equal((await site.run(['token', 'revoke', 'ci'])).code, 0)
  assert.match((await site.run(['token', 'list'])).out, /^ci +auditor +revoked/m)
  assert.equal((await site.run(['whoami'], { env })).code, 77)
  assert.equal((await site.run(['token', 'revoke', 'ci'])).code, 3)
})

test('who logs in gets a token for the shell, also where an old one is left in it, and logs out again', async () => {
  await site.run(['account', 'add', 'maria', '--role', 'helpdesk'], { stdin: `${password}\n` })
  const old = { POSTKEY_TOKEN: `pk_${'0'.repeat(16)}_${'0'.repeat(64)}` }
  const login = await site.run(['login', 'maria'], { prompts: person(password), env: old })
  assert.equal(login.code, 0)
  assert.match(login.err, /maria is helpdesk until .*: export POSTKEY_TOKEN=/)
  const env = { POSTKEY_TOKEN: login.out.trim() }
  assert.equal((await site.run(['whoami'], { env })).out, 'account:maria (helpdesk), by the store\n')
  assert.equal((await site.run(['account', 'list'], { env })).code, 77)
  assert.equal((await site.run(['logout'], { env })).code, 0)
  assert.equal((await site.run(['whoami'], { env })).code, 77)
  assert.equal((await site.run(['login', 'maria'], { stdin: 'wrong horse battery\n' })).code, 77)
  assert.equal((await site.run(['login', 'maria'], { prompts: person(null) })).code, 130)
  assert.match(
    (await site.run(['audit', 'list', '--what', 'login', '--by', 'maria'])).out,
    /admin\.unauthenticated\n$/,
  )
})
