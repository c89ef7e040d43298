/** Password commands as they are typed: when it begins, the QR code, mails, files of many. */
import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { parseMoment } from '#cli/time.ts'
import { type Console, openConsole } from './console.ts'

const alice = 'alice@example.test'

let site: Console
beforeEach(async () => {
  site = openConsole()
  await site.admin.users.add({ address: alice, displayName: 'Alice' })
})
afterEach(() => site.close())

test('a time is local unless it says where, and what the calendar has not is refused', () => {
  const zone = () => 60
  const good: readonly (readonly [string, string])[] = [
    ['2026-12-01T08:00', '2026-12-01T07:00:00.000Z'],
    ['2026-12-01 08:00:30', '2026-12-01T07:00:30.000Z'],
    ['2026-12-01', '2026-11-30T23:00:00.000Z'],
    ['2026-12-01T08:00Z', '2026-12-01T08:00:00.000Z'],
    ['2026-12-01T08:00+05:30', '2026-12-01T02:30:00.000Z'],
  ]
  for (const [typed, utc] of good) assert.equal(parseMoment(typed, zone), Date.parse(utc), typed)
  for (const bad of ['', 'tomorrow', '2026-13-01', '2026-02-30', '2026-12-01T25:00', '2026-12-01T08'])
    assert.equal(parseMoment(bad, zone), null, bad)
  // The clocks go forward at 01:00 UTC on 29 March 2026: before it one hour, after it two.
  const summer = (atMs: number) => (atMs < Date.parse('2026-03-29T01:00Z') ? 60 : 120)
  assert.equal(parseMoment('2026-03-29T00:30', summer), Date.parse('2026-03-28T23:30Z'))
  assert.equal(parseMoment('2026-03-29T08:00', summer), Date.parse('2026-03-29T06:00Z'))
})

test('when a password begins is said with it', async () => {
  const { code, err } = await site.run(['password', 'generate', alice, '--not-before', '2026-01-06T08:00'])
  assert.equal(code, 0, err)
  assert.match(err, /alice@example\.test can activate from 2026-01-06T08:00:00\+01:00/)
  assert.match(
    (await site.run(['user', 'show', alice])).out,
    /password +open, begins in \d+ h, expires in \d+/,
  )
  assert.equal((await site.run(['password', 'generate', alice, '--not-before', 'soon'])).code, 2)
  assert.equal((await site.run(['password', 'generate', alice, '--not-before', '2020-01-01'])).code, 2)
})

test('the QR code follows the password where it is asked for', async () => {
  const { out } = await site.run(['password', 'generate', alice, '--qr'])
  assert(out.split('\n').filter((line) => /[█▀▄]/.test(line)).length > 15)
  const password = /\w{4}-\w{4}-\w{4}/.exec(out)?.[0]
  const code = out.trimEnd().split('\n').at(-1)
  assert.equal(
    code,
    `postkey:activate?address=alice%40example.test&password=${password}`,
    'what --code takes',
  )
  const json = await site.run(['password', 'generate', alice, '--qr', '-o', 'json'])
  assert.doesNotMatch(json.out, /█/)
  assert.match(JSON.parse(json.out).code, /^postkey:activate\?/)
})

test('a password that is sent is printed nowhere; where its mails go is said', async () => {
  const { code, out, err } = await site.run(['password', 'send', alice, '--to', 'boss@example.test'])
  assert.equal(code, 0, err)
  assert.doesNotMatch(out + err, /\w{4}-\w{4}-\w{4}\b(?!T)(?=\s|$)/)
  assert.match(err, /The password for alice@example\.test will be mailed to boss@example\.test/)
  assert.match((await site.run(['user', 'show', alice])).out, /password +boss@example\.test .*not yet handed/)
  assert.match(
    (await site.run(['password', 'generate', alice, '--to', 'boss@example.test'])).err,
    /go with --send/,
  )
})

test('a file of passwords is for its owner alone, is overwritten by nobody, and can be gone on with', async () => {
  const [csv, output] = [join(site.directory, 'in.csv'), join(site.directory, 'out.csv')]
  const bob = 'bob@example.test'
  await site.admin.users.add({ address: bob })
  writeFileSync(csv, `address,pin,to\n${alice},,\nnobody@example.test,,\n`)
  const generate = (...more: string[]) => site.run(['password', 'generate', '--csv', csv, ...more])
  const dry = await generate('--dry-run')
  assert.match(dry.err, /2 users would get/)
  assert.equal((await site.admin.users.show(alice)).password, null)
  assert.equal((await generate('--output', output)).code, 1)
  assert.equal(statSync(output).mode & 0o777, 0o600)
  const first = readFileSync(output, 'utf8')
  assert.match(
    first,
    /^address,password,expires,result\r\nalice@example\.test,[\w-]+,[^,]+,issued\r\nnobody@example\.test,,,failed: /,
  )
  assert.equal((await generate('--output', output)).code, 1, 'it is there already')
  assert.equal(readFileSync(output, 'utf8'), first)
  // A line that a crash cut short.
  writeFileSync(output, `${first}bob@example.test,k7mq`)
  writeFileSync(csv, `${alice.toUpperCase()}\n${bob}\n`)
  const resumed = await generate('--output', output, '--resume')
  assert.equal(resumed.code, 0, resumed.err)
  const lines = readFileSync(output, 'utf8').trimEnd().split('\r\n')
  assert.equal(lines.length, 4)
  assert.match(lines[3] ?? '', /^bob@example\.test,\w{4}-\w{4}-\w{4},[^,]+,issued$/)
})

test('options that have no use together are refused', async () => {
  const bad: readonly (readonly string[])[] = [
    ['generate'],
    ['generate', alice, '--group', 'x'],
    ['generate', alice, '--output', 'x'],
    ['generate', '--group', 'x', '--resume'],
    ['generate', '--group', 'x', '--qr'],
    ['generate', alice, '--tries', 'many'],
  ]
  for (const args of bad) assert.equal((await site.run(['password', ...args])).code, 2, args.join(' '))
  assert.equal((await site.run(['password', 'generate', '--group', 'nobody'])).code, 3)
})
