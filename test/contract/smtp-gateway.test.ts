// Our SMTP server before a mail server: what its client is answered is what the mail server answered.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { systemClock } from '#edge/system.ts'
import type { SmtpLimits } from '#ingress/smtp-limits.ts'
import { startSmtpIngress } from '#ingress/smtp-server.ts'
import { noFailpoint } from '#kernel/failpoint.ts'
import { silentLog } from '#kernel/log.ts'
import { lmtpDeliverer } from '#mailbox/deliver-lmtp.ts'
import { type FakeLmtp, startFakeLmtp } from '../support/fake-lmtp.ts'
import { canonicalAddress } from './imap-server-embedded.ts'
import { RawSmtp } from './smtp-raw.ts'

const text = 'Subject: x\r\n\r\nHello\r\n'

interface Gateway {
  readonly fake: FakeLmtp
  connect(): Promise<RawSmtp>
}

async function startGateway(t: TestContext, limits: Partial<SmtpLimits> = {}): Promise<Gateway> {
  const fake = await startFakeLmtp(t)
  const place = { host: '127.0.0.1', port: fake.port }
  const deliverer = lmtpDeliverer({
    server: { place, tls: 'none', trust: { serverName: '' }, name: 'mx.example.test' },
    times: { stepMs: 1_000, answerMs: 5_000 },
    connectionsMax: 1,
    clock: systemClock,
  })
  const smtp = await startSmtpIngress({
    deliverer,
    clock: systemClock,
    log: silentLog,
    failpoint: noFailpoint,
    host: '127.0.0.1',
    port: 0,
    name: 'mx.example.test',
    canonicalAddress,
    servesDomain: (domain) => domain === 'example.test',
    mainDomain: 'example.test',
    limits: { unknownDelayMs: 0, ...limits },
  })
  t.after(async () => {
    await smtp.close()
    await deliverer.close()
  })
  return { fake, connect: () => RawSmtp.connect(smtp.port) }
}

/** Everything up to the answer to the text; the answer that stopped it where one did. */
async function mail(client: RawSmtp, to: string, from = 'MAIL FROM:<a@client.test>'): Promise<string> {
  for (const [line, code] of [
    [from, '250'],
    [`RCPT TO:<${to}>`, '250'],
    ['DATA', '354'],
  ] as const) {
    const reply = await client.say(line)
    if (!reply.startsWith(code)) return reply
  }
  return client.say(`${text}.`)
}

test('each recipient is sent apart, and hears its own answer, word for word', async (t) => {
  const { fake, connect } = await startGateway(t)
  const said: Readonly<Record<string, string>> = {
    'full@example.test': '452 4.2.2 <full@example.test> Mailbox is full',
    'strict@example.test': '554 5.7.1 I do not like it',
  }
  fake.answers.end = (to) => said[to]
  const client = await connect()
  await client.say('EHLO client.test')
  assert.match(await client.say('MAIL FROM:<a@client.test>'), /^250/)
  assert.match(await client.say('RCPT TO:<yes@example.test>'), /^250/)
  for (const to of Object.keys(said)) assert.match(await client.say(`RCPT TO:<${to}>`), /^452 4\.5\.3 /)
  assert.match(await client.say('RCPT TO:<Yes@Example.Test>'), /^250/, 'the same one again is no further one')
  assert.match(await client.say('DATA'), /^354/)
  assert.match(await client.say(`${text}.`), /^250 2\.6\.0 Delivered as /)
  // As RFC 5321 section 4.5.3.1.10 has the client do: the others in transactions of their own.
  for (const [to, answer] of Object.entries(said)) assert.equal(await mail(client, to), answer)
  assert.deepEqual(
    fake.texts.map(({ to }) => to),
    ['yes@example.test', ...Object.keys(said)],
  )
  client.close()
})

test('an unknown recipient is refused before the text, in the words of the mail server', async (t) => {
  const { fake, connect } = await startGateway(t)
  fake.answers.RCPT = (line) => (line.includes('nobody') ? '550 5.1.1 <nobody> User unknown' : undefined)
  const client = await connect()
  await client.say('EHLO client.test')
  await client.say('MAIL FROM:<a@client.test>')
  assert.equal(await client.say('RCPT TO:<nobody@example.test>'), '550 5.1.1 <nobody> User unknown')
  assert.match(await client.say('RCPT TO:<other@elsewhere.test>'), /^550 5\.7\.1 Relaying denied/)
  assert.match(await client.say('RCPT TO:<somebody@example.test>'), /^250/)
  client.close()
})

