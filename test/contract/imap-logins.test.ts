// Every way to log in at Dovecot, and what it is called when it fails.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { systemClock, systemRandom } from '#edge/system.ts'
import { endpointTokens } from '#edge/token-endpoint.ts'
import { Fault, type FaultCode } from '#kernel/fault.ts'
import {
  type MailCredentials,
  masterUser,
  ownPasswords,
  serviceAccount,
  serviceToken,
} from '#mailbox/credentials.ts'
import { imapMailServer } from '#mailbox/imap-mailbox.ts'
import type { MailLogin } from '#mailbox/mailbox.ts'
import { lookAtOne } from '#mailbox/one-look.ts'
import { makePool } from '#mailbox/pool.ts'
import { cachedTokens } from '#mailbox/token-cache.ts'
import { type Dovecot, startDovecot } from '../support/dovecot.ts'
import { missingPeer } from '../support/peers.ts'
import { startTokenServer, type TokenServer } from '../support/token-server.ts'
import { address } from './imap-server-embedded.ts'
import { deliverByLmtp } from './lmtp.ts'
import { etpMail } from './mailbox-support.ts'

const alice = { address: 'alice@example.test', password: "alice's own" }
const bob = { address: 'bob@example.test', password: "bob's own" }
const as = (user: string): MailLogin => ({ as: 'user', user: address(user) })
const nobody = as('nobody@example.test')

interface Site {
  readonly dovecot: Dovecot
  readonly tokens: TokenServer
}

async function startSite(t: TestContext, mechanisms?: string): Promise<Site> {
  const tokens = await startTokenServer(t, 'postkey@example.test')
  const { introspectionUrl } = tokens
  const dovecot = await startDovecot({
    users: [alice, bob],
    oauth2: { introspectionUrl, usernameFormat: '%Ld', ...(mechanisms && { mechanisms }) },
  })
  t.after(() => dovecot.stop())
  return { dovecot, tokens }
}

const serverOf = ({ dovecot }: Site, credentials: MailCredentials) =>
  imapMailServer({ host: '127.0.0.1', port: dovecot.imapPort, tls: 'none' }, credentials, systemClock)

const account = ({ dovecot: { serviceAccount: of } }: Site, password = of.pass) => ({
  user: of.user,
  password,
})

/** A client's own tokens; `spoilt` makes the token one that the server does not know. */
const tokensOf = ({ tokens: { url, clientId, clientSecret } }: Site, spoilt: boolean) => {
  const endpoint = { url, clientId, clientSecret, refreshTokenFile: null, scope: '' }
  const fetch = endpointTokens(endpoint, systemClock)
  return cachedTokens(async (owner) => ({ ...(await fetch(owner)), ...(spoilt && { token: 'none.such' }) }), {
    clock: systemClock,
    random: systemRandom,
  })
}

interface Way {
  readonly mechanisms?: string
  credentials(site: Site, wrong: boolean): MailCredentials
  readonly whenWrong: FaultCode
  readonly unknownUser: FaultCode | readonly FaultCode[]
}

const tokenWay: Pick<Way, 'credentials' | 'whenWrong' | 'unknownUser'> = {
  credentials: (site, wrong) => serviceToken({ user: 'postkey', tokens: tokensOf(site, wrong) }),
  whenWrong: 'imap.token_refused',
  // The token is good; that there is no such user is then an inner trouble of Dovecot's, told or not.
  unknownUser: ['imap.throttled', 'imap.login_unanswered'],
}

const ways: Readonly<Record<string, Way>> = {
  authzid: {
    credentials: (site, wrong) => serviceAccount(account(site, wrong ? 'wrong' : undefined)),
    whenWrong: 'imap.login_failed',
    unknownUser: 'imap.login_failed',
  },
  'a master user': {
    credentials: (site, wrong) =>
      masterUser({ ...account(site, wrong ? 'wrong' : undefined), separator: '*' }),
    whenWrong: 'imap.login_failed',
    unknownUser: 'imap.login_failed',
  },
  'their own password': {
    credentials: (_, wrong) =>
      ownPasswords(async (owner) => (owner === alice.address ? (wrong ? 'wrong' : alice.password) : null)),
    whenWrong: 'imap.login_failed',
    unknownUser: 'imap.no_password',
  },
  XOAUTH2: { mechanisms: 'xoauth2', ...tokenWay },
  OAUTHBEARER: { mechanisms: 'oauthbearer', ...tokenWay },
}

const failsWith = (codes: FaultCode | readonly FaultCode[]) => (error: unknown) => {
  assert(error instanceof Fault, String(error))
  assert([codes].flat().includes(error.code), error.message)
  return true
}

