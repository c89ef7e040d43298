// Settings of [imap] that contradict each other are refused in plain words.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkConfig } from '#config/load.ts'

const set = (...pairs: string[]) =>
  checkConfig({
    set: [
      'imap.host=mail.example.test',
      'relay.smtp.host=mx.example',
      ...pairs.map((pair) => `imap.${pair}`),
    ],
    env: {},
    cwd: '/nowhere',
  }).mistakes.map(({ key, says }) => `${key} ${says}`)

const command = 'token_command=["/usr/local/bin/token","{address}"]'
const endpoint = ['token_url=https://id.example.test/token', 'client_id=c', 'client_secret_file=/s']

test('every way to log in can be written down', () => {
  const good: readonly (readonly string[])[] = [
    ['password_file=/p'],
    ['password_file=/p', 'access=authzid', 'login_name={local}'],
    ['password_file=/p', 'access=master', 'master_separator=%'],
    ['access=per_user'],
    ['auth=xoauth2', 'token_command=["/usr/local/bin/token"]'],
    ['auth=xoauth2', 'access=authzid', command],
    ['auth=xoauth2', ...endpoint],
    [
      'auth=xoauth2',
      'access=authzid',
      ...endpoint,
      'refresh_token_file=/r',
      'scope=mail',
      'token_ca_file=/ca',
    ],
    ['auth=xoauth2', 'token_url=http://127.0.0.1:8080/t', 'client_id=c', 'refresh_token_file=/r'],
  ]
  for (const pairs of good) assert.deepEqual(set(...pairs), [], pairs.join(' '))
})

test('what contradicts itself is refused', () => {
  const bad: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /^imap\.password_file must name the file with the password of the service account/],
    [['access=per_user', 'password_file=/p'], /^imap\.password_file has no use with access = "per_user"/],
    [
      ['access=per_user', 'auth=xoauth2', 'token_command=["/t"]'],
      /^imap\.auth must be "password".*\{address\}/,
    ],
    [
      ['auth=xoauth2', 'password_file=/p', 'token_command=["/t"]'],
      /^imap\.password_file has no use with auth/,
    ],
    [['auth=xoauth2', 'access=master', 'token_command=["/t"]'], /^imap\.access must not be "master"/],
    [['auth=xoauth2'], /^imap\.token_command or imap\.token_url must be set/],
    [['auth=xoauth2', 'token_command=["/t"]', ...endpoint], /cannot both be set/],
    [['auth=xoauth2', 'token_command=["/t"]', 'scope=x'], /^imap\.scope has no use without imap\.token_url/],
    [['auth=xoauth2', 'token_command=["token"]'], /absolute path/],
    [['auth=xoauth2', command], /\{address\} with access = "authzid" only/],
    [
      ['auth=xoauth2', 'token_url=http://id.example.test/t', ...endpoint.slice(1)],
      /^imap\.token_url must be a URL/,
    ],
    [['auth=xoauth2', 'token_url=https://u:p@id.example.test/', ...endpoint.slice(1)], /holds no password/],
    [['auth=xoauth2', 'token_url=id.example.test', ...endpoint.slice(1)], /^imap\.token_url must be a URL/],
    [['auth=xoauth2', ...endpoint.slice(0, 1), 'client_secret_file=/s'], /^imap\.client_id must be set/],
    [
      ['auth=xoauth2', ...endpoint.slice(0, 2)],
      /^imap\.refresh_token_file or imap\.client_secret_file must be set/,
    ],
    [['password_file=/p', ...endpoint.slice(0, 1)], /^imap\.token_url has no use with auth = "password"/],
    [['password_file=/p', 'token_command=["/t"]'], /^imap\.token_command has no use with auth = "password"/],
    [['password_file=/p', 'login_name=everybody'], /^imap\.login_name must contain/],
    [['password_file=/p', 'master_separator='], /^imap\.master_separator must not be empty/],
  ]
  for (const [pairs, says] of bad) {
    const [first = '', ...more] = set(...pairs)
    assert.match(first, says, pairs.join(' '))
    assert.deepEqual(more, [], pairs.join(' '))
  }
})

test('for the embedded IMAP server nothing of it counts', () => {
  const { mistakes } = checkConfig({ set: ['imap.access=per_user'], env: {}, cwd: '/nowhere' })
  assert.deepEqual(mistakes, [])
})