test('guessing recipients ends here as it does at a server with mailboxes of its own', async (t) => {
  const { fake, connect } = await startGateway(t, { unknownRecipientsMax: 3 })
  fake.answers.RCPT = '550 5.1.1 User unknown'
  const client = await connect()
  await client.say('EHLO client.test')
  await client.say('MAIL FROM:<a@client.test>')
  for (const name of ['a', 'b']) assert.match(await client.say(`RCPT TO:<${name}@example.test>`), /^550/)
  assert.match(await client.say('RCPT TO:<c@example.test>'), /^421/)
})

test('while the mail server is away every sender is told to try again, and then can', async (t) => {
  const { fake, connect } = await startGateway(t)
  const client = await connect()
  await client.say('EHLO client.test')
  fake.answers.greeting = 'drop'
  assert.match(await mail(client, 'yes@example.test'), /^451 4\.4\.1 /)
  fake.answers = {}
  await client.say('RSET')
  assert.match(await mail(client, 'yes@example.test'), /^250/)
  fake.answers.end = 'drop'
  assert.match(await mail(client, 'yes@example.test'), /^451 4\.4\.1 /)
  client.close()
})

test('a mail server that takes its time with a mail is waited for', async (t) => {
  const { fake, connect } = await startGateway(t, { dataWindowMs: 50, commandMs: 400, idleMs: 200 })
  fake.answers.end = { afterMs: 1_200, say: '250 2.0.0 OK' }
  const client = await connect()
  await client.say('EHLO client.test')
  assert.match(await mail(client, 'yes@example.test'), /^250/)
  client.close()
})

test('a client that takes its time with a mail keeps no other from the mail server', async (t) => {
  const { fake, connect } = await startGateway(t)
  const [slow, quick] = [await connect(), await connect()]
  for (const client of [slow, quick]) await client.say('EHLO client.test')
  await slow.say('MAIL FROM:<a@client.test>')
  await slow.say('RCPT TO:<slow@example.test>')
  await slow.say('DATA')
  slow.write('Subject: slow\r\n')
  assert.match(await mail(quick, 'quick@example.test'), /^250/)
  assert.match(await slow.say('\r\nend\r\n.'), /^250/)
  assert.deepEqual(
    fake.texts.map(({ to }) => to),
    ['quick@example.test', 'slow@example.test'],
  )
  for (const client of [slow, quick]) client.close()
})

test('the envelope goes on as it came, and no promise is made that is not handed on', async (t) => {
  const { fake, connect } = await startGateway(t)
  fake.extensions = ['PIPELINING', '8BITMIME', 'SIZE', 'SMTPUTF8']
  const client = await connect()
  const greeting = await client.say('EHLO client.test')
  assert.match(greeting, /8BITMIME/)
  assert.doesNotMatch(greeting, /DSN/)
  const heard = async (from: string) => {
    assert.match(await mail(client, 'tag+me@example.test', from), /^250/)
    return fake.commands.findLast((line) => line.startsWith('MAIL'))?.replace(/ SIZE=\d+/, '')
  }
  assert.equal(await heard('MAIL FROM:<>'), 'MAIL FROM:<>')
  assert.equal(await heard('MAIL FROM:<A.b@xn--bcher-kva.Example>'), 'MAIL FROM:<A.b@xn--bcher-kva.example>')
  assert.equal(await heard('MAIL FROM:<a@b.test> BODY=8BITMIME SMTPUTF8'), 'MAIL FROM:<a@b.test>')
  assert.equal(fake.commands.at(-2), 'RCPT TO:<tag+me@example.test>')
  const [last] = fake.texts.slice(-1)
  const received =
    /^Received: from client\.test \(\[127\.0\.0\.1\]\)\r\n\tby mx\.example\.test with ESMTP id .*\r\n/
  assert.match(last?.text ?? '', received)
  assert(last?.text.endsWith(text))
  client.close()
})
