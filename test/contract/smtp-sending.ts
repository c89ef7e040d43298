// What Postkey's SMTP server owes to the programs that send mail to it: what arrives is byte for byte what was sent.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as after } from 'node:timers/promises'
import { missingPeer, type Peer } from '../support/peers.ts'
import { makeTestTls } from './imap-server-tls.ts'
import type { Sender, StartSender } from './smtp-senders.ts'
import { domain, type SmtpSite, startSmtpSite } from './smtp-site.ts'

export interface SenderUnderTest {
  readonly peer: Peer
  readonly start: StartSender
  /** What Received says the mail came with (RFC 3848). */
  readonly protocol: 'ESMTP' | 'ESMTPS'
  /** Tries again by itself what was put off; otherwise whoever uses it is told. */
  readonly queues: boolean
}

interface World {
  readonly t: TestContext
  readonly site: SmtpSite
  readonly sender: Sender
  readonly under: SenderUnderTest
}

const alice = `alice@${domain}`
const bob = `bob@${domain}`
const nobody = `nobody@${domain}`
const many = Array.from({ length: 75 }, (_, n) => `user${n}@${domain}`)

/** Runs every check with a server and a sender of its own. */
export function senderContract(name: string, under: SenderUnderTest): void {
  const all = under.protocol === 'ESMTPS' ? { ...checks, ...tlsChecks } : checks
  for (const [title, check] of Object.entries(all)) {
    test(`${name}: ${title}`, { skip: missingPeer(under.peer) }, async (t: TestContext) => {
      const site = await startSmtpSite(t, [alice, bob, ...many])
      await check({ t, site, sender: await under.start(t, site), under })
    })
  }
}

const checks: Readonly<Record<string, (world: World) => Promise<void>>> = {
  'eight bits, long lines and dots arrive byte for byte': async ({ site, sender, under }) => {
    const odd = oddMail()
    assert.deepEqual(await sender.send({ to: [alice], raw: odd }), { refused: [], later: false })
    const [message] = await arrived(site, alice, 1)
    assertSame(message, odd)
    const received = message?.toString('latin1').match(/by next\.example\.test with (\w+)/)
    assert.equal(received?.[1], under.protocol)
  },

  'a mail to many recipients comes to each of them once': async ({ site, sender }) => {
    const raw = plainMail('many')
    await sender.send({ to: many, raw })
    for (const one of many) {
      const [message, ...more] = await arrived(site, one, 1)
      assertSame(message, raw)
      assert.equal(more.length, 0)
    }
  },

  'a refused recipient is named, and takes nothing from the others': async ({ site, sender }) => {
    const raw = plainMail('one of three is not here')
    const { refused } = await sender.send({ to: [alice, nobody, bob], raw })
    assert.deepEqual(refused, [nobody])
    for (const one of [alice, bob]) assertSame((await arrived(site, one, 1))[0], raw)
  },

  'a mail that cannot be taken now comes later, once': async ({ site, sender, under }) => {
    const raw = plainMail('later')
    site.failNext(1)
    const { later } = await sender.send({ to: [alice], raw })
    assert.equal(later, !under.queues)
    if (!under.queues) {
      assert.equal(site.tries(), 1)
      await sender.send({ to: [alice], raw })
    }
    const messages = await arrived(site, alice, 1)
    assert.equal(messages.length, 1)
    assert.equal(site.tries(), 2)
    assertSame(messages[0], raw)
  },
}

const tlsChecks: typeof checks = {
  'a mail goes to no server that another CA has signed': async ({ t, site, under }) => {
    const misled = await under.start(t, { port: site.port, ca: makeTestTls().ca })
    // Far longer than a mail takes where the CA is the right one.
    await Promise.all([misled.send({ to: [alice], raw: plainMail('never') }), after(3_000)])
    assert.equal(site.tries(), 0)
  },
}

const header = (subject: string): string[] => [
  'From: Sender <sender@client.test>',
  'To: Alice <alice@example.test>',
  'Date: Sat, 28 Nov 2026 09:00:00 +0000',
  `Message-ID: <${subject.replaceAll(' ', '.')}@client.test>`,
  `Subject: ${subject}`,
]

const plainMail = (subject: string): Buffer =>
  Buffer.from([...header(subject), '', 'Hello.', ''].join('\r\n'), 'latin1')

/** Without its CRLF (RFC 5321 section 4.5.3.1.6). */
const longestLine = 998

/** What goes wrong on the way when anybody takes a mail apart and puts it together again. */
const oddMail = (): Buffer =>
  Buffer.from(
    [
      ...header('odd'),
      'X-Folded: one\r\n\ttwo\r\n  three ',
      'x-nO-sPaCe:four',
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=iso-8859-1',
      'Content-Transfer-Encoding: 8bit',
      '',
      '.one dot',
      '..two dots',
      '.',
      '...',
      'From here on',
      'blanks at the end  \t',
      'caf\xe9 \xff\xfe',
      'x'.repeat(longestLine),
      `.${'y'.repeat(longestLine - 1)}`,
      '',
      '',
      '',
    ].join('\r\n'),
    'latin1',
  )

/** A user's messages once there are so many; a sender that queues tries again after seconds. */
async function arrived(site: SmtpSite, user: string, count: number): Promise<readonly Buffer[]> {
  for (let left = 600; left > 0; left -= 1) {
    const messages = await site.inbox(user)
    if (messages.length >= count) return messages
    await after(50)
  }
  throw new Error(`no mail came to ${user}`)
}

/** Trace fields stand before what was sent, and nothing else does. */
function assertSame(message: Buffer | undefined, sent: Buffer): void {
  assert(message)
  const trace = message.subarray(0, message.length - sent.length).toString('latin1')
  assert.match(trace, /^(?:(?:Received|Return-Path):.*\r\n(?:[ \t].*\r\n)*)+$/)
  assert.deepEqual(message.subarray(message.length - sent.length).toString('latin1'), sent.toString('latin1'))
}
