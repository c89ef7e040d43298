import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { serveAdmin } from '#admin/socket/server.ts'
import type { Prompts, Role } from '#cli/deps.ts'
import { exitCode, exitCodes, exitNameOf } from '#cli/exit-codes.ts'
import { Fault, type FaultCode } from '#kernel/fault.ts'
import { faultTable } from '#kernel/fault-table.ts'
import { silentLog } from '#kernel/log.ts'
import { type Console, openConsole } from './console.ts'

const alice = 'alice@example.test'

let site: Console
beforeEach(() => {
  site = openConsole()
})
afterEach(() => site.close())

const person = (passwords: (string | null)[], yes: boolean | null = true): Prompts => ({
  password: async () => passwords.shift() ?? null,
  confirm: async () => yes,
  text: async () => passwords.shift() ?? null,
})

test('a user is added, shown, and removed after consent only', async () => {
  const added = await site.run(['user', 'add', alice, '--name', 'Alice', '--alias', 'al@example.test'])
  assert.deepEqual(added, { code: 0, out: `Added ${alice}.\n`, err: '' })
  assert.match((await site.run(['user', 'show', 'al@example.test'])).out, /aliases {3}al@example\.test/)
  assert.equal((await site.run(['user', 'add', alice])).code, 4)
  assert.match((await site.run(['user', 'remove', alice])).err, /add --yes/)
  assert.equal((await site.run(['user', 'remove', alice], { prompts: person([], false) })).code, 130)
  assert.equal(await site.store.users.count(), 1)
  assert.equal((await site.run(['user', 'remove', alice, '--yes'])).code, 0)
  assert.equal(await site.store.users.count(), 0)
})

test('a generated password is the answer; that it is shown once goes to standard error', async () => {
  await site.admin.users.add({ address: alice })
  const { out, err } = await site.run(['password', 'generate', alice, '--hours', '4'])
  assert.match(
    out,
    /^ADDRESS +PASSWORD +EXPIRES\nalice@example\.test {2}\w{4}-\w{4}-\w{4} {2}2026-01-05T18:00:00\+01:00 \(in 4 h\)\n$/,
  )
  assert.match(err, /shown only now/)
  const again = await site.run(['password', 'generate', alice, '-o', 'json'])
  assert.equal(JSON.parse(again.out).replaced, true)
  assert.match(again.err, /earlier password of alice@example\.test no longer works/)
})

test('the access list takes PINs, ranges, makers and models, says which rule decides, and lets go of them', async () => {
  const access = (...args: string[]) => site.run(['access', ...args])
  assert.match((await access('list')).out, /^Handhelds that no rule is about may activate\.\n$/)
  assert.equal((await access('deny', '2100 ab3f')).out, 'Handheld 2100AB3F may no longer activate.\n')
  assert.match((await access('allow', '2100A000-2100AFFF')).out, /^Handhelds 2100A000-2100AFFF may activate/)
  assert.match((await access('deny', 'Acme')).out, /^Maker "Acme"/)
  assert.match((await access('deny', 'Acme  90')).out, /^Model "Acme {2}90"/)
  assert.match((await access('deny', 'Acme', '91')).out, /^Model "Acme 91"/)
  assert.match((await access('deny', '2100ab40')).out, /^Handheld 2100AB40/)
  assert.equal((await access('remove', '2100ab40')).out, 'The rule for handheld 2100AB40 is removed.\n')
  assert.equal((await access('default', 'deny')).code, 0)
  const listed = JSON.parse((await access('list', '-o', 'json')).out)
  assert.equal(listed.fallback, 'deny')
  assert.deepEqual(
    listed.rules.map(({ kind, value, verdict }: Record<string, string>) => [kind, value, verdict]),
    [
      ['pin', '2100AB3F', 'deny'],
      ['range', '2100A000-2100AFFF', 'allow'],
      ['model', 'Acme  90', 'deny'],
      ['model', 'Acme 91', 'deny'],
      ['maker', 'Acme', 'deny'],
    ],
  )
  assert.match(
    (await access('check', '2100AB3F')).out,
    /may not activate: PIN 2100AB3F decides, before its proof/,
  )
  assert.match(
    (await access('check', '2100A001', 'Acme', '90')).out,
    /may activate: PINs 2100A000-2100AFFF decides/,
  )
  assert.match((await access('check', '30000000', 'Other')).out, /may not activate: the default decides/)
  for (const bad of [
    ['deny', ' '],
    ['deny', '2100AFFF-2100A000'],
    ['default', 'perhaps'],
    ['check', 'Acme'],
  ])
    assert.equal((await access(...bad)).code, 2, bad.join(' '))
  assert.equal((await access('remove', 'acme 90')).code, 0)
  assert.equal((await access('remove', 'acme 90')).code, 3)
})