for (const [name, way] of Object.entries(ways))
  test(`Dovecot: a user's mailbox is read by ${name}`, { skip: missingPeer('dovecot') }, async (t) => {
    const site = await startSite(t, way.mechanisms)
    await deliverByLmtp(site.dovecot.lmtpPort, alice.address, etpMail())
    await deliverByLmtp(site.dovecot.lmtpPort, bob.address, etpMail("bob's"))
    const server = serverOf(site, way.credentials(site, false))
    const connection = await server.connect(as(alice.address))
    const found = await lookAtOne(connection, { name: 'INBOX', fromUid: 1, limit: 10 })
    assert.equal(found.messages.length, 1)
    assert.match(found.messages[0]?.subject ?? '', /MDAP 1/)
    const { uidValidity } = found
    assert.equal(await connection.remove('INBOX', { uidValidity, uid: 1 }), 'removed')
    await connection.close()

    await assert.rejects(server.connect(nobody), failsWith(way.unknownUser))
    const wrong = serverOf(site, way.credentials(site, true))
    await assert.rejects(wrong.connect(as(alice.address)), failsWith(way.whenWrong))
  })

test('Dovecot: a server without a mechanism for tokens says so', {
  skip: missingPeer('dovecot'),
}, async (t) => {
  const dovecot = await startDovecot({ users: [alice] })
  t.after(() => dovecot.stop())
  const site = { dovecot, tokens: await startTokenServer(t) }
  const server = serverOf(site, tokenWay.credentials(site, false))
  await assert.rejects(server.connect(as(alice.address)), failsWith('imap.no_mechanism'))
})

/** A service account in whose sight all inboxes are, and a clock that the test turns. */
async function startTokenSite(t: TestContext) {
  const tokens = await startTokenServer(t, 'postkey')
  const dovecot = await startDovecot({
    users: [alice, bob],
    oauth2: { introspectionUrl: tokens.introspectionUrl },
    // A token that was withdrawn is noticed at once.
    config: 'auth_cache_size = 0',
  })
  t.after(() => dovecot.stop())
  let aheadMs = 0
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs }
  const { url, clientId, clientSecret } = tokens
  const endpoint = { url, clientId, clientSecret, refreshTokenFile: null, scope: '' }
  const source = cachedTokens(endpointTokens(endpoint, clock), { clock, random: systemRandom })
  const credentials = serviceToken({ user: 'postkey', tokens: source })
  const server = imapMailServer(
    { host: '127.0.0.1', port: dovecot.imapPort, tls: 'none' },
    credentials,
    clock,
  )
  const pass = (ms: number) => {
    aheadMs += ms
  }
  return { tokens, dovecot, server, clock, pass }
}

test('Dovecot: a token opens the view of all inboxes, and is the account it says', {
  skip: missingPeer('dovecot'),
}, async (t) => {
  const { server, dovecot } = await startTokenSite(t)
  await deliverByLmtp(dovecot.lmtpPort, alice.address, etpMail())
  const connection = await server.connect({ as: 'service' })
  const [status] = (await Array.fromAsync(connection.status([`all/${alice.address}`], 10_000))).flat()
  assert(status && !('error' in status) && status.exists === 1)
  await connection.close()
  // Here the names must be the same, so that the service account's token opens nobody's mailbox.
  await assert.rejects(server.connect(as(bob.address)), failsWith('imap.token_refused'))
})

test('Dovecot: a token that ends while connections are pooled is replaced once, for all of them', {
  skip: missingPeer('dovecot'),
}, async (t) => {
  const { tokens, server, clock, pass } = await startTokenSite(t)
  const pool = makePool({ server, connectionsMax: 4, clock, random: systemRandom })
  t.after(() => pool.close())
  const service = { as: 'service' } as const
  await pool.use(service, async () => {})
  assert.deepEqual([pool.stats().open, tokens.asked.length], [1, 1])

  tokens.revokeAll()
  pass(60_000)
  await Promise.all(
    Array.from({ length: 8 }, () => pool.use(service, () => new Promise((go) => setTimeout(go, 50)))),
  )
  const { open, opened, lost, connectFailures } = pool.stats()
  assert.deepEqual([open, opened, lost, connectFailures], [4, 4, 0, 0], 'the first connection lives on')
  assert.equal(tokens.asked.length, 2)
})

test('Dovecot: with the token server away log-ins say so, it is not stormed, and they recover', {
  skip: missingPeer('dovecot'),
}, async (t) => {
  const { tokens, server, pass } = await startTokenSite(t)
  tokens.manner = 'busy'
  for (let i = 0; i < 10; i += 1)
    await assert.rejects(server.connect({ as: 'service' }), failsWith('imap.token_unavailable'))
  assert.equal(tokens.asked.length, 1)
  pass(10_000)
  tokens.manner = 'denies'
  await assert.rejects(server.connect({ as: 'service' }), failsWith('imap.token_denied'))
  pass(60_000)
  tokens.manner = 'well'
  await (await server.connect({ as: 'service' })).close()
  assert.equal(tokens.asked.length, 3)
})
