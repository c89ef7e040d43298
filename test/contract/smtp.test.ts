// The embedded SMTP server: whom it takes mail for, how strictly it reads, and what it never lets pass.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import type { SmtpLimits } from '#ingress/smtp-limits.ts'
import { startSmtpIngress } from '#ingress/smtp-server.ts'
import { noFailpoint } from '#kernel/failpoint.ts'
import { silentLog } from '#kernel/log.ts'
import { storeDeliverer } from '#mailbox/deliver-store.ts'
import type { MailStore } from '#store/mail.ts'
import { untilCutOff } from '../support/half-open.ts'
import { address, canonicalAddress, openMailStore, realClock } from './imap-server-embedded.ts'
import { makeTestTls } from './imap-server-tls.ts'
import { RawSmtp } from './smtp-raw.ts'

const pem = makeTestTls()
const alice = 'alice@example.test'

interface Bench {
  readonly port: number
  readonly mail: MailStore
  /** The messages in Alice's INBOX as latin1. */
  inbox(): Promise<string[]>
}

interface BenchOptions {
  readonly limits?: Partial<SmtpLimits>
  readonly wrap?: (mail: MailStore) => MailStore
}

async function withSmtp(
  { limits = {}, wrap = (mail) => mail }: BenchOptions,
  use: (bench: Bench) => Promise<void>,
) {
  const opened = await openMailStore()
  const { mail } = opened.store
  await mail.createAccount(address(alice), [address('al@example.test')], Date.now())
  await mail.createAccount(address('bob@example.test'), [], Date.now())
  const smtp = await startSmtpIngress({
    deliverer: storeDeliverer(wrap(mail)),
    clock: realClock,
    log: silentLog,
    failpoint: noFailpoint,
    host: '127.0.0.1',
    port: 0,
    name: 'mx.example.test',
    tls: { key: pem.key, cert: pem.cert },
    canonicalAddress,
    servesDomain: (domain) => domain === 'example.test',
    mainDomain: 'example.test',
    limits: { unknownDelayMs: 0, ...limits },
  })
  try {
    await use({ port: smtp.port, mail, inbox: () => readInbox(mail) })
  } finally {
    await smtp.close()
    await opened.stop()
  }
}

async function readInbox(mail: MailStore): Promise<string[]> {
  const account = await mail.findAccount(address(alice))
  const row = account && (await mail.findMailbox(account.id, 'INBOX'))
  const opened = row && (await mail.openMailbox(row.id))
  const rows = await mail.findMessages(row?.id ?? 0, opened?.uids ?? [])
  const bodies = rows.map(({ bodyId, size }) => mail.readBody(bodyId, 0, size))
  return (await Promise.all(bodies)).map((bytes) => Buffer.from(bytes ?? []).toString('latin1'))
}

/** Without the Received field the server adds. */
const asSent = (message: string): string => message.replace(/^Received:.*\r\n(?:[ \t].*\r\n)*/, '')

test('a mail is there when 250 is said, as it was sent, under a Received field', () =>
  withSmtp({}, async ({ port, inbox }) => {
    const client = await RawSmtp.connect(port)
    await client.upToData('AL@Example.Test')
    const text = 'Subject: x\r\n\r\n.leading dot\r\n8-bit \xff and \0\r\nend\r\n'
    client.write(`${text.replace(/^\./gm, '..')}.\r\n`)
    assert.match(await client.reply(), /^250 /)
    const [message = ''] = await inbox()
    assert.equal(asSent(message), text)
    assert.match(
      message,
      /^Received: from client\.test \(\[127\.0\.0\.1\]\)\r\n\tby mx\.example\.test with ESMTP id /,
    )
    client.close()
  }))

test('250 is said only after the commit, and 451 when the store cannot', () => {
  let commits = 0
  let broken = false
  const wrap = (mail: MailStore): MailStore =>
    new Proxy(mail, {
      get: (target, name, receiver) => {
        if (name !== 'deliver') return Reflect.get(target, name, receiver)
        return async (delivery: Parameters<MailStore['deliver']>[0]) => {
          if (broken) throw new Error('the disk is full')
          const delivered = await target.deliver(delivery)
          await new Promise((resolve) => setTimeout(resolve, 50))
          commits += 1
          return delivered
        }
      },
    })
  return withSmtp({ wrap }, async ({ port }) => {
    const client = await RawSmtp.connect(port)
    await client.upToData(alice)
    client.write('x\r\n.\r\n')
    assert.match(await client.reply(), /^250 /)
    assert.equal(commits, 1)
    broken = true
    await client.upToData(alice)
    client.write('x\r\n.\r\n')
    assert.match(await client.reply(), /^451 /)
    client.close()
  })
})

