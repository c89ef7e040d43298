/** Knocking at mail servers: what each way of answering means. */
import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import type { Check } from '#admin/views.ts'
import { checkEndpoint, type Endpoint } from '#doctor/endpoint.ts'
import { checkMailRoute, type MailRoute } from '#doctor/smtp.ts'
import { makeTestTls, type TestTls } from '../../contract/imap-server-tls.ts'

const verdict = ({ health, code }: Check) => `${health} ${code}`
const day = 86_400_000

const endpoint = (port: number, more: Partial<Endpoint> = {}): Endpoint => ({
  name: 'the server',
  speaks: 'tls',
  tls: 'implicit',
  host: '127.0.0.1',
  port,
  serverName: 'localhost',
  unreachable: 'smtp.unreachable',
  ...more,
})

async function tlsServer(t: TestContext, { key, cert }: TestTls): Promise<number> {
  const server = createTlsServer({ key, cert }, (socket) => socket.on('error', () => {}))
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

test('a certificate is good, about to expire, expired, of another CA or of another name', async (t) => {
  const tls = makeTestTls(['localhost'])
  const port = await tlsServer(t, tls)
  const check = async (more: Partial<Endpoint>, nowMs = Date.now()) =>
    verdict(await checkEndpoint(endpoint(port, { ca: tls.ca, ...more }), nowMs))
  assert.equal(await check({}), 'ok null')
  assert.equal(await check({}, Date.now() + 350 * day), 'attention tls.expires_soon')
  assert.equal(await check({ ca: makeTestTls().ca }), 'broken tls.untrusted')
  assert.equal(await check({ serverName: 'mail.example.test' }), 'broken tls.wrong_name')
  const old = makeTestTls(['localhost'], Date.now() - 400 * day)
  const expired = await checkEndpoint(endpoint(await tlsServer(t, old), { ca: old.ca }), Date.now())
  assert.equal(verdict(expired), 'broken tls.expired')
})

test('a server that speaks another language, or hangs up, is not taken for a mail server', async (t) => {
  for (const greeting of ['HTTP/1.1 400 Bad Request\r\n\r\n', '* OK IMAP ready\r\n', '554 go away\r\n', '']) {
    const server = createServer((socket) => socket.on('error', () => {}).end(greeting))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo
    const check = await checkEndpoint(endpoint(port, { speaks: 'smtp', tls: 'none' }), Date.now())
    assert.equal(verdict(check), 'broken smtp.unreachable', greeting)
  }
})

async function smtpServer(t: TestContext, options: SMTPServerOptions): Promise<number> {
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    logger: false,
    ...options,
  })
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  t.after(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return (server.server.address() as AddressInfo).port
}

const route = (port: number, more: Partial<MailRoute> = {}): MailRoute => ({
  endpoint: endpoint(port, { speaks: 'smtp', tls: 'none' }),
  ehloName: 'relay.test',
  sender: 'bounce@relay.test',
  recipient: 'alice@example.test',
  login: null,
  ...more,
})

for (const method of ['PLAIN', 'LOGIN'])
  test(`the relay's log-in is tried with ${method}, and a refusal shows no password`, async (t) => {
    const port = await smtpServer(t, {
      authMethods: [method],
      onAuth: ({ username, password }, _session, done) =>
        username === 'relay' && password === 'right' ? done(null, { user: 'relay' }) : done(new Error('no')),
    })
    const check = async (password: string) =>
      (await checkMailRoute(route(port, { login: { user: 'relay', password } }), Date.now())).at(-1)
    assert.equal((await check('right'))?.health, 'ok')
    const refused = await check('hunter2-wrong')
    assert.equal(refused?.code, 'smtp.login_failed')
    const secret = Buffer.from('hunter2-wrong').toString('base64')
    assert(!JSON.stringify(refused).includes('hunter2') && !JSON.stringify(refused).includes(secret))
  })

test('a recipient that is put off needs attention, and no message is ever sent', async (t) => {
  let messages = 0
  const port = await smtpServer(t, {
    authOptional: true,
    onRcptTo: (_address, _session, done) =>
      done(Object.assign(new Error('4.7.1 Greylisted'), { responseCode: 451 })),
    onData: (stream, _session, done) => {
      messages += 1
      stream.resume().on('end', () => done())
    },
  })
  const [server, recipient] = await checkMailRoute(route(port), Date.now())
  assert.equal(server?.health, 'ok')
  assert.equal(recipient && verdict(recipient), 'attention smtp.unreachable')
  assert.match(recipient?.says ?? '', /451 4\.7\.1 Greylisted/)
  assert.equal(messages, 0)
})
