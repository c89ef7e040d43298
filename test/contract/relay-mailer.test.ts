import assert from 'node:assert/strict'
import type { AddressInfo, Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { SMTPServer } from 'smtp-server'
import type { EtpMail } from '#relay/etp-mail.ts'
import { makeMailer } from '#relay/mailer.ts'

interface Sink {
  readonly port: number
  readonly connections: () => number
  readonly mails: () => number
  /** Ends as a killed server does: every connection is cut. */
  kill(): Promise<void>
}

async function startSink(t: TestContext, port = 0): Promise<Sink> {
  const sockets = new Set<Socket>()
  let connections = 0
  let mails = 0
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    logger: false,
    onData: (stream, _session, done) => {
      stream.resume()
      stream.on('end', () => {
        mails += 1
        done()
      })
    },
  })
  server.on('error', () => {})
  server.server.on('connection', (socket: Socket) => {
    connections += 1
    sockets.add(socket)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const kill = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of sockets) socket.destroy()
    await closed
  }
  t.after(kill)
  const bound = server.server.address() as AddressInfo
  return { port: bound.port, connections: () => connections, mails: () => mails, kill }
}

const letter: EtpMail = {
  from: { name: 'Device activation', address: 'activation@relay.test' },
  envelopeFrom: '',
  to: 'user@example.test',
  subject: 'a request',
  messageId: '<1@relay.test>',
  headers: {},
  dateMs: 0,
  text: 'text',
  file: new Uint8Array(8),
}

function makeTestMailer(t: TestContext, port: number) {
  const mailer = makeMailer({ route: { host: '127.0.0.1', port, tls: 'plain' }, ehloName: 'relay.test' })
  t.after(() => mailer.close())
  return mailer
}

test('mails after each other go over one connection', async (t) => {
  const sink = await startSink(t)
  const mailer = makeTestMailer(t, sink.port)
  for (let i = 0; i < 3; i += 1) assert.equal((await mailer.mail('example.test', letter)).kind, 'accepted')
  assert.equal(sink.mails(), 3)
  assert.equal(sink.connections(), 1)
})

test('a mail server that was started again takes the next mail at once', async (t) => {
  const first = await startSink(t)
  const mailer = makeTestMailer(t, first.port)
  assert.equal((await mailer.mail('example.test', letter)).kind, 'accepted')
  await first.kill()
  const second = await startSink(t, first.port)
  assert.equal((await mailer.mail('example.test', letter)).kind, 'accepted')
  assert.equal(second.mails(), 1)
})

test('a mail server that is away puts the mail off, also after it took one', async (t) => {
  const sink = await startSink(t)
  const mailer = makeTestMailer(t, sink.port)
  assert.equal((await mailer.mail('example.test', letter)).kind, 'accepted')
  await sink.kill()
  assert.equal((await mailer.mail('example.test', letter)).kind, 'put_off')
})
