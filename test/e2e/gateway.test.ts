// Before a real Dovecot: other mail servers as senders, both ways to hand mail on, and what is shown of the hop.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as after } from 'node:timers/promises'
import { RawSmtp } from '../contract/smtp-raw.ts'
import { type Gateway, startGateway, trySending } from '../support/gateway.ts'
import { missingPeer } from '../support/peers.ts'
import { startPostfix } from '../support/postfix.ts'
import { activate, goodScreens, screensOf } from '../support/postkey.ts'
import { run } from '../support/process.ts'

const alice = 'alice@example.test'
const names = ['alice', 'bob', 'carol']
const everybody = names.map((name) => `${name}@example.test`)

test('Postfix sends one mail to three, and each has it once', {
  skip: missingPeer('dovecot', 'postfix'),
  timeout: 170_000,
}, async (t) => {
  const gateway = await startGateway(t, 'lmtp', names)
  for (const [recipients, patienceMs] of [
    [1, 30_000],
    [50, 90_000],
  ] as const)
    await t.test(`naming ${recipients} in a transaction at most`, async (t) => {
      const subject = `to all, ${recipients}`
      const postfix = await startPostfix({
        domain: 'example.test',
        smtp: {
          port: gateway.postkey.ports.smtp,
          ca: readFileSync(join(gateway.postkey.data, 'relay-ca.pem'), 'utf8'),
          recipients,
        },
      })
      t.after(() => postfix.stop())
      const client = await RawSmtp.connect(postfix.smtpPort)
      const commands = ['EHLO client.test', 'MAIL FROM:<>', ...everybody.map((to) => `RCPT TO:<${to}>`)]
      for (const line of commands) assert.match(await client.say(line), /^250/)
      await client.say('DATA')
      assert.match(await client.say(`Subject: ${subject}\r\n\r\nHello\r\n.`), /^250/)
      client.close()
      await untilEachHas(gateway, subject, patienceMs, postfix.logTail)
      // A further run of its queue would bring what comes twice.
      await after(recipients === 1 ? 1_000 : 6_000)
      for (const user of everybody)
        assert.equal((await gateway.subjects(user)).filter((one) => one === subject).length, 1, user)
    })
})

async function untilEachHas(
  gateway: Gateway,
  subject: string,
  patienceMs: number,
  log: () => string,
): Promise<void> {
  const endMs = Date.now() + patienceMs
  for (const user of everybody)
    while (!(await gateway.subjects(user)).includes(subject)) {
      assert(Date.now() < endMs, `${user} has no ${subject}\n${log()}`)
      await after(250)
    }
}

test('swaks and curl hear what the mail server says', {
  skip: missingPeer('dovecot', 'swaks', 'curl'),
}, async (t) => {
  const { postkey, subjects } = await startGateway(t, 'lmtp', names)
  const server = `127.0.0.1:${postkey.ports.smtp}`
  const swaks = (to: string, ...more: string[]) =>
    run('/usr/bin/swaks', [
      '--server',
      server,
      '--from',
      'a@client.test',
      '--to',
      to,
      '--h-Subject',
      'swaks',
      ...more,
    ])
  assert.equal((await swaks(alice)).code, 0)
  const refused = await swaks('nobody@example.test')
  assert.match(refused.stdout, /550 5\.1\.1 <nobody@example\.test> User doesn't exist/)
  const two = await swaks(`${alice},bob@example.test`)
  assert.match(two.stdout, /452 4\.5\.3 One recipient per mail here/)
  const mail = 'Subject: curl\r\n\r\nHello\r\n'
  const sent = await run(
    '/usr/bin/curl',
    ['-sS', `smtp://${server}`, '--mail-from', 'a@client.test', '--mail-rcpt', alice, '-T', '-'],
    { input: mail },
  )
  assert.equal(sent.code, 0, sent.stderr)
  assert.deepEqual((await subjects(alice)).toSorted(), ['curl', 'swaks', 'swaks'])
  assert.deepEqual(await subjects('bob@example.test'), [])
})

test('by IMAP APPEND an activation comes through, and mail is counted', {
  skip: missingPeer('dovecot'),
  timeout: 120_000,
}, async (t) => {
  const more = ['http.enabled=true', 'http.port=0', 'imap.access=authzid', 'agent.etp_mail=keep']
  const { postkey, subjects } = await startGateway(t, 'append', names, more)
  const outcome = await activate(postkey, alice, await postkey.addUser(alice))
  assert.deepEqual(screensOf(outcome), goodScreens(alice))
  assert.match((await subjects(alice)).join(), /^[^,]*\[MDAP 1 [0-9a-f]{8}\]$/)
  const { answer } = await trySending(postkey.ports.smtp, 'nobody@example.test', 'x')
  assert.match(answer, /^550 5\.1\.1/)
  const metrics = await (await fetch(`http://127.0.0.1:${postkey.ports.http}/metrics`)).text()
  assert.match(metrics, /postkey_delivery_mails_total\{outcome="delivered"\} 1$/m)
  const checks = (await (await postkey.admin()).status()).checks.map(({ name }) => name)
  assert(
    checks.some((name) => name.startsWith('delivery by IMAP APPEND to 127.0.0.1:')),
    checks.join(),
  )
})

test('while the mail server is away senders are put off, and status and doctor say why', {
  skip: missingPeer('dovecot'),
  timeout: 120_000,
}, async (t) => {
  const { postkey, dovecot, subjects } = await startGateway(t, 'lmtp', names)
  const health = async () => {
    const { checks } = await (await postkey.admin()).status()
    const hop = checks.find(({ name }) => name.startsWith('delivery by LMTP'))
    return [hop?.health, hop?.code]
  }
  assert.match((await trySending(postkey.ports.smtp, alice, 'before')).answer, /^250/)
  assert.deepEqual(await health(), ['ok', null])
  await dovecot.kill()
  assert.match((await trySending(postkey.ports.smtp, alice, 'meanwhile')).answer, /^451 4\.4\.1/)
  assert.deepEqual(await health(), ['broken', 'delivery.unreachable'])
  await postkey.process.waitFor(/mail cannot be handed on/)
  const { stdout } = await postkey.cli('doctor', '--no-canary', '-o', 'json')
  const { checks } = JSON.parse(stdout) as { checks: { name: string; code: string | null }[] }
  assert.equal(checks.find(({ name }) => name.startsWith('delivery by'))?.code, 'delivery.unreachable')
  await dovecot.restart()
  assert.match((await trySending(postkey.ports.smtp, alice, 'after')).answer, /^250/)
  assert.deepEqual(await health(), ['ok', null])
  await postkey.process.waitFor(/the mail server takes mail again/)
  assert.deepEqual(await subjects(alice), ['before', 'after'])
})