test('unknown users, foreign domains and addresses that are none are refused, known ones are not', () =>
  withSmtp({}, async ({ port }) => {
    const client = await RawSmtp.connect(port)
    await client.say('EHLO client.test')
    assert.match(await client.say('RCPT TO:<alice@example.test>'), /^503 /)
    await client.say('MAIL FROM:<>')
    assert.match(await client.say('RCPT TO:<nobody@example.test>'), /^550 5\.1\.1 /)
    assert.match(await client.say('RCPT TO:<alice@elsewhere.test>'), /^550 5\.7\.1 Relaying denied/)
    assert.match(await client.say('RCPT TO:<"al ice"@example.test>'), /^5/)
    assert.match(await client.say('RCPT TO:<postmaster>'), /^550 5\.1\.1 /)
    assert.match(await client.say('DATA'), /^503 /)
    assert.match(await client.say('RCPT TO:<alice@EXAMPLE.test>'), /^250 /)
    assert.doesNotMatch(await client.say('EHLO again.test'), /AUTH/)
    assert.match(await client.say('AUTH PLAIN AAAA'), /^5/)
    client.close()
  }))

test('guessing addresses ends the connection', () =>
  withSmtp({ limits: { unknownRecipientsMax: 3 } }, async ({ port }) => {
    const client = await RawSmtp.connect(port)
    await client.say('EHLO client.test')
    await client.say('MAIL FROM:<a@client.test>')
    for (const name of ['a', 'b']) assert.match(await client.say(`RCPT TO:<${name}@example.test>`), /^550 /)
    assert.match(await client.say('RCPT TO:<c@example.test>'), /^421 /)
    assert.equal(await client.reply(), '')
  }))

test('an address that guessed much waits for each further answer', () =>
  withSmtp({ limits: { unknownPerAddressMax: 1, unknownDelayMs: 150 } }, async ({ port }) => {
    const client = await RawSmtp.connect(port)
    await client.say('EHLO client.test')
    await client.say('MAIL FROM:<a@client.test>')
    await client.say('RCPT TO:<a@example.test>')
    const startMs = performance.now()
    await client.say('RCPT TO:<b@example.test>')
    assert(performance.now() - startMs > 140)
    client.close()
  }))

test('too many recipients are 452, too large a message is 552, announced or not', () =>
  withSmtp({ limits: { recipientsMax: 1, messageBytesMax: 1_000 } }, async ({ port, inbox }) => {
    const client = await RawSmtp.connect(port)
    assert.match(await client.say('EHLO client.test'), /250[ -]SIZE 1000/)
    assert.match(await client.say('MAIL FROM:<a@client.test> SIZE=1001'), /^552 /)
    await client.say('MAIL FROM:<a@client.test>')
    await client.say(`RCPT TO:<${alice}>`)
    assert.match(await client.say('RCPT TO:<bob@example.test>'), /^452 /)
    await client.say('DATA')
    client.write(`${'x'.repeat(1_500)}\r\n.\r\n`)
    assert.match(await client.reply(), /^552 /)
    await client.upToData(alice)
    client.write(`${'x'.repeat(10_000)}\r\n`)
    assert.match(await client.rest(), /^552 /)
    assert.deepEqual(await inbox(), [])
  }))

for (const [name, ending] of [
  ['LF . LF', '\n.\n'],
  ['LF . CRLF', '\n.\r\n'],
  ['CRLF . LF', '\r\n.\n'],
  ['CRLF . CR', '\r\n.\r'],
  ['CR . CR', '\r.\r'],
  ['CR CRLF . CRLF', '\r\r\n.\r\n'],
] as const) {
  test(`no second mail is smuggled in behind ${name}`, () =>
    withSmtp({}, async ({ port, inbox }) => {
      const client = await RawSmtp.connect(port)
      await client.upToData(alice)
      const second = `MAIL FROM:<evil@client.test>\r\nRCPT TO:<${alice}>\r\nDATA\r\nsmuggled\r\n.\r\nQUIT\r\n`
      client.write(`first${ending}${second}`)
      assert.match(await client.rest(), /^521 [^\n]*\n$/)
      assert.deepEqual(await inbox(), [])
    }))
}

