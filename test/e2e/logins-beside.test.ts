// One activation beside Postfix and Dovecot by every way to log in at Dovecot.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Beside, startBeside } from '../support/beside.ts'
import { examine } from '../support/doctor.ts'
import type { MailUser } from '../support/dovecot.ts'
import { assertFound, fastWatch } from '../support/each-watch.ts'
import { missingPeer } from '../support/peers.ts'
import { activate, bin, goodScreens, type Postkey, screensOf, startPostkey } from '../support/postkey.ts'
import { run } from '../support/process.ts'
import { temporaryDirectory } from '../support/store.ts'
import { startTokenServer, type TokenServer } from '../support/token-server.ts'

interface Site {
  readonly beside: Beside
  readonly tokens: TokenServer
  readonly directory: string
  /** Writes a file of the administrator's; returns its path. */
  put(name: string, content: string, mode?: number): string
}

interface Way {
  /** Values of `[imap]` that differ from a service account with a password and all inboxes in sight. */
  set(site: Site): readonly string[]
  /** What else the administrator does for this user. */
  prepare?(site: Site, postkey: Postkey, user: MailUser): Promise<void>
  /** How often the server is started, each time for another user; once without it. */
  readonly starts?: number
  after?(site: Site): void
}

const byToken = (...more: string[]) => ['auth=xoauth2', 'password_file=', 'access=authzid', ...more]

const endpoint = ({ tokens, put }: Site) => [
  `token_url=${tokens.url}`,
  `client_id=${tokens.clientId}`,
  `client_secret_file=${put('client-secret', tokens.clientSecret)}`,
]

/** A program that keeps a token ready, as such programs do. */
const tokenCommand = ({ tokens, put }: Site, ...args: string[]) => {
  const kept = put('kept-token', tokens.issue())
  return JSON.stringify([put('token-command', `#!/bin/sh\ncat "${kept}"\n`, 0o700), ...args])
}

const ways: Readonly<Record<string, Way>> = {
  'on behalf of each user': { set: () => ['access=authzid'] },
  'as a master user': { set: () => ['access=master'] },
  "with each user's own password": {
    set: () => ['access=per_user', 'password_file='],
    prepare: (_, postkey, { address, password }) => keepPassword(postkey, address, password),
  },
  'with a token of a command': { set: (site) => byToken(`token_command=${tokenCommand(site)}`) },
  'with a token of a command for each user': {
    set: (site) => byToken(`token_command=${tokenCommand(site, '{address}')}`),
  },
  "with the client's own tokens": { set: (site) => byToken(...endpoint(site), 'scope=mail') },
  'with a refresh token that is replaced at each use': {
    set: (site) => {
      site.tokens.rotates = true
      const file = site.put('refresh-token', site.tokens.refreshToken())
      return byToken(...endpoint(site), `refresh_token_file=${file}`)
    },
    starts: 2,
    after: ({ tokens }) => {
      const renewals = tokens.asked.filter((form) => form.get('grant_type') === 'refresh_token')
      assert.equal(
        renewals.length,
        2,
        'each start begins with the refresh token that the one before has kept',
      )
      assert.equal(new Set(renewals.map((form) => form.get('refresh_token'))).size, 2)
    },
  },
}

const userOf = (way: string, start = 0): MailUser => {
  const name = `user${Object.keys(ways).indexOf(way)}.${start}`
  return { address: `${name}@example.test`, password: `${name}'s own` }
}

async function keepPassword(postkey: Postkey, address: string, password: string): Promise<void> {
  const options = { input: `${password}\n`, cwd: postkey.data }
  const args = ['--set', `server.data_dir=${postkey.data}`, 'user', 'mailbox-password', address]
  const { code, stdout, stderr } = await run(bin, args, options)
  assert.equal(code, 0, stderr)
  assert(!(stdout + stderr).includes(password))
}

async function startSite(t: TestContext): Promise<Site> {
  const tokens = await startTokenServer(t, 'postkey@example.test')
  const { introspectionUrl } = tokens
  const users = Object.keys(ways).flatMap((way) => [userOf(way), userOf(way, 1)])
  const beside = await startBeside(t, users, [], { oauth2: { introspectionUrl, usernameFormat: '%Ld' } })
  const directory = temporaryDirectory(t)
  const put: Site['put'] = (name, content, mode = 0o600) => {
    const path = join(directory, name)
    writeFileSync(path, content, { mode })
    return path
  }
  return { beside, tokens, directory, put }
}

test('every way to log in beside Dovecot', { skip: missingPeer('dovecot', 'postfix') }, async (t) => {
  const site = await startSite(t)
  for (const [name, way] of Object.entries(ways))
    await t.test(`an activation completes ${name}`, async (t) => {
      const set = way.set(site).map((value) => `imap.${value}`)
      for (let start = 0; start < (way.starts ?? 1); start += 1)
        await activates(t, site, way, userOf(name, start), set)
      way.after?.(site)
    })
})

async function activates(
  t: TestContext,
  site: Site,
  way: Way,
  user: MailUser,
  set: readonly string[],
): Promise<void> {
  const postkey = await startPostkey(t, { set: [...site.beside.set, ...fastWatch.set, ...set] })
  const password = await postkey.addUser(user.address)
  await way.prepare?.(site, postkey, user)
  const outcome = await activate(postkey, user.address, password)
  assert.deepEqual(screensOf(outcome), goodScreens(user.address))
  await assertFound(postkey, user.address, fastWatch)
  await postkey.process.waitFor(/an activation mail was removed/)
  assert.deepEqual(await site.beside.inbox(user), [])

  const { checks } = await examine(postkey)
  const login = checks.find(({ name }) => name.startsWith('IMAP log-in'))
  assert.equal(login?.health, 'ok', JSON.stringify(login))
  await postkey.stop()
  for (const secret of [...site.tokens.secrets, user.password])
    assert(!postkey.log().includes(secret), 'a secret in the log')
}
