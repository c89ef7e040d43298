// What servers say when they refuse, line by line, through imapflow: the code is what an administrator acts upon.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { systemClock } from '#edge/system.ts'
import { Fault, type FaultCode } from '#kernel/fault.ts'
import { serviceAccount, serviceToken } from '#mailbox/credentials.ts'
import { imapFault } from '#mailbox/imap-fault.ts'
import { imapMailServer } from '#mailbox/imap-mailbox.ts'

/** A server that refuses: `answer` is what follows the tag, or the line of a BYE. */
async function refusing(t: TestContext, answer: string, to: RegExp): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.write('* OK [CAPABILITY IMAP4rev1 NAMESPACE SASL-IR AUTH=XOAUTH2] ready\r\n')
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      for (const line of chunk.split('\r\n').filter((text) => text)) {
        const [tag = '', command = ''] = line.split(' ')
        if (!to.test(command)) socket.write(`${tag} OK done\r\n`)
        // Many close as they refuse. (A client that is throttled is to wait.)
        else
          socket[/throttled/.test(answer) ? 'write' : 'end'](
            answer.startsWith('*') ? `${answer}\r\n` : `${tag} ${answer}\r\n`,
          )
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

const password = serviceAccount({ user: 'postkey', password: 'its password' })
const token = serviceToken({
  user: 'postkey',
  tokens: { token: async () => 'its.token', refused: () => false },
})

async function faultOf(
  t: TestContext,
  answer: string,
  { to = /^(?:LOGIN|AUTHENTICATE)$/, by = password } = {},
) {
  const port = await refusing(t, answer, to)
  const server = imapMailServer({ host: '127.0.0.1', port, tls: 'none' }, by, systemClock)
  const error = await server.connect({ as: 'service' }).catch((thrown: unknown) => thrown)
  assert(error instanceof Fault, 'the log-in was refused')
  assert(!/its\.token|its password/.test(error.message), error.message)
  return error
}

const atLogin: readonly (readonly [server: string, says: string, code: FaultCode])[] = [
  ['Dovecot', 'NO [AUTHENTICATIONFAILED] Authentication failed.', 'imap.login_failed'],
  [
    'Dovecot',
    'NO [LIMIT] Maximum number of connections from user+IP exceeded (mail_max_userip_connections=2)',
    'imap.too_many_connections',
  ],
  [
    'Dovecot, older',
    'NO [UNAVAILABLE] Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)',
    'imap.too_many_connections',
  ],
  [
    'Dovecot',
    'NO [UNAVAILABLE] Temporary authentication failure. [mx:2026-11-28 21:00:00]',
    'imap.throttled',
  ],
  [
    'Dovecot',
    'NO [UNAVAILABLE] Internal error occurred. Refer to server log for more information.',
    'imap.throttled',
  ],
  ['Dovecot', 'NO [UNAVAILABLE] Account is temporarily unavailable.', 'imap.throttled'],
  ['Cyrus', 'NO Login failed: authentication failure', 'imap.login_failed'],
  ['Cyrus', 'NO Too many open connections (6 of 5 from localhost [127.0.0.1])', 'imap.too_many_connections'],
  ['Gmail', 'NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)', 'imap.login_failed'],
  [
    'Gmail',
    'NO [ALERT] Application-specific password required: https://support.google.com/accounts/answer/185833 (Failure)',
    'imap.login_failed',
  ],
  ['Gmail', 'NO [ALERT] Too many simultaneous connections. (Failure)', 'imap.too_many_connections'],
  ['Gmail', '* BYE Too many simultaneous connections. (Failure)', 'imap.too_many_connections'],
  ['Gmail', 'NO [ALERT] Account exceeded command or bandwidth limits. (Failure)', 'imap.throttled'],
  ['Gmail', '* BYE Account exceeded command or bandwidth limits.', 'imap.throttled'],
  ['Gmail', 'NO Temporary System Problem. Try again later. (Failure)', 'imap.throttled'],
  ['Exchange', 'NO LOGIN failed.', 'imap.login_failed'],
  ['Exchange', 'NO Server Unavailable. 15', 'imap.throttled'],
  ['Exchange', 'BAD Request is throttled. Suggested Backoff Time: 20 milliseconds', 'imap.throttled'],
  ['Courier', 'NO Login failed.', 'imap.login_failed'],
  ['RFC 5530', 'NO [THROTTLED] Slow down', 'imap.throttled'],
  ['RFC 5530', 'NO [INUSE] The mailbox is in use', 'imap.throttled'],
  ['RFC 5530', 'NO [LIMIT] No', 'imap.too_many_connections'],
  ['RFC 5530', 'NO [AUTHORIZATIONFAILED] You may not', 'imap.login_failed'],
  ['RFC 5530', 'NO [EXPIRED] That password is out of date', 'imap.login_failed'],
  // Words alone must not mislead.
  ['any', 'NO Too many invalid login attempts in this session', 'imap.login_failed'],
  ['any', 'BAD Unknown command', 'imap.login_failed'],
  ['any', '* BYE Server shutting down.', 'imap.unreachable'],
]

test('a server that closes the connection instead of an answer has not answered', async (t) => {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.write('* OK [CAPABILITY IMAP4rev1] ready\r\n')
    socket.on('data', (data) => {
      if (/ LOGIN /.test(String(data))) socket.end()
      else socket.write(`${String(data).split(' ')[0]} OK done\r\n`)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  await assert.rejects(
    imapMailServer({ host: '127.0.0.1', port, tls: 'none' }, password, systemClock).connect({
      as: 'service',
    }),
    (error) => error instanceof Fault && error.code === 'imap.login_unanswered',
  )
})

for (const [server, says, code] of atLogin)
  test(`at log-in, ${server}: ${says}`, async (t) => {
    const fault = await faultOf(t, says)
    assert.equal(fault.code, code, fault.message)
    const words = says.replace(/^(?:\* )?\S+ (?:\[\S+\] )?/, '')
    assert(fault.detail.includes(words.slice(0, 20)), `${fault.detail} has the server's words`)
  })

test('a refused token is not called a wrong password, and a limit is still a limit', async (t) => {
  const by = token
  const code = async (says: string, to?: RegExp) => (await faultOf(t, says, { by, ...(to && { to }) })).code
  assert.equal(await code('NO AUTHENTICATE failed.'), 'imap.token_refused')
  assert.equal(await code('NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)'), 'imap.token_refused')
  assert.equal(
    await code('NO [ALERT] Too many simultaneous connections. (Failure)'),
    'imap.too_many_connections',
  )
  // Exchange takes the token and then has no mailbox for it.
  assert.equal(await code('BAD User is authenticated but not connected.', /^NAMESPACE$/), 'imap.login_failed')
})

test('a server that offers no such mechanism is told apart', async (t) => {
  const server = createServer((socket) =>
    socket.on('error', () => {}).write('* OK [CAPABILITY IMAP4rev1] ready\r\n'),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  await assert.rejects(
    imapMailServer({ host: '127.0.0.1', port, tls: 'none' }, token, systemClock).connect({ as: 'service' }),
    (error) => error instanceof Fault && error.code === 'imap.no_mechanism',
  )
})

test('a command that is refused for now is not called a missing right', () => {
  const refused = (serverResponseCode: string) =>
    imapFault({ responseStatus: 'NO', serverResponseCode, responseText: 'no' }, 'INBOX').code
  assert.equal(refused('NONEXISTENT'), 'imap.no_mailbox')
  assert.equal(refused('NOPERM'), 'imap.no_right')
  for (const code of ['UNAVAILABLE', 'INUSE', 'THROTTLED', 'SERVERBUG'])
    assert.equal(refused(code), 'imap.throttled')
})

test("the network's own words are no server's", () => {
  const reset = Object.assign(new Error('too many connections on the way'), { code: 'ECONNRESET' })
  assert.equal(imapFault(reset, 'log-in').code, 'imap.unreachable')
})
