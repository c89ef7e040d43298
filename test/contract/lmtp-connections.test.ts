// Connections to an LMTP server: how many, how they are used again, what is said on them and to whom.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as after } from 'node:timers/promises'
import { startFakeLmtp } from '../support/fake-lmtp.ts'
import { temporaryDirectory } from '../support/store.ts'
import { makeTestTls } from './imap-server-tls.ts'
import { alice, bob, once, refusedWith, startSite, text } from './lmtp-site.ts'

const pem = makeTestTls(['mail.test'])

test('nobody is there', async (t) => {
  const place = { host: '127.0.0.1', port: 1 }
  const server = { place, tls: 'none', trust: { serverName: 'mail.test' }, name: 'mx.test' } as const
  const { deliver, deliverer } = await startSite(t, { server })
  await refusedWith(deliver(), 451, 'delivery.unreachable', /ECONNREFUSED/)
  await refusedWith(deliverer.probe(), 451, 'delivery.unreachable')
})

for (const [moment, answer, code] of [
  ['greeting', 'silent', 'delivery.unreachable'],
  ['greeting', 'drop', 'delivery.unreachable'],
  ['greeting', '421 4.3.2 too many of you', 'delivery.unreachable'],
  ['greeting', '* OK IMAP4rev1', 'delivery.protocol'],
  ['LHLO', '500 5.5.1 this is SMTP', 'delivery.protocol'],
] as const)
  test(`a server whose ${moment} is ${answer} is told apart`, async (t) => {
    const { fake, deliver } = await startSite(t, { times: { stepMs: 500, answerMs: 500 } })
    fake.answers[moment] = answer
    await refusedWith(deliver(), 451, code)
  })

test('there are never more connections than allowed, and a mail waits its turn so long and no longer', async (t) => {
  const { fake, deliver } = await startSite(t, { times: { stepMs: 2_000, answerMs: 20_000 } })
  fake.answers.end = () => ({ afterMs: 20, say: '250 2.0.0 OK' })
  await Promise.all(Array.from({ length: 16 }, () => deliver()))
  assert.equal(fake.connections().most, 2)
  fake.answers.end = () => ({ afterMs: 4_000, say: '250 2.0.0 OK' })
  const waiting = [deliver(), deliver(), deliver(bob)]
  await refusedWith(waiting[2] ?? Promise.resolve(), 451, 'delivery.unreachable', /no connection was free/)
  await Promise.all(waiting.slice(0, 2))
  assert.equal(fake.texts.filter(({ to }) => to === bob).length, 0, 'what was given up is never sent')
})

test('an answer that nothing was asked for is never taken for the next one', async (t) => {
  const { fake, deliver } = await startSite(t)
  fake.answers.end = () => ({ afterMs: 20, say: '250 2.0.0 OK\r\n250 2.0.0 and more' })
  await deliver(bob)
  await after(50)
  fake.answers.end = '550 5.7.1 no'
  await refusedWith(deliver(), 550, 'delivery.refused')
})

test('a mail that comes soon after its question needs no more than DATA; another ends what is open', async (t) => {
  const { fake, deliver, deliverer } = await startSite(t, { connectionsMax: 1 })
  const commands = () => fake.commands.splice(0).map((line) => line.replace(/ FROM:.*| TO:.*/, ''))
  await deliverer.accepts(alice, 'sender@client.test')
  assert.deepEqual(commands(), ['LHLO mx.test', 'MAIL', 'RCPT'])
  await deliver(alice)
  assert.deepEqual(commands(), ['DATA'])
  await deliverer.accepts(alice, 'sender@client.test')
  await deliver(bob)
  assert.deepEqual(commands(), ['MAIL', 'RCPT', 'RSET', 'MAIL', 'RCPT', 'DATA'])
  await deliver(alice)
  assert.deepEqual(commands(), ['MAIL', 'RCPT', 'DATA'])
  await deliverer.accepts(alice, 'sender@client.test')
  await deliverer.accepts(alice, 'sender@client.test')
  fake.answers.DATA = once('503 5.5.1 I forgot')
  await deliver(alice)
  assert.deepEqual(commands(), [
    'MAIL',
    'RCPT',
    'RSET',
    'MAIL',
    'RCPT',
    'DATA',
    'RSET',
    'MAIL',
    'RCPT',
    'DATA',
  ])
  assert.deepEqual(
    fake.texts.map(({ to }) => to),
    [alice, bob, alice, alice],
  )
})

