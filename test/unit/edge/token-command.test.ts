// Programs that print tokens, and those that hang, fail and chatter.

import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '#edge/system.ts'
import { commandTokens, withoutSecrets } from '#edge/token-command.ts'
import type { MailAddress } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import { Fault } from '#kernel/fault.ts'
import { temporaryDirectory } from '../../support/store.ts'

const alice = 'alice@example.test' as MailAddress
const sh = (script: string, clock: Clock = systemClock) => commandTokens(['/bin/sh', '-c', script], clock)

/** Half a minute is over in a moment. */
const hurried: Clock = { ...systemClock, after: (delayMs, fn) => systemClock.after(delayMs / 60, fn) }

async function failure(script: string, clock?: Clock): Promise<string> {
  const error = await sh(script, clock)(null).catch((thrown: unknown) => thrown)
  assert(error instanceof Fault, 'no token')
  assert.equal(error.code, 'imap.token_unavailable')
  return error.detail
}

test('the token is what it prints, alone or with its life', async () => {
  assert.deepEqual(await sh('echo a.token')(null), { token: 'a.token', livesMs: null, refreshToken: null })
  assert.equal((await sh(`echo '{"access_token":"b","expires_in":60}'`)(null)).livesMs, 60_000)
})

test('no shell reads the arguments, and the user is one of them', async () => {
  const echo = commandTokens(['/bin/echo', '{address}'], systemClock)
  await assert.rejects(echo(alice), /printed no token/)
  const print = commandTokens(['/usr/bin/printf', '%s', 'x-{address}$(id);'], systemClock)
  await assert.rejects(print(alice), /printed no token \(output: wrong_shape\)/)
  const dashes = commandTokens(['/bin/echo', '{address}'], systemClock)
  await assert.rejects(dashes('-n@example.test' as MailAddress), /cannot be an argument/)
})

test('what goes wrong is said in a line without a secret', async () => {
  assert.equal(await failure('exit 3'), 'sh ended with 3')
  assert.equal(await failure('kill -9 $$'), 'sh was ended by SIGKILL')
  assert.equal(await failure('true'), 'sh printed no token (output: missing_field)')
  assert.equal(await failure('echo two words'), 'sh printed no token (output: wrong_shape)')
  assert.equal(await failure('head -c 200000 /dev/zero'), 'sh printed too much')
  const said = await failure('echo "cannot refresh token ya29.secretsecret for hunter2" >&2; exit 1')
  assert.equal(said, 'sh ended with 1: cannot refresh token … for …')
  const gone = commandTokens(['/nowhere/program'], systemClock)
  await assert.rejects(gone(null), /program cannot be run: ENOENT/)
})

test('one that chatters on its error output is let go on', async () => {
  assert.equal((await sh('head -c 1000000 /dev/zero >&2; echo late')(null)).token, 'late')
})

test('one that hangs is ended, and with it what it started', async (t) => {
  const file = join(temporaryDirectory(t), 'pid')
  const says = await failure(`sleep 300 & echo $! > ${file}; sleep 300`, hurried)
  assert.equal(says, 'sh did not end within 30 s')
  const pid = Number(readFileSync(file, 'utf8'))
  await new Promise((resolve) => setTimeout(resolve, 200))
  assert(hasEnded(pid), 'its child runs on')
})

/** Gone, or kept as a zombie by a container whose first process buries nobody. */
function hasEnded(pid: number): boolean {
  const file = `/proc/${pid}/stat`
  return !existsSync(file) || /\) Z /.test(readFileSync(file, 'utf8'))
}

test('one whose child keeps its output open is ended as well', async () => {
  assert.equal(await failure('sleep 300 & exit 0', hurried), 'sh did not end within 30 s')
})

test('words that may be secrets are left out of what it complains of', () => {
  const cleaned = (text: string) => withoutSecrets(Buffer.from(text))
  assert.equal(cleaned('Network is unreachable.'), 'Network is unreachable.')
  assert.equal(cleaned('password: swordfish is wrong'), 'password: … is wrong')
  assert.equal(cleaned('got 1//0abcDEF and eyJhbGciOi.J9 here'), 'got … and … here')
  assert.equal(cleaned('first line\nsecond s3cret'), 'first line')
  assert(cleaned('word '.repeat(1_000)).length <= 130)
  assert.equal(cleaned(''), '')
})
