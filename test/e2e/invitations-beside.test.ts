/** Passwords by mail through a site's own mail server: Postfix and Dovecot take, keep and show both mails. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simpleParser } from 'mailparser'
import { startBeside } from '../support/beside.ts'
import { command } from '../support/e2e-cli.ts'
import { eventually } from '../support/e2e-world.ts'
import { missingPeer } from '../support/peers.ts'
import { activate, goodScreens, screensOf, startPostkey } from '../support/postkey.ts'

const domain = 'example.test'
const [alice, boss] = ['alice', 'boss'].map((name) => ({
  address: `${name}@${domain}`,
  password: `${name}-secret`,
}))

test('Postfix takes both mails, Dovecot shows each to its reader, and the password in one of them activates', {
  skip: missingPeer('dovecot', 'postfix'),
}, async (t) => {
  assert(alice && boss)
  const beside = await startBeside(t, [alice, boss])
  const postkey = await startPostkey(t, {
    set: [
      ...beside.set,
      `invitation.from=it@${domain}`,
      'invitation.from_name=Bücher & IT',
      'invitation.language=de',
    ],
  })
  const admin = await postkey.admin()
  await admin.users.add({ address: alice.address, displayName: 'Alice Müller' })
  const sent = await command(postkey, 'password', 'send', alice.address, '--to', boss.address)
  assert.equal(sent.code, 0, sent.err)
  await eventually(
    async () => (await admin.users.show(alice.address)).mails.every(({ state }) => state === 'sent'),
    'Postfix has both',
  )
  await eventually(async () => (await beside.inbox(boss)).length === 1, 'the password has come')
  await eventually(async () => (await beside.inbox(alice)).length === 1, 'the instructions have come')
  const [told, secret] = await Promise.all(
    [alice, boss].map((reader) =>
      beside.inInbox(reader, async (imap) => {
        const message = await imap.fetchOne('1', { source: true, bodyStructure: true })
        const { source, bodyStructure } = message || {}
        assert(source)
        return { structure: bodyStructure?.type, mail: await simpleParser(source) }
      }),
    ),
  )
  assert.equal(told?.structure, 'multipart/alternative')
  assert.equal(told?.mail.subject, 'So richten Sie Ihr Handheld ein')
  assert.equal(told?.mail.from?.value[0]?.name, 'Bücher & IT')
  assert.match(told?.mail.text ?? '', /^Guten Tag Alice Müller,/)
  const password = /^ {4}(\w{4}-\w{4}-\w{4})$/m.exec(secret?.mail.text ?? '')?.[1]
  assert(password, secret?.mail.text)
  assert(!`${told?.mail.text}${told?.mail.html}`.includes(password))
  const outcome = await activate(postkey, alice.address, password)
  assert.deepEqual(screensOf(outcome), goodScreens(alice.address))
  assert.equal((await beside.inbox(alice)).length, 1, 'the instructions are left where they are')
})
