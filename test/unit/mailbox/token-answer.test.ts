import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '#kernel/bytes.ts'
import { decodeCommandOutput, decodeTokenAnswer, tokenErrorCode } from '#mailbox/token-answer.ts'

const answer = (fields: object) => decodeTokenAnswer(utf8(JSON.stringify(fields)))

test('an answer is understood as RFC 6749 writes it, and unknown names are passed over', () => {
  assert.deepEqual(
    answer({
      access_token: 'a.b-c_d~e+f/g==',
      token_type: 'bearer',
      expires_in: 3599,
      scope: 'x',
      ext_expires_in: 1,
    }),
    { ok: true, value: { token: 'a.b-c_d~e+f/g==', livesMs: 3_599_000, refreshToken: null } },
  )
  assert.deepEqual(answer({ access_token: 'a', expires_in: '60', refresh_token: 'r 1' }), {
    ok: true,
    value: { token: 'a', livesMs: 60_000, refreshToken: 'r 1' },
  })
  assert.deepEqual(answer({ access_token: 'a' }), {
    ok: true,
    value: { token: 'a', livesMs: null, refreshToken: null },
  })
})

test('what could break out of a log-in, or is no bearer token, is refused', () => {
  const bad: readonly object[] = [
    {},
    { access_token: '' },
    { access_token: 5 },
    { access_token: 'a\u0001user=root' },
    { access_token: 'a b' },
    { access_token: 'a\r\nA1 LOGOUT' },
    { access_token: 'a'.repeat(8_193) },
    { access_token: 'a', token_type: 'mac' },
    { access_token: 'a', token_type: 7 },
    { access_token: 'a', expires_in: -1 },
    { access_token: 'a', expires_in: 1e300 },
    { access_token: 'a', expires_in: 'soon' },
    { access_token: 'a', expires_in: null },
    { access_token: 'a', refresh_token: '' },
    { access_token: 'a', refresh_token: 'r\n' },
    { access_token: 'a', refresh_token: {} },
    [],
  ]
  for (const fields of bad) assert.equal(answer(fields).ok, false, JSON.stringify(fields).slice(0, 80))
  for (const text of ['', 'null', '"a"', '<html>', '{"access_token":"a"', '\u{fffd}'])
    assert.equal(decodeTokenAnswer(utf8(text)).ok, false, text)
  assert.equal(decodeTokenAnswer(new Uint8Array([0xff, 0xfe])).ok, false)
})

test('a command prints the token alone, or a whole answer', () => {
  assert.deepEqual(decodeCommandOutput(utf8('  tok.en\n')), {
    ok: true,
    value: { token: 'tok.en', livesMs: null, refreshToken: null },
  })
  assert.deepEqual(decodeCommandOutput(utf8('{"access_token":"a","expires_in":5}\n')), {
    ok: true,
    value: { token: 'a', livesMs: 5_000, refreshToken: null },
  })
  for (const text of ['', '\n', 'two words', 'one\ntwo', 'Error: no', 'a\u0000', '[]'])
    assert.equal(decodeCommandOutput(utf8(text)).ok, false, JSON.stringify(text))
})

test('of a refusal its code is quoted and nothing else', () => {
  const error = (fields: object) => tokenErrorCode(utf8(JSON.stringify(fields)))
  assert.equal(
    error({ error: 'invalid_grant', error_description: 'refresh token 1//abc is bad' }),
    'invalid_grant',
  )
  assert.equal(
    error({ error: 'invalid_client', error_description: "AADSTS7000215: Invalid client secret 'abc'" }),
    'invalid_client AADSTS7000215',
  )
  for (const fields of [{}, { error: 5 }, { error: 'the secret abc' }, { error: 'x'.repeat(41) }])
    assert.equal(error(fields), '')
  assert.equal(tokenErrorCode(utf8('<html>')), '')
})