test('a handheld is approved for a user with a live password, and no other way', async () => {
  await site.admin.users.add({ address: alice })
  assert.equal((await site.run(['activation', 'approve', alice, '2100AB3F'])).code, 3)
  await site.admin.passwords.generate(alice)
  assert.equal((await site.run(['activation', 'approve', alice, 'none'])).code, 2)
  const approved = await site.run(['activation', 'approve', alice, '2100-ab3f'])
  assert.deepEqual(approved, {
    code: 0,
    out: `Handheld 2100AB3F may activate for ${alice}.\n`,
    err: '',
  })
})

test('a password is asked for twice on a terminal, and read from standard input elsewhere', async () => {
  await site.admin.users.add({ address: alice })
  const set = ['password', 'set', alice]
  assert.equal((await site.run(set, { prompts: person(['correct horse', 'correct horse']) })).code, 0)
  assert.match((await site.run(set, { prompts: person(['one', 'two']) })).err, /differ/)
  assert.equal((await site.run(set, { prompts: person([null]) })).code, 130)
  const piped = await site.run(set, { stdin: 'correct horse\nmore\n' })
  assert.equal(piped.code, 0)
  assert.ok(!piped.out.includes('correct'))
  assert.equal((await site.run(set, { stdin: 'short\n' })).code, 2)
  assert.equal((await site.run(set, { stdin: 'x'.repeat(5_000) })).code, 2)
  assert.equal((await site.run(['password', 'revoke', alice])).code, 0)
  assert.equal((await site.run(['password', 'revoke', alice])).code, 3)
})

test("a mailbox's password is read as an activation password is, and never said again", async () => {
  await site.admin.users.add({ address: alice })
  const set = ['user', 'mailbox-password', alice]
  const typed = await site.run(set, { prompts: person(['its password', 'its password']) })
  assert.deepEqual(typed, { code: 0, out: `The password of ${alice}'s mailbox is kept.\n`, err: '' })
  assert.equal((await site.run(set, { prompts: person(['one', 'another']) })).code, 2)
  assert.equal((await site.run(set, { stdin: 'piped password\n' })).code, 0)
  assert.match((await site.run(['user', 'show', alice])).out, /mailbox password +kept/)
  assert.equal((await site.run([...set, '--remove'])).code, 0)
  assert.equal((await site.run([...set, '--remove'])).code, 3)
  assert(!(await site.run(['user', 'show', alice])).out.includes('mailbox password'))
  assert.equal((await site.run([...set, 'on-the-command-line'])).code, 2)
})

test('a CSV file adds many users, prints each password once, and names the rows set aside', async () => {
  writeFileSync(
    join(site.directory, 'staff.csv'),
    '\ufeff' +
      'name,address,aliases\r\n"Liddell, Alice",alice@example.test,al@example.test a.l@example.test\r\n\r\nBob,nobody,\r\nEve,eve@example.test\r\n',
  )
  const { code, out, err } = await site.run(['user', 'import', 'staff.csv', '--passwords'])
  assert.equal(code, 1)
  const lines = out.trim().split('\n')
  assert.match(lines[0] ?? '', /^LINE +ADDRESS +PASSWORD +RESULT$/)
  assert.match(lines[1] ?? '', /^2 +alice@example\.test +\w{4}-\w{4}-\w{4} +added$/)
  assert.match(lines[2] ?? '', /^4 +nobody +This is not a mail address/)
  assert.match(lines[3] ?? '', /^5 +eve@example\.test +\w{4}-\w{4}-\w{4} +added$/)
  assert.match(err, /Of 3 rows: 2 added, 0 changed, 0 unchanged, 1 set aside\./)
  const user = await site.admin.users.show(alice)
  assert.equal(user.displayName, 'Liddell, Alice')
  assert.deepEqual(user.aliases, ['a.l@example.test', 'al@example.test'])
})

