/** Groups and users in numbers, as a person or a script works with them. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import type { Prompts } from '#cli/deps.ts'
import { type Console, openConsole } from './console.ts'

const alice = 'alice@example.test'
const bob = 'bob@example.test'

let site: Console
beforeEach(() => {
  site = openConsole()
})
afterEach(() => site.close())

const typing = (...texts: string[]): Prompts => ({
  password: async () => null,
  confirm: async () => true,
  text: async () => texts.shift() ?? null,
})

const ok = async (...argv: string[]): Promise<string> => {
  const { code, out, err } = await site.run(argv)
  assert.equal(code, 0, err)
  return out
}

const json = async (...argv: string[]) => JSON.parse(await ok(...argv, '-o', 'json'))

async function importCsv(csv: string, ...options: string[]) {
  return site.run(['user', 'import', '-', ...options], { stdin: csv })
}

test('a group is made, filled, renamed and removed, and asks for its name while users are in it', async () => {
  assert.match(await ok('group', 'list'), /No groups yet: postkey group add/)
  await site.admin.users.add({ address: alice })
  await site.admin.users.add({ address: bob })
  assert.equal(await ok('group', 'add', 'Sales', '--description', 'On the road'), 'Added group Sales.\n')
  assert.equal((await site.run(['group', 'add', 'SALES'])).code, 4)
  assert.equal(
    await ok('group', 'add-user', 'sales', alice, bob),
    `${alice}, ${bob} came into group Sales.\n`,
  )
  assert.match(await ok('group', 'add-user', 'sales', bob), /Nobody came into group Sales; for 1 of 1/)
  assert.match(await ok('group', 'list'), /Sales +2 +On the road/)
  assert.match(
    await ok('group', 'show', 'sales'),
    /users +2[\s\S]*alice@example\.test[\s\S]*bob@example\.test/,
  )
  assert.match(await ok('user', 'show', alice), /groups +Sales/)
  await ok('group', 'rename', 'Sales', 'Field')
  await ok('group', 'describe', 'Field', 'Out there')
  assert.match(await ok('group', 'remove', 'Field', '--dry-run'), /2 users would no longer be in it/)
  assert.match((await site.run(['group', 'remove', 'Field'])).err, /add --yes/)
  assert.equal((await site.run(['group', 'remove', 'Field'], { prompts: typing('Sales') })).code, 2)
  assert.equal((await json('group', 'show', 'Field')).members, 2)
  assert.equal((await site.run(['group', 'remove', 'Field'], { prompts: typing('field') })).code, 0)
  assert.equal(await site.store.users.count(), 2)
  assert.equal((await site.run(['group', 'show', 'Field'])).code, 3)
})

test('of users put into a group one who is unknown leaves everybody out', async () => {
  await site.admin.users.add({ address: alice })
  await ok('group', 'add', 'Sales')
  assert.equal((await site.run(['group', 'add-user', 'Sales', alice, bob])).code, 3)
  assert.equal((await json('group', 'show', 'Sales')).members, 0)
})

test('a user leaves a group, and a dry run only says who would', async () => {
  await ok('group', 'add', 'Sales')
  await ok('user', 'add', alice, '--group', 'sales')
  assert.equal((await site.run(['user', 'add', bob, '--group', 'Slaes'])).code, 3, 'a misspelt group')
  const argv = ['group', 'remove-user', 'Sales', alice] as const
  assert.match(await ok(...argv, '--dry-run'), /alice@example\.test would leave group Sales/)
  assert.match(await ok(...argv), /alice@example\.test left group Sales/)
  assert.match(await ok(...argv, '--dry-run'), /Nobody of them/)
})

test('a user is disabled and enabled, redirect goes off and on, and both are shown', async () => {
  await site.admin.users.add({ address: alice })
  assert.equal(await ok('user', 'disable', alice), `${alice}: enabled: yes → no\n`)
  assert.match(await ok('user', 'disable', alice), /is so already/)
  assert.match(await ok('user', 'show', alice), /disabled +now by an administrator: no activations, no mail/)
  assert.match(await ok('activation', 'explain', alice), /The user is disabled/)
  assert.equal(await ok('user', 'redirect', alice, 'off'), `${alice}: redirect: yes → no\n`)
  assert.match(await ok('user', 'list'), /disabled, redirect off/)
  await ok('user', 'enable', alice)
  await ok('user', 'redirect', alice, 'on')
  assert.doesNotMatch(await ok('user', 'list'), /STATE/)
  assert.equal((await site.run(['user', 'redirect', alice, 'maybe'])).code, 2)
})

test('names and addresses are changed, and what the password does not hold for is said', async () => {
  await site.admin.users.add({ address: alice, displayName: 'Alice' })
  await site.admin.passwords.generate(alice)
  const married = 'alice.hargreaves@example.test'
  const { out, err } = await site.run([
    ...['user', 'set', alice, '--name', 'Alice Hargreaves', '--address', married, '--add-alias', alice],
    ...['--organisation', 'Example North'],
  ])
  assert.match(
    out,
    /address: alice@example\.test → alice\.hargreaves@example\.test; name: Alice → Alice Harg/,
  )
  assert.match(err, /does not hold for the new address: postkey password generate alice\.hargreaves@/)
  const user = await site.admin.users.show(alice)
  assert.deepEqual([user.address, user.aliases, user.organisation], [married, [alice], 'Example North'])
  await ok('user', 'set', alice, '--remove-alias', alice, '--organisation', '')
  assert.equal((await site.run(['user', 'show', alice])).code, 3)
  assert.equal((await site.run(['user', 'set', married])).code, 2)
  await site.admin.users.add({ address: bob })
  assert.equal((await site.run(['user', 'set', bob, '--add-alias', married])).code, 4)
})

test('a second import of the same file changes nothing, and another one what is otherwise in it', async () => {
  const csv = `address,name,aliases,groups,organisation,enabled\n${alice},Alice,al@example.test,Sales;North,Example,yes\n${bob},Bob,,,,no\n`
  assert.match((await importCsv(csv)).err, /Of 2 rows: 2 added, 0 changed, 0 unchanged, 0 set aside\./)
  const again = await importCsv(csv)
  assert.equal(again.out, '')
  assert.match(again.err, /0 added, 0 changed, 2 unchanged/)
  const user = await site.admin.users.show(alice)
  assert.deepEqual([user.groups, user.organisation, user.disabled], [['North', 'Sales'], 'Example', null])
  assert.equal((await site.admin.users.show(bob)).disabled?.by, 'administrator')
  const changed = await importCsv(`address,groups,enabled\n${alice},North;East,yes\n${bob},,yes\n`)
  assert.match(changed.out, /2 +alice@example\.test +changed: groups: \+East -Sales/)
  assert.match(changed.out, /3 +bob@example\.test +changed: enabled: no → yes/)
  assert.equal((await site.admin.users.show(alice)).displayName, 'Alice', 'a column that is not there')
})

test('a dry run shows the same and changes nothing', async () => {
  await importCsv(`address,name\n${alice},Alice\n`)
  const csv = `address,name,groups\n${alice},Alice Liddell,New\n${bob},Bob,New\nnobody,,\n`
  const dry = await importCsv(csv, '--dry-run')
  assert.equal(dry.code, 1)
  assert.match(dry.out, /changed: name: Alice → Alice Liddell; groups: \+New/)
  assert.match(
    dry.err,
    /Of 3 rows it would be: 1 added, 1 changed, 0 unchanged, 1 set aside\. Nothing was changed\./,
  )
  assert.equal(await site.store.users.count(), 1)
  assert.deepEqual(await site.admin.groups.list(), [])
  const real = await importCsv(csv)
  assert.equal(real.out, dry.out)
})

test('users who are not in the file go with --remove-missing alone, and nobody where a row is set aside', async () => {
  await importCsv(`${alice}\n${bob}\n`)
  const only = `${alice}\n`
  assert.match((await importCsv(only)).err, /1 unchanged/)
  assert.match((await importCsv(only, '--remove-missing', '--dry-run')).out, /bob@example\.test +removed/)
  assert.match((await importCsv(only, '--remove-missing')).err, /add --yes/)
  const bad = await importCsv(`${alice}\nnobody\n`, '--remove-missing', '--yes')
  assert.match(bad.err, /Nobody is removed, since rows were set aside/)
  assert.equal(await site.store.users.count(), 2)
  assert.equal((await importCsv(only, '--remove-missing', '--yes')).code, 0)
  assert.deepEqual(
    (await site.admin.users.list()).map(({ address }) => address),
    [alice],
  )
})

test('each row that cannot be taken is named with its line and code, and the others go on', async () => {
  await importCsv(`${alice},,al@example.test\n`)
  const { code, out } = await importCsv(
    `address,aliases,enabled\n${bob},,perhaps\n${bob},al@example.test,\nal@example.test,,\neve@elsewhere.test,,\n${alice},,no\n`,
  )
  assert.equal(code, 1)
  assert.match(out, /2 +bob@example\.test +.*enabled is yes or no, not perhaps.*\[admin\.usage\]/)
  assert.match(out, /3 +bob@example\.test .*\(al@example\.test\) \[user\.exists\]/)
  assert.match(out, /4 +al@example\.test .*an alias of alice@example\.test.*\[user\.exists\]/)
  assert.match(out, /5 +eve@elsewhere\.test .*`\[server\] domains`.*\[address\.foreign_domain\]/)
  assert.match(out, /6 +alice@example\.test +changed: aliases: -al@example\.test; enabled: yes → no/)
})

test('what is exported is what is imported: the round trip changes nothing, and makes the same elsewhere', async () => {
  await importCsv(
    `address,name,aliases,groups,organisation,enabled\n${alice},"Liddell, ""Al""",al@example.test a.l@example.test,"Field, north;Sales",Example,yes\n${bob},=1+1,,,,no\n`,
  )
  assert.match(await ok('user', 'export', 'users.csv'), /2 users written to users\.csv/)
  const csv = readFileSync(join(site.directory, 'users.csv'), 'utf8')
  assert.equal(csv, await ok('user', 'export'))
  assert.match((await importCsv(csv)).err, /0 added, 0 changed, 2 unchanged, 0 set aside/)
  assert.equal((await site.run(['user', 'export', 'users.csv'])).code, 1, 'never over an old file')
  const other = openConsole()
  writeFileSync(join(other.directory, 'users.csv'), csv)
  assert.equal((await other.run(['user', 'import', 'users.csv'])).code, 0)
  assert.equal((await other.run(['user', 'export'])).out, csv)
  await other.close()
})

test('a long list is shown in part with the way on, and whole to a program', async () => {
  const rows = Array.from(
    { length: 250 },
    (_, i) => `u${String(i).padStart(3, '0')}@example.test,User ${i},,Half${i % 2}`,
  )
  assert.equal((await importCsv(rows.join('\n'))).code, 0)
  const first = await site.run(['user', 'list'])
  assert.equal(first.out.trim().split('\n').length, 101)
  assert.match(first.err, /100 of 250 users; go on with --after u099@example\.test, or --all/)
  const next = await site.run(['user', 'list', '--after', 'u149@example.test', '--limit', '200'])
  assert.equal(next.out.trim().split('\n').length, 101)
  assert.equal(next.err, '')
  assert.equal((await ok('user', 'list', '--all')).trim().split('\n').length, 251)
  assert.equal((await json('user', 'list')).length, 250)
  assert.equal((await json('user', 'list', '--group', 'half1')).length, 125)
  assert.equal((await json('user', 'list', '--search', 'user 24')).length, 11)
  assert.equal((await json('user', 'list', '--disabled')).length, 0)
  assert.equal((await site.run(['user', 'list', '--group', 'none'])).code, 3)
  assert.equal((await site.run(['user', 'list', '--limit', '0'])).code, 2)
  assert.match((await site.run(['group', 'show', 'Half0'])).err, /100 of 125 users/)
})

test('a sync shows how far it is on a terminal, and its results as rows', async () => {
  const person = (uid: string) => ({
    dn: `uid=${uid},dc=x`,
    id: uid,
    addresses: [`${uid}@example.test`],
    aliases: [],
    name: uid,
    organisation: null,
    groups: null,
  })
  const directed = openConsole({
    directory: async () => ({
      people: async function* () {
        yield [person('a'), person('b')]
        yield [{ ...person('c'), addresses: [] }]
      },
      close: async () => {},
    }),
  })
  const first = await directed.run(['user', 'sync-ldap'], { prompts: typing(), columns: 100 })
  assert.equal(first.code, 1, 'somebody was set aside')
  assert.match(first.err, /Reading the directory: 3 entries/)
  assert.match(first.err, /Updating users 3\/3/)
  assert.match(first.out, /a@example\.test +added +uid=a,dc=x/)
  assert.match(first.out, /The entry has no mail address[\s\S]*ldap\.no_address/)
  assert.match(first.err, /2 added, 0 unchanged, 1 set aside\./)
  const dry = await directed.run(['user', 'sync-ldap', '--dry-run'])
  assert.match(dry.err, /It would be: 2 unchanged, 1 set aside\. Nothing was changed\./)
  assert.match((await directed.run(['user', 'sync-ldap', '--remove-missing'])).err, /add --yes/)
  await directed.close()
})
