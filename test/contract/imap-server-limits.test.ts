// TLS, limits and hostile clients of the embedded server.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { ImapFlow } from 'imapflow'
import type { ImapLimits } from '#imap-server/imap-limits.ts'
import { untilCutOff } from '../support/half-open.ts'
import { address, type EmbeddedMail, startEmbeddedMail } from './imap-server-embedded.ts'
import { RawImap } from './imap-server-raw.ts'
import { makeTestTls } from './imap-server-tls.ts'

const alice = { address: 'alice@example.test', password: 'pw' }
const login = { name: alice.address, password: alice.password }
const pem = makeTestTls()

function held(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

async function withServer(
  limits: Partial<ImapLimits>,
  use: (mail: EmbeddedMail) => Promise<void>,
): Promise<void> {
  const mail = await startEmbeddedMail([alice], { limits, tls: { key: pem.key, cert: pem.cert, port: 0 } })
  try {
    await use(mail)
  } finally {
    await mail.stop()
  }
}

test('STARTTLS and implicit TLS are verified with the CA, and log-in works in both', () =>
  withServer({}, async ({ imap }) => {
    for (const secure of [false, true]) {
      const flow = new ImapFlow({
        host: 'localhost',
        port: (secure ? imap.tlsPort : imap.port) ?? 0,
        secure,
        doSTARTTLS: !secure,
        tls: { ca: pem.ca },
        logger: false,
        disableAutoIdle: true,
        auth: { user: alice.address, pass: alice.password },
      })
      await flow.connect()
      assert.equal(flow.secureConnection, true)
      await flow.logout()
    }
  }))

test('commands that came together are answered together, and half a command holds nothing back', () =>
  withServer({}, async ({ imap }) => {
    const socket = connect(imap.port, '127.0.0.1')
    await once(socket, 'data')
    socket.write(Array.from({ length: 50 }, (_, i) => `t${i} NOOP\r\n`).join(''))
    const [answers] = await once(socket, 'data')
    assert.equal(String(answers).match(/^t\d+ OK/gm)?.length, 50)
    for (const half of ['v NO', 'OP\r\nw LOGIN {3+}\r\na']) {
      socket.write(`${half.startsWith('v') ? 'u NOOP\r\n' : ''}${half}`)
      const [answer] = await once(socket, 'data')
      assert.match(String(answer), /^[uv] OK [^\r\n]*\r\n$/)
    }
    socket.destroy()
  }))

test('what was sent before the TLS handshake is forgotten', () =>
  withServer({}, async ({ imap }) => {
    const socket = connect(imap.port, '127.0.0.1')
    await once(socket, 'data')
    socket.write('a STARTTLS\r\nb CREATE Injected\r\n')
    const [answer] = await once(socket, 'data')
    assert.match(String(answer), /^a OK [^\r\n]*\r\n$/)
    const tls: TLSSocket = connectTls({ socket, ca: pem.ca, servername: 'localhost' })
    await once(tls, 'secureConnect')
    tls.write('c NOOP\r\n')
    const [after] = await once(tls, 'data')
    assert.equal(String(after), 'c OK NOOP completed\r\n')
    tls.destroy()
  }))

test('literals before log-in are small, and a large one closes the connection or is refused', () =>
  withServer({ literalBeforeLoginBytesMax: 100 }, async ({ imap }) => {
    const client = await RawImap.connect(imap.port)
    client.write('a LOGIN {101}\r\n')
    assert.match((await client.response()) ?? '', /^a NO \[TOOBIG\]/)
    client.write('b LOGIN {101+}\r\n')
    assert.match((await client.response()) ?? '', /^\* BYE/)
    assert.equal(await client.response(), null)
  }))

test('a message over the limit is refused before it is sent', () =>
  withServer({ messageBytesMax: 1_000 }, async ({ imap }) => {
    const client = await (await RawImap.connect(imap.port)).login(login)
    client.write('a APPEND INBOX {1001}\r\n')
    assert.match((await client.response()) ?? '', /^a NO \[TOOBIG\]/)
    assert.equal((await client.command('NOOP')).status, 'OK')
    client.close()
  }))

test('of literals that are still coming there is a bound for each account and for all, and it is free again', () =>
  withServer({ literalsInFlightBytesMax: 2_500, literalsPerAccountBytesMax: 2_000 }, async ({ imap }) => {
    const sessions: RawImap[] = []
    for (let i = 0; i < 4; i += 1) sessions.push(await (await RawImap.connect(imap.port)).login(login))
    const [first, second, third, fourth] = sessions
    assert(first && second && third && fourth)
    for (const one of [first, second]) {
      one.write('a APPEND INBOX {1000}\r\n')
      assert.match((await one.response()) ?? '', /^\+/)
    }
    third.write('a APPEND INBOX {1}\r\n')
    assert.match((await third.response()) ?? '', /^a NO \[UNAVAILABLE\]/)
    fourth.write('a APPEND INBOX {1+}\r\n')
    assert.match((await fourth.response()) ?? '', /^\* BYE \[UNAVAILABLE\]/)
    first.close()
    second.write(`${'x'.repeat(1_000)}\r\n`)
    assert.match((await second.response()) ?? '', /^a OK/)
    assert.equal((await third.command('APPEND INBOX ', Buffer.alloc(2_000, 'y'))).status, 'OK')
    third.close()
  }))

test('a client that keeps its end open after BYE is cut off', () =>
  withServer({ badCommandsMax: 1, partingMs: 50 }, async ({ imap }) => {
    const socket = connect({ port: imap.port, host: '127.0.0.1', allowHalfOpen: true })
    await once(socket, 'data')
    socket.write('a X\r\n')
    await untilCutOff(socket)
    assert.equal(imap.sessions(), 0)
  }))

test('a line without end, too many bad commands and too many log-ins are cut off', () =>
  withServer(
    { lineBytesMax: 1_000, badCommandsMax: 3, loginTriesMax: 2, loginDelayMs: 1 },
    async ({ imap }) => {
      const long = await RawImap.connect(imap.port)
      long.write(`a ${'x'.repeat(2_000)}`)
      assert.match((await long.response()) ?? '', /^\* BYE/)
      const bad = await RawImap.connect(imap.port)
      bad.write('a X\r\nb X\r\nc X\r\n')
      for (const tag of ['a', 'b', 'c']) assert.equal((await bad.response())?.startsWith(`${tag} BAD`), true)
      assert.match((await bad.response()) ?? '', /^\* BYE/)
      const guess = await RawImap.connect(imap.port)
      assert.match((await guess.command('LOGIN alice@example.test x')).text, /AUTHENTICATIONFAILED/)
      assert.match((await guess.command('LOGIN alice@example.test y')).untagged.join(), /\* BYE/)
      assert.equal(await guess.response(), null)
    },
  ))

test('a session whose mailbox is deleted under it is told so and ends', () =>
  withServer({}, async ({ imap, store }) => {
    const owner = await (await RawImap.connect(imap.port)).login(login)
    const victim = await (await RawImap.connect(imap.port)).login(login)
    await owner.ok('CREATE Doomed')
    await victim.ok('SELECT Doomed')
    await owner.ok('DELETE Doomed')
    victim.write('a NOOP\r\n')
    assert.match((await victim.response()) ?? '', /^\* BYE/)
    assert.equal(await victim.response(), null)
    assert.equal((await owner.command('NOOP')).status, 'OK')
    await store.mail.removeAccount(address(alice.address))
    assert.equal((await owner.command('SELECT INBOX')).status, 'NO')
    owner.close()
  }))

test('a client that says nothing, or a byte now and then, is dropped', () =>
  withServer({ loginMs: 200, commandMs: 100 }, async ({ imap }) => {
    const silent = await RawImap.connect(imap.port)
    assert.equal(await silent.response(), null)
    const slow = await RawImap.connect(imap.port)
    const timer = setInterval(() => slow.write('x'), 20)
    assert.equal(await slow.response(), null)
    clearInterval(timer)
  }))

test('a client that never reads a large message holds little memory, and others are served', () =>
  withServer({}, async (mail) => {
    const raw = Buffer.concat([
      Buffer.from('Subject: large\r\n\r\n'),
      Buffer.alloc(20_000_000, 'x'),
      Buffer.from('\r\n'),
    ])
    await mail.deliver(alice.address, raw)
    const stuck = await (await RawImap.connect(mail.imap.port)).login(login)
    await stuck.ok('SELECT INBOX')
    stuck.socket.pause()
    const before = held()
    for (let i = 0; i < 10; i += 1) stuck.send('UID FETCH 1 (BODY.PEEK[])')
    const other = await (await RawImap.connect(mail.imap.port)).login(login)
    await other.ok('SELECT INBOX')
    for (let i = 0; i < 20; i += 1) await other.ok('UID FETCH 1 (BODY.PEEK[]<19000000.1000>)')
    assert(held() - before < 100_000_000, 'ten answers of 20 MB are not held')
    stuck.close()
    other.close()
  }))

test('no sequence of mutated commands stops the server', () =>
  withServer({ badCommandsMax: 1_000_000, loginDelayMs: 0, loginTriesMax: 1_000_000 }, async ({ imap }) => {
    const seeds = [
      'LOGIN "a" {3+}\r\nabc',
      'SELECT INBOX',
      'LIST (SUBSCRIBED) "" (% *) RETURN (STATUS (MESSAGES))',
      'FETCH 1:* (BODY.PEEK[1.2.HEADER.FIELDS (a b)]<0.5> UID)',
      'STORE 1 +FLAGS (\\Seen x)',
      'UID COPY 1:3,5 Junk',
      'SEARCH OR (NOT SEEN) HEADER a "b" UID 1:*',
      'APPEND INBOX (\\Seen) " 1-Jan-2020 00:00:00 +0000" {2+}\r\nhi',
      'STATUS INBOX (MESSAGES)',
      'ENABLE CONDSTORE',
      'RENAME a b',
      'CREATE &AGE-/x',
      'UID EXPUNGE 1:*',
      'ID ("a" NIL)',
    ]
    let state = 12_345
    const next = (below: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
      return state % below
    }
    const spice = [
      '(',
      ')',
      '"',
      '{',
      '}',
      '{1}',
      '\\',
      ' ',
      '*',
      '%',
      '\0',
      '\xff',
      '0',
      '99999999999',
      ':',
      ',',
      '[',
      ']',
      '<',
      '>',
    ]
    const mutated = () => {
      const text = seeds[next(seeds.length)] ?? ''
      const at = next(text.length + 1)
      return text.slice(0, at) + (spice[next(spice.length)] ?? '') + text.slice(at + next(3))
    }
    for (let round = 0; round < 40; round += 1) {
      const client = await (await RawImap.connect(imap.port)).login(login)
      client.write(Array.from({ length: 50 }, (_, i) => `t${i} ${mutated()}\r\n`).join(''))
      client.socket.end()
      while ((await client.response()) !== null);
    }
    const alive = await (await RawImap.connect(imap.port)).login(login)
    const { status, untagged } = await alive.command('LIST "" INBOX')
    assert.equal(status, 'OK')
    assert.equal(untagged.length, 1)
    alive.close()
  }))

test('with every place taken, who has been there longest without a log-in makes room', () =>
  withServer({ connectionsMax: 3 }, async ({ imap }) => {
    const connections: RawImap[] = []
    for (let i = 0; i < 3; i += 1) connections.push(await RawImap.connect(imap.port))
    const [known, first, second] = connections
    assert(known && first && second)
    known.write(`a LOGIN ${login.name} ${login.password}\r\n`)
    assert.match((await known.response()) ?? '', /^a OK/)
    const late = await RawImap.connect(imap.port)
    late.write(`b LOGIN ${login.name} ${login.password}\r\n`)
    assert.match((await late.response()) ?? '', /^b OK/)
    assert.equal(await first.response(), null)
    for (const one of [known, second]) {
      one.write('c NOOP\r\n')
      assert.match((await one.response()) ?? '', /^c OK/)
    }
    for (const one of [known, second, late]) one.close()
  }))