test('passwords of an import go to a new file of its owner instead, never over an old one', async () => {
  const stdin = 'alice@example.test\nbob@example.test\n'
  const argv = ['user', 'import', '-', '--passwords', '--output', 'passwords.csv']
  const { code, out } = await site.run(argv, { stdin })
  assert.equal(code, 0)
  assert.ok(!/\w{4}-\w{4}-\w{4}/.test(out))
  const path = join(site.directory, 'passwords.csv')
  assert.match(
    readFileSync(path, 'utf8'),
    /^address,password,expires\r\nalice@example\.test,\w{4}-\w{4}-\w{4},2026-01-07T14:00:00\+01:00\r\nbob@/,
  )
  assert.equal(statSync(path).mode & 0o777, 0o600)
  const again = await site.run(argv, { stdin: 'eve@example.test\n' })
  assert.match(again.err, /admin\.file/)
  assert.equal(await site.store.users.count(), 2)
})

test('what is wrong in a CSV file is a usage error', async () => {
  for (const stdin of ['', 'address,mail\na@example.test,x\n', '"open'])
    assert.equal((await site.run(['user', 'import', '-'], { stdin })).code, 2, stdin)
  assert.match((await site.run(['user', 'import', 'none.csv'])).err, /admin\.file/)
})

test('a mistyped command or option exits 2 and names the nearest', async () => {
  const mistyped = await site.run(['activation', 'explian', alice])
  assert.equal(mistyped.code, 2)
  assert.match(mistyped.err, /Did you mean explain\?/)
  assert.equal((await site.run(['user', 'list', '--frmat', 'json'])).code, 2)
  assert.equal((await site.run(['user', 'show'])).code, 2)
})

test('help shows examples, and the exit codes are a topic of it', async () => {
  const help = await site.run(['help', 'user', 'add'])
  assert.equal(help.code, 0)
  assert.match(help.out, /Examples:\n {2}\$ postkey user add alice@example\.test/)
  assert.equal((await site.run(['user', 'add', '--help'])).out, help.out)
  const { out } = await site.run(['help', 'exit-codes'])
  for (const [code] of Object.values(exitCodes)) assert.match(out, new RegExp(`^${code} `, 'm'))
  assert.equal((await site.run(['--version'])).out, '1.2.3\n')
  assert.equal((await site.run(['help', 'nothing'])).code, 2)
})

test('every fault has an exit code, never that of success', () => {
  for (const code of Object.keys(faultTable) as FaultCode[]) assert.ok(exitCode(exitNameOf(code)) > 0, code)
  assert.equal(exitCode(exitNameOf('config.invalid')), 78)
  assert.equal(exitCode(exitNameOf('store.unavailable')), 69)
  assert.equal(exitCode(exitNameOf('admin.no_server')), 5)
})

test('config check tells all mistakes and exits 78; config show gives each value its origin', async () => {
  const bad = await site.run(['config', 'check', '--set', 'smtp.prt=1'], {
    env: { POSTKEY_LOG_LEVEL: 'loud' },
  })
  assert.equal(bad.code, 78)
  assert.match(bad.out, /did you mean smtp\.port\?[\s\S]*log\.level must be one of[\s\S]*2 mistakes\./)
  const good = await site.run(['config', 'check'])
  assert.match(
    good.out,
    /no configuration file: none was named, and neither \.\/postkey\.toml nor [\s\S]*is good\.\n$/,
  )
  assert.equal(good.code, 0)
  const { out } = await site.run(['config', 'show', '--set', 'smtp.port=0'], {
    env: { POSTKEY_LOG_LEVEL: 'debug' },
  })
  assert.match(out, /^smtp\.port +0 +--set smtp\.port$/m)
  assert.match(out, /^log\.level +"debug" +POSTKEY_LOG_LEVEL$/m)
  assert.match(out, /^log\.format +"auto" +default$/m)
})