test('of several free connections a mail takes the one that was asked', async (t) => {
  const { fake, deliver, deliverer } = await startSite(t, { connectionsMax: 3 })
  await Promise.all([alice, bob].map((to) => deliverer.accepts(to, 'sender@client.test')))
  fake.commands.length = 0
  await Promise.all([deliver(alice), deliver(bob)])
  assert.deepEqual(fake.commands, ['DATA', 'DATA'])
  assert.deepEqual(fake.texts.map(({ to }) => to).toSorted(), [alice, bob])
})

test('without PIPELINING each command waits for its answer', async (t) => {
  const { fake, deliver, deliverer } = await startSite(t)
  fake.extensions = ['8BITMIME']
  await deliverer.accepts(alice, '')
  await deliver()
  assert.deepEqual(fake.commands.slice(1, 7), [
    'MAIL FROM:<>',
    'RCPT TO:<alice@example.test>',
    'RSET',
    'MAIL FROM:<sender@client.test>',
    'RCPT TO:<alice@example.test>',
    'DATA',
  ])
})

test('what a mail needs is said where it is offered; what needs SMTPUTF8 goes nowhere else', async (t) => {
  const { fake, deliverer } = await startSite(t)
  const raw = Buffer.from('Subject: \xc3\xa9\r\n\r\nx\r\n', 'latin1')
  const mail = { sender: 's@client.test', recipients: [alice], nowMs: 0 }
  const plain = Buffer.from(text)
  await deliverer.deliver({ ...mail, raw, smtpUtf8: false })
  assert.match(fake.commands.join('\n'), /BODY=8BITMIME(?! SMTPUTF8)/)
  await deliverer.deliver({ ...mail, raw: plain, smtpUtf8: true })
  await refusedWith(deliverer.deliver({ ...mail, raw, smtpUtf8: true }), 553, 'delivery.refused')
  assert.equal(fake.texts.length, 2)
  fake.extensions = ['PIPELINING', 'SMTPUTF8', '8BITMIME']
  await deliverer.deliver({ ...mail, sender: 'd\xe9@client.test', raw, smtpUtf8: true })
  assert.equal(fake.commands.at(-3), 'MAIL FROM:<d\xc3\xa9@client.test> BODY=8BITMIME SMTPUTF8')
})

for (const implicit of [true, false])
  test(`TLS is verified: ${implicit ? 'from the first byte' : 'after STARTTLS'}`, async (t) => {
    const tls = implicit ? 'implicit' : 'starttls'
    const fake = await startFakeLmtp(t, { tls: pem, implicit })
    const place = { host: '127.0.0.1', port: fake.port }
    const to = async (trust: { serverName: string; ca?: string }) => {
      const server = { place, tls, trust, name: 'mx.test' } as const
      const { deliver } = await startSite(t, { server })
      return deliver()
    }
    assert.equal(await to({ serverName: 'mail.test', ca: pem.ca }), 1)
    await refusedWith(to({ serverName: 'other.test', ca: pem.ca }), 451, 'tls.wrong_name')
    await refusedWith(to({ serverName: 'mail.test' }), 451, 'tls.untrusted')
    assert.equal(fake.texts.length, 1)
    const heard = fake.commands.filter((command) => command.startsWith('MAIL'))
    assert.equal(heard.length, 1, 'nothing was said to whom we do not trust')
  })

test('what is said before STARTTLS does not count in it', async (t) => {
  const fake = await startFakeLmtp(t, { tls: pem })
  fake.answers.STARTTLS = '220 2.0.0 go on\r\n250-mail.test\r\n250 PIPELINING'
  const place = { host: '127.0.0.1', port: fake.port }
  const trust = { serverName: 'mail.test', ca: pem.ca }
  const { deliver } = await startSite(t, { server: { place, tls: 'starttls', trust, name: 'mx.test' } })
  await refusedWith(deliver(), 451, 'delivery.protocol')
})

test('over a Unix socket', async (t) => {
  const socket = join(temporaryDirectory(t), 'lmtp')
  const fake = await startFakeLmtp(t, { socket })
  const server = { place: { socket }, tls: 'none', trust: { serverName: '' }, name: 'mx.test' } as const
  const { deliver } = await startSite(t, { server })
  assert.equal(await deliver(), 1)
  assert.equal(fake.texts.length, 1)
})

test('closing waits for the mail that is under way, and takes no other', async (t) => {
  const { fake, deliver, deliverer } = await startSite(t)
  fake.answers.end = { afterMs: 300, say: '250 2.0.0 OK' }
  const running = deliver()
  while (fake.texts.length === 0) await after(5)
  const closed = deliverer.close()
  await refusedWith(deliver(bob), 451, 'delivery.unreachable', /stopping/)
  assert.equal(await running, 1)
  await closed
  await after(20)
  assert.equal(fake.connections().open, 0)
})