test('commands that end in a bare LF, that are too long or too many are cut off', () =>
  withSmtp({ limits: { lineBytesMax: 200, commandsMax: 5, errorsMax: 3 } }, async ({ port }) => {
    const bare = await RawSmtp.connect(port)
    bare.write('NOOP\r\nEHLO client.test\nNOOP\r\n')
    assert.match(await bare.rest(), /^250 [^\n]*\n521 [^\n]*\n$/)
    const long = await RawSmtp.connect(port)
    long.write('x'.repeat(300))
    assert.match(await long.rest(), /^500 /)
    const many = await RawSmtp.connect(port)
    many.write('NOOP\r\n'.repeat(10))
    assert.match(await many.rest(), /^(250 [^\n]*\n){5}421 /)
    const wrong = await RawSmtp.connect(port)
    wrong.write('BLAH\r\nBLAH\r\nBLAH\r\nNOOP\r\n')
    assert.match(await wrong.rest(), /^(500 [^\n]*\n){3}421 [^\n]*\n$/)
  }))

test('a client that trickles a byte at a time is dropped, in a command and in a message', () =>
  withSmtp({ limits: { commandMs: 300, dataWindowMs: 300 } }, async ({ port, inbox }) => {
    for (const inData of [false, true]) {
      const client = await RawSmtp.connect(port)
      if (inData) await client.upToData(alice)
      const timer = setInterval(() => client.write('x'), 20)
      assert.match(await client.rest(), /^421 /)
      clearInterval(timer)
    }
    assert.deepEqual(await inbox(), [])
  }))

test('STARTTLS is verified with the CA, and what was pipelined before it is dropped', () =>
  withSmtp({}, async ({ port, inbox }) => {
    const client = await RawSmtp.connect(port)
    assert.match(await client.say('EHLO client.test'), /STARTTLS/)
    client.write(`STARTTLS\r\nMAIL FROM:<evil@client.test>\r\nRCPT TO:<${alice}>\r\n`)
    assert.match(await client.reply(), /^220 /)
    client.socket.removeAllListeners('data')
    const tls = connectTls({ socket: client.socket, ca: pem.ca, servername: 'localhost' })
    await once(tls, 'secureConnect')
    const inside = new RawSmtp(tls)
    assert.match(await inside.say('DATA'), /^503 /)
    await inside.upToData(alice)
    inside.write('x\r\n.\r\n')
    assert.match(await inside.reply(), /^250 /)
    assert.match((await inbox())[0] ?? '', /with ESMTPS id/)
    inside.close()
  }))

test('many connections at once each deliver, and every mail is there', () =>
  withSmtp({}, async ({ port, inbox }) => {
    const send = async (name: number) => {
      const client = await RawSmtp.connect(port)
      for (let i = 0; i < 5; i += 1) {
        await client.upToData(alice)
        client.write(`Subject: ${name}-${i}\r\n\r\nx\r\n.\r\n`)
        assert.match(await client.reply(), /^250 /)
      }
      client.close()
    }
    await Promise.all(Array.from({ length: 20 }, (_, name) => send(name)))
    const subjects = (await inbox()).map((message) => /Subject: (.*)/.exec(message)?.[1])
    assert.equal(new Set(subjects).size, 100)
  }))

test('with every place taken, who has said nothing longest makes room for who has a mail', () =>
  withSmtp({ limits: { connectionsMax: 3 } }, async ({ port, inbox }) => {
    const busy = await RawSmtp.connect(port)
    await busy.upToData(alice)
    const silent = [await RawSmtp.connect(port), await RawSmtp.connect(port)]
    const newcomer = await RawSmtp.connect(port)
    await newcomer.upToData(alice)
    assert.match((await silent[0]?.rest()) ?? '', /^421 4\.3\.2 /)
    assert.match((await silent[1]?.say('NOOP')) ?? '', /^250 /)
    for (const client of [newcomer, busy]) {
      client.write('Subject: x\r\n\r\nx\r\n.\r\n')
      assert.match(await client.reply(), /^250 /)
    }
    assert.equal((await inbox()).length, 2)
    for (const client of [busy, newcomer, ...silent]) client.close()
  }))

test('one connection too many from an address is cut off, though it keeps its end open', () =>
  withSmtp({ limits: { connectionsPerAddressMax: 1 } }, async ({ port }) => {
    const first = await RawSmtp.connect(port)
    await untilCutOff(connect({ port, host: '127.0.0.1', allowHalfOpen: true }))
    assert.match(await first.say('NOOP'), /^250 /)
    first.close()
  }))
