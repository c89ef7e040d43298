// Token servers that do what RFC 6749 says, and those that do not.

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { systemClock } from '#edge/system.ts'
import { endpointTokens, type TokenEndpoint } from '#edge/token-endpoint.ts'
import type { Clock } from '#kernel/clock.ts'
import { Fault } from '#kernel/fault.ts'
import { temporaryDirectory } from '../../support/store.ts'
import { type Manner, startTokenServer, type TokenServer } from '../../support/token-server.ts'

const endpointOf = (site: TokenServer, refreshTokenFile: string | null): TokenEndpoint => ({
  url: site.url,
  clientId: site.clientId,
  clientSecret: site.clientSecret,
  refreshTokenFile,
  scope: 'https://mail.example.test/.default offline_access',
})

async function withFile(t: TestContext) {
  const site = await startTokenServer(t)
  const file = join(temporaryDirectory(t), 'refresh-token')
  writeFileSync(file, `${site.refreshToken()}\n`, { mode: 0o600 })
  return { site, file }
}

/** The fault, in which there is no secret of the token server's. */
async function failure(site: TokenServer, endpoint: TokenEndpoint, clock: Clock = systemClock) {
  const error = await endpointTokens(endpoint, clock)(null).catch((thrown: unknown) => thrown)
  assert(error instanceof Fault, 'no token')
  for (const secret of site.secrets) assert(!error.message.includes(secret), 'a secret in a message')
  return { code: error.code, detail: error.detail.replace(/127\.0\.0\.1:\d+/, 'HOST') }
}

test('the client asks for a token for itself, with its scope', async (t) => {
  const site = await startTokenServer(t)
  const answer = await endpointTokens(endpointOf(site, null), systemClock)(null)
  assert.equal(answer.livesMs, 3_600_000)
  assert.deepEqual(Object.fromEntries(site.asked[0] ?? []), {
    grant_type: 'client_credentials',
    client_id: site.clientId,
    client_secret: site.clientSecret,
    scope: 'https://mail.example.test/.default offline_access',
  })
})

test('a refresh token that stays is used again and again', async (t) => {
  const { site, file } = await withFile(t)
  const fetch = endpointTokens(endpointOf(site, file), systemClock)
  const tokens = [(await fetch(null)).token, (await fetch(null)).token]
  assert.equal(new Set(tokens).size, 2)
  assert.equal(readFileSync(file, 'utf8'), `${site.refreshToken()}\n`)
})

test('a new refresh token is on disk, for its owner alone, before its access token is used', async (t) => {
  const { site, file } = await withFile(t)
  site.rotates = true
  const before = site.refreshToken()
  await endpointTokens(endpointOf(site, file), systemClock)(null)
  assert.notEqual(site.refreshToken(), before)
  assert.equal(readFileSync(file, 'utf8'), `${site.refreshToken()}\n`)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  // Another process begins where this one ended.
  await endpointTokens(endpointOf(site, file), systemClock)(null)
  assert.equal(site.asked.length, 2)
})

test('a new refresh token that cannot be written is not lost, and its access token not used', async (t) => {
  const { site, file } = await withFile(t)
  site.rotates = true
  const draft = `${file}.${process.pid}.new`
  mkdirSync(draft)
  const fetch = endpointTokens(endpointOf(site, file), systemClock)
  const cannot = (error: unknown) => error instanceof Fault && /cannot be written$/.test(error.detail)
  await assert.rejects(fetch(null), cannot)
  const newest = site.refreshToken()
  assert.notEqual(readFileSync(file, 'utf8').trim(), newest)
  await assert.rejects(fetch(null), cannot)
  assert.equal(site.asked.length, 1, 'nothing is asked while the newest cannot be kept')
  rmdirSync(draft)
  assert.match((await fetch(null)).token, /^at\./)
  assert.equal(site.asked[1]?.get('refresh_token'), newest)
  assert.equal(readFileSync(file, 'utf8').trim(), site.refreshToken())
})

test('a refusal is told apart from a server that is busy, away or no token server', async (t) => {
  const { site, file } = await withFile(t)
  const endpoint = endpointOf(site, file)
  writeFileSync(file, 'withdrawn\n')
  assert.deepEqual(await failure(site, endpoint), {
    code: 'imap.token_denied',
    detail: 'HOST: invalid_grant AADSTS70000',
  })
  writeFileSync(file, `${site.refreshToken()}\n`)
  const expected: readonly (readonly [Manner, 'imap.token_denied' | 'imap.token_unavailable', string])[] = [
    ['denies', 'imap.token_denied', 'HOST: invalid_client'],
    ['busy', 'imap.token_unavailable', 'HOST: answered with 503'],
    ['garbage', 'imap.token_unavailable', 'HOST: answered with no token (answer: wrong_shape)'],
    ['html', 'imap.token_unavailable', 'HOST: answered with no token (answer: wrong_shape)'],
    ['no_token', 'imap.token_unavailable', 'HOST: answered with no token (access_token: wrong_shape)'],
    ['redirects', 'imap.token_unavailable', 'HOST: answered with 302'],
    ['endless', 'imap.token_unavailable', 'HOST: the answer is too long'],
  ]
  for (const [manner, code, detail] of expected) {
    site.manner = manner
    assert.deepEqual(await failure(site, endpoint), { code, detail }, manner)
  }
  const hurried: Clock = { ...systemClock, after: (delayMs, fn) => systemClock.after(delayMs / 60, fn) }
  site.manner = 'silent'
  assert.deepEqual(await failure(site, endpoint, hurried), {
    code: 'imap.token_unavailable',
    detail: 'HOST: no answer in time',
  })
  const away = await failure(site, { ...endpoint, url: 'http://127.0.0.1:1/token' })
  assert.equal(away.code, 'imap.token_unavailable')
  assert.match(away.detail, /ECONNREFUSED/)
  site.manner = 'well'
  assert.match((await endpointTokens(endpoint, systemClock)(null)).token, /^at\./)
})

test('a file without a refresh token says so', async (t) => {
  const { site, file } = await withFile(t)
  for (const [content, says] of [
    ['', 'does not hold a refresh token'],
    ['two\nlines\u0001', 'does not hold a refresh token'],
    ['x'.repeat(20_000), 'does not hold a refresh token'],
  ] as const) {
    writeFileSync(file, content)
    assert.equal((await failure(site, endpointOf(site, file))).detail, `${file} ${says}`)
  }
  const none = await failure(site, endpointOf(site, join(file, 'none')))
  assert.match(none.detail, /cannot be read/)
  assert.equal(site.asked.length, 0)
})

test('without TLS a token server is spoken to on this machine alone', () => {
  const away = {
    url: 'http://id.example.test/token',
    clientId: 'a',
    clientSecret: 'b',
    refreshTokenFile: null,
  }
  return assert.rejects(endpointTokens({ ...away, scope: '' }, systemClock)(null), /loopback/)
})