test('config check says which file it looked at, also one that is found by itself or cannot be read', async () => {
  assert.match((await site.run(['--help'])).out, /POSTKEY_CONFIG\s+names,\s+else\s+\.\/postkey\.toml/)
  const file = join(site.directory, 'postkey.toml')
  writeFileSync(file, '[smtp]\nport = 2526\n')
  const { out } = await site.run(['config', 'check'])
  assert.equal(out, `Looked at ${file}.\nThe configuration is good.\n`)
  const json = await site.run(['config', 'check', '-o', 'json', '--config', 'gone.toml'])
  assert.equal(JSON.parse(json.out).file, join(site.directory, 'gone.toml'))
})

test('a command with a wrong configuration does nothing and exits 78', async () => {
  const { code, err } = await site.run(['user', 'add', alice, '--set', 'smtp.port=x'])
  assert.equal(code, 78)
  assert.match(err, /smtp\.port must be a whole number \(--set smtp\.port\)/)
  assert.equal(await site.store.users.count(), 0)
})

test('a running server is asked over its socket, and the store is not opened beside it', async () => {
  const socketPath = join(site.directory, 'admin.sock')
  const server = await serveAdmin({ socketPath, desk: site.desk, log: silentLog })
  const openOffline = async (): Promise<never> => {
    throw new Fault('store.unavailable', 'opened beside the server')
  }
  const argv = ['--set', `admin.socket=${socketPath}`, 'user', 'add', alice]
  assert.equal((await site.run(argv, { deps: { openOffline } })).code, 0)
  await server.close()
  assert.equal((await site.run(argv, { deps: { openOffline } })).code, 69)
})

test('daemons are started with the configuration and their roles', async () => {
  const started: unknown[] = []
  const serve = async (loaded: { config: { smtp: { port: number } } }, roles: readonly Role[] | 'all') =>
    void started.push([loaded.config.smtp.port, roles])
  for (const argv of [['serve'], ['agent'], ['relay'], ['smtp', '--set', 'smtp.port=0'], ['imap']])
    assert.equal((await site.run(argv, { deps: { serve } })).code, 0)
  assert.deepEqual(started, [
    [2525, 'all'],
    [2525, ['agent']],
    [2525, ['relay']],
    [0, ['smtp']],
    [2525, ['imap']],
  ])
})

test('the database is backed up to an absolute path, verified and migrated', async () => {
  const backup = await site.run(['db', 'backup', 'copy.db'])
  assert.equal(backup.out, `Wrote ${join(site.directory, 'copy.db')}, 1 bytes.\n`)
  assert.equal((await site.run(['db', 'verify'])).out, 'No damage found.\n')
  assert.equal((await site.run(['db', 'migrate'])).out, 'Nothing to do; the schema is at version 3.\n')
  const database = {
    ...site.admin.database,
    verify: async () => ({ good: false, problems: ['page 7 is torn'] }),
  }
  const damaged = await site.run(['db', 'verify'], { admin: { database } })
  assert.deepEqual([damaged.code, damaged.out], [1, 'page 7 is torn\n'])
  assert.match(damaged.err, /docs\/how-to\/backup\.md[\s\S]*store\.damaged/)
})

test('what the installation has not got is refused with its code', async () => {
  await site.admin.users.add({ address: alice })
  assert.match((await site.run(['srp', 'list'])).err, /relay\.elsewhere/)
  assert.match((await site.run(['mailbox', 'password', alice])).err, /mailbox\.not_embedded/)
  assert.deepEqual(await site.run(['handheld', 'list']), { code: 0, out: 'No handhelds.\n', err: '' })
  assert.equal((await site.run(['handheld', 'show', '2100AB3F'])).code, 3)
})
