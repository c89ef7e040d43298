// What `postkey doctor` says of a log-in that does not work: each fault made for real beside Dovecot.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type FaultCode, faultRow } from '#kernel/fault.ts'
import { startBeside } from '../support/beside.ts'
import { examine } from '../support/doctor.ts'
import { missingPeer } from '../support/peers.ts'
import { startPostkey } from '../support/postkey.ts'
import { temporaryDirectory } from '../support/store.ts'
import { startTokenServer, type TokenServer } from '../support/token-server.ts'

const alice = { address: 'alice@example.test', password: "alice's own" }

interface Broken {
  readonly set: readonly string[]
  readonly code: FaultCode
  /** What the detail must name. */
  readonly names: RegExp
  readonly manner?: TokenServer['manner']
  readonly account?: string
}

test('the doctor of log-ins beside Dovecot', { skip: missingPeer('dovecot', 'postfix') }, async (t) => {
  const tokens = await startTokenServer(t, 'postkey')
  const { introspectionUrl } = tokens
  const beside = await startBeside(t, [alice], [], { oauth2: { introspectionUrl } })
  const directory = temporaryDirectory(t)
  const put = (name: string, content: string, mode = 0o600): string => {
    const path = join(directory, name)
    writeFileSync(path, content, { mode })
    return path
  }
  const token = ['auth=xoauth2', 'password_file=']
  const endpoint = [
    ...token,
    `token_url=${tokens.url}`,
    `client_id=${tokens.clientId}`,
    `client_secret_file=${put('secret', tokens.clientSecret)}`,
  ]
  const command = (name: string, script: string) =>
    `token_command=${JSON.stringify([put(name, `#!/bin/sh\n${script}\n`, 0o700)])}`

  const broken: Readonly<Record<string, Broken>> = {
    'a wrong password': {
      set: [`password_file=${put('wrong', 'wrong\n')}`],
      code: 'imap.login_failed',
      names: /Authentication failed/,
    },
    'a wrong password of a master user': {
      set: ['access=master', `password_file=${put('wrong', 'wrong\n')}`],
      code: 'imap.login_failed',
      names: /on behalf of alice@example\.test: Authentication failed/,
    },
    "a user's password that nobody has set": {
      set: ['access=per_user', 'password_file='],
      code: 'imap.no_password',
      names: /alice@example\.test/,
    },
    "a token that is another account's": {
      set: endpoint,
      account: 'somebody@example.test',
      code: 'imap.token_refused',
      names: /Authentication failed/,
    },
    'a client that the token server does not know': {
      set: endpoint,
      manner: 'denies',
      code: 'imap.token_denied',
      names: /invalid_client/,
    },
    'a token server that is busy': {
      set: endpoint,
      manner: 'busy',
      code: 'imap.token_unavailable',
      names: /answered with 503/,
    },
    'a token command that fails': {
      set: [...token, command('failing', 'echo "no such account" >&2; exit 4')],
      code: 'imap.token_unavailable',
      names: /failing ended with 4: no such account/,
    },
    'a token command that prints something else': {
      set: [...token, command('talking', 'echo please sign in')],
      code: 'imap.token_unavailable',
      names: /talking printed no token/,
    },
  }

  const check = async (
    t: TestContext,
    { set, code, names, manner = 'well', account = 'postkey' }: Broken,
  ) => {
    tokens.manner = manner
    tokens.account = account
    const all = [...beside.set, 'doctor.disk_free_mib=0', ...set.map((value) => `imap.${value}`)]
    const postkey = await startPostkey(t, { set: all })
    await postkey.addUser(alice.address)
    const { checks, exit } = await examine(postkey, '--no-canary')
    const login = checks.find(({ name }) => name.startsWith('IMAP log-in'))
    assert.deepEqual([login?.health, login?.code, login?.next], ['broken', code, faultRow(code).next])
    assert.match(login?.says ?? '', names)
    assert.equal(exit, 1)
    await postkey.stop()
    for (const secret of tokens.secrets) assert(!postkey.log().includes(secret), 'a secret in the log')
  }

  for (const [name, fault] of Object.entries(broken)) await t.test(name, (t) => check(t, fault))
})
