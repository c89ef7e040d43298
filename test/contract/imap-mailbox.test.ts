import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type TestContext, test } from 'node:test'
import { systemClock } from '#edge/system.ts'
import type { Clock } from '#kernel/clock.ts'
import { Fault, type FaultCode } from '#kernel/fault.ts'
import { type ImapServerAddress, imapMailServer } from '#mailbox/imap-mailbox.ts'
import { lookAtOne } from '#mailbox/one-look.ts'
import { address, service, startEmbeddedMail } from './imap-server-embedded.ts'
import { makeTestTls } from './imap-server-tls.ts'

const account = { user: service.name, password: service.password }
const asService = { as: 'service' } as const
const alice = 'alice@example.test'

const failsWith =
  (code: FaultCode, words = /./) =>
  (error: unknown) =>
    error instanceof Fault && error.code === code && words.test(error.detail)

async function embedded(t: TestContext, tls = makeTestTls()) {
  const server = await startEmbeddedMail([{ address: alice, password: 'alice secret' }], {
    tls: { ...tls, port: 0 },
  })
  t.after(() => server.stop())
  return { port: server.imap.port, tlsPort: server.imap.tlsPort ?? 0, ca: tls.ca }
}

/** A server that greets and then answers each line with what `answer` makes of it. */
async function scripted(t: TestContext, answer: (tag: string, command: string) => string) {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.write('* OK [CAPABILITY IMAP4rev1] hello\r\n')
    let text = ''
    socket.setEncoding('latin1').on('data', (chunk) => {
      text += chunk
      const lines = text.split('\r\n')
      text = lines.pop() ?? ''
      for (const line of lines) {
        const [tag = '', ...rest] = line.split(' ')
        socket.write(answer(tag, rest.join(' ')))
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  return imapMailServer({ host: '127.0.0.1', port, tls: 'none' }, account, systemClock)
}

const connecting = (to: ImapServerAddress, as = account) =>
  imapMailServer(to, as, systemClock).connect(asService)

test('TLS from the first byte and after STARTTLS works with the CA, and not without', async (t) => {
  const { port, tlsPort, ca } = await embedded(t)
  const ways: readonly ImapServerAddress[] = [
    { host: 'localhost', port: tlsPort, tls: 'implicit' },
    { host: 'localhost', port, tls: 'starttls' },
  ]
  for (const way of ways) {
    const connection = await connecting({ ...way, ca })
    assert.equal((await Array.fromAsync(connection.status([`user/${alice}`], 10_000))).length, 1)
    await connection.close()
    await assert.rejects(connecting(way), failsWith('imap.unreachable', /certificate/))
    await assert.rejects(connecting({ ...way, ca: makeTestTls().ca }), failsWith('imap.unreachable'))
  }
})

test('a certificate for another host is refused', async (t) => {
  const { tlsPort, ca } = await embedded(t)
  await assert.rejects(
    connecting({ host: '127.0.0.1', port: tlsPort, tls: 'implicit', ca }),
    failsWith('imap.unreachable'),
  )
})

test('without TLS only this machine is spoken to', () => {
  const away: ImapServerAddress = { host: 'mail.example.test', port: 143, tls: 'none' }
  assert.throws(() => imapMailServer(away, account, systemClock), /loopback/)
})

test('STARTTLS that is not offered is no reason to log in without it', async (t) => {
  const server = await startEmbeddedMail([])
  t.after(() => server.stop())
  await assert.rejects(
    connecting({ host: '127.0.0.1', port: server.imap.port, tls: 'starttls' }),
    failsWith('imap.unreachable'),
  )
})

test('a refused password, a user that may not be spoken for and a closed port say what they are', async (t) => {
  const { port, ca } = await embedded(t)
  const to: ImapServerAddress = { host: 'localhost', port, tls: 'starttls', ca }
  const wrong = { ...account, password: 'not it' }
  const refused = await connecting(to, wrong).catch((error: unknown) => error)
  assert(failsWith('imap.login_failed')(refused))
  assert(refused instanceof Fault && !refused.message.includes('not it'))
  const nobody = { as: 'user', user: address('nobody@example.test') } as const
  await assert.rejects(
    imapMailServer(to, account, systemClock).connect(nobody),
    failsWith('imap.login_failed'),
  )
  await assert.rejects(
    connecting({ host: '127.0.0.1', port: 1, tls: 'none' }),
    failsWith('imap.unreachable', /ECONNREFUSED/),
  )
})

test('a connection that the server ends is of no more use', async (t) => {
  const server = await startEmbeddedMail([{ address: alice, password: 'x' }])
  const connection = await connecting({ host: '127.0.0.1', port: server.imap.port, tls: 'none' })
  assert(connection.usable())
  await server.stop()
  await assert.rejects(
    lookAtOne(connection, { name: `user/${alice}`, fromUid: 1, limit: 1 }),
    failsWith('imap.unreachable'),
  )
  assert.equal(connection.usable(), false)
  t.after(() => connection.close())
})

const ordinary = (tag: string, command: string): string =>
  /^NAMESPACE/.test(command) ? `* NAMESPACE NIL NIL NIL\r\n${tag} OK\r\n` : `${tag} OK done\r\n`

test('an answer without UIDVALIDITY is not understood, and the connection given up', async (t) => {
  const server = await scripted(t, (tag, command) =>
    /^EXAMINE/.test(command) ? `* 1 EXISTS\r\n${tag} OK [READ-ONLY] done\r\n` : ordinary(tag, command),
  )
  const connection = await server.connect(asService)
  await assert.rejects(
    lookAtOne(connection, { name: 'user/x', fromUid: 1, limit: 1 }),
    failsWith('imap.protocol', /UIDVALIDITY/),
  )
  assert.equal(connection.usable(), false)
})

test('a server that never answers is given up after a time', async (t) => {
  const quick: Clock = {
    ...systemClock,
    after: (delayMs, fn) => systemClock.after(delayMs === 60_000 ? 100 : delayMs, fn),
  }
  const silent = createServer((socket) => {
    socket.on('error', () => {})
    socket.write('* PREAUTH [CAPABILITY IMAP4rev1] hello\r\n')
    socket.on('data', (data) => {
      const [tag, command = ''] = data.toString('latin1').split(' ')
      if (!command.startsWith('EXAMINE')) socket.write(ordinary(tag ?? '', command))
    })
  })
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.after(() => silent.close())
  const { port } = silent.address() as AddressInfo
  const server = imapMailServer({ host: '127.0.0.1', port, tls: 'none' }, account, quick)
  const connection = await server.connect(asService)
  await assert.rejects(
    lookAtOne(connection, { name: 'user/x', fromUid: 1, limit: 1 }),
    failsWith('imap.unreachable'),
  )
})

const statusAnswer = (name: string, uidNext: number): string =>
  `* STATUS ${name} (UIDVALIDITY 1 UIDNEXT ${uidNext} MESSAGES 0)\r\n`

test('answers that come in another order are taken for what they answer', async (t) => {
  let late = ''
  const server = await scripted(t, (tag, command) => {
    const [, name] = /^STATUS "(\w)"/.exec(command) ?? []
    if (name === undefined) return ordinary(tag, command)
    const answer = `${statusAnswer(name, name === 'a' ? 5 : 6)}${tag} OK done\r\n`
    if (name === 'b') return answer + late
    late = answer
    return ''
  })
  const connection = await server.connect(asService)
  const told = (await Array.fromAsync(connection.status(['a', 'b'], 10_000))).flat()
  assert.deepEqual(
    told.map((one) => [one.name, 'error' in one ? one.error : one.uidNext]),
    [
      ['a', 5],
      ['b', 6],
    ],
  )
})

test('a server that says goodbye in the middle has told of those before, and says why', async (t) => {
  const server = await scripted(t, (tag, command) => {
    if (/^STATUS "a"/.test(command)) return `${statusAnswer('a', 5)}${tag} OK done\r\n`
    return /^STATUS/.test(command) ? '* BYE too many connections\r\n' : ordinary(tag, command)
  })
  const connection = await server.connect(asService)
  const told: unknown[] = []
  const look = async () => {
    for await (const come of connection.status(['a', 'b'], 10_000)) told.push(...come)
  }
  await assert.rejects(look(), failsWith('imap.unreachable', /too many connections/))
  assert.equal(told.length, 1)
  assert.equal(connection.usable(), false)
})

test('an answer to something nobody asked is not understood, and the connection given up', async (t) => {
  const server = await scripted(t, (tag, command) =>
    /^STATUS/.test(command) ? 'zz1 OK done\r\n' : ordinary(tag, command),
  )
  const connection = await server.connect(asService)
  await assert.rejects(
    Array.fromAsync(connection.status(['a'], 10_000)),
    failsWith('imap.protocol', /unexpected/),
  )
  assert.equal(connection.usable(), false)
})

test('an answer without end is given up', async (t) => {
  const talk = '* OK still here\r\n'.repeat(4_500_000)
  const server = await scripted(t, (tag, command) =>
    /^STATUS/.test(command) ? talk : ordinary(tag, command),
  )
  const connection = await server.connect(asService)
  await assert.rejects(
    Array.fromAsync(connection.status(['a'], 10_000)),
    failsWith('imap.protocol', /without end/),
  )
  assert.equal(connection.usable(), false)
})
