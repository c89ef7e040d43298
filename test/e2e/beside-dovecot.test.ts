// Beside a site's own mail server: Postfix takes the relay's mail, Dovecot keeps the mailboxes, Postkey watches.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Beside, type MessageSeen, startBeside } from '../support/beside.ts'
import type { MailUser } from '../support/dovecot.ts'
import { assertFound, fastWatch, scanOnly, type Watch } from '../support/each-watch.ts'
import { missingPeer } from '../support/peers.ts'
import {
  activate,
  goodScreens,
  mailboxCheck,
  type Postkey,
  screensOf,
  startPostkey,
} from '../support/postkey.ts'
import { temporaryDirectory } from '../support/store.ts'

const user = (name: string): MailUser => ({ address: `${name}@example.test`, password: `${name}'s own` })
const alice = user('alice')
const bob = user('bob')
const carol = user('carol')
const dave = user('dave')
const erin = user('erin')
const frank = user('frank')
const etpSubject = /\[MDAP 1 [0-9a-f]{8}\]/

const removed = /an activation mail was removed/
const notRemoved = /an activation mail could not be removed/

test('Postkey beside Postfix and Dovecot', { skip: missingPeer('dovecot', 'postfix') }, async (t) => {
  const beside = await startBeside(t, [alice, bob, carol, dave, frank], [erin])
  const data = temporaryDirectory(t)
  const serve = (t: TestContext, watch: Watch, ...more: string[]): Promise<Postkey> =>
    startPostkey(t, { data, set: [...beside.set, ...watch.set, ...more] })

  await t.test('serves with relay and agent alone, and leaves other mail as it was', async (t) => {
    const ordinary = await twoMails(beside, alice)
    const postkey = await serve(t, fastWatch)
    assert.deepEqual([postkey.ports.smtp, postkey.ports.imap], [0, 0], 'no embedded mail server runs')
    await activates(postkey, alice, fastWatch)
    await postkey.process.waitFor(removed)
    assert.deepEqual(await beside.inbox(alice), ordinary)

    await t.test('without the right to delete the mail stays, and status says so', async () => {
      await activates(postkey, erin, fastWatch)
      await postkey.process.waitFor(notRemoved)
      assertKept(await beside.inbox(erin))
      assert.deepEqual(await mailboxCheck(postkey, erin.address), {
        health: 'attention',
        code: 'imap.no_right',
      })
    })
    await postkey.stop()
  })

  await t.test('by interval scan alone, in a mailbox that the first mail brings into being', async (t) => {
    // A look into Junk logs in as the user, and that alone makes the mailbox.
    const postkey = await serve(t, scanOnly, 'imap.junk=')
    await postkey.addUser(frank.address)
    // There was no mail for frank yet.
    assert.deepEqual(await mailboxCheck(postkey, frank.address), {
      health: 'attention',
      code: 'imap.no_mailbox',
    })
    await activates(postkey, bob, scanOnly)
    await postkey.process.waitFor(removed)
    assert.deepEqual(await beside.inbox(bob), [])
    await postkey.stop()
  })

  await t.test('with a log-in on behalf of each user', async (t) => {
    const postkey = await serve(t, fastWatch, 'imap.access=authzid')
    await activates(postkey, carol, fastWatch)
    await postkey.process.waitFor(removed)
    assert.deepEqual(await beside.inbox(carol), [])
    await postkey.stop()
  })

  await t.test('with etp_mail=keep the mail stays, unread', async (t) => {
    const postkey = await serve(t, fastWatch, 'agent.etp_mail=keep')
    const ordinary = await twoMails(beside, dave)
    await activates(postkey, dave, fastWatch)
    const [first, second, ...more] = await beside.inbox(dave)
    assert.deepEqual([first, second], ordinary)
    assertKept(more)
    await postkey.stop()
  })
})

async function activates(postkey: Postkey, { address }: MailUser, watch: Watch): Promise<void> {
  const outcome = await activate(postkey, address, await postkey.addUser(address))
  assert.deepEqual(screensOf(outcome), goodScreens(address))
  await assertFound(postkey, address, watch)
}

function assertKept(messages: readonly MessageSeen[]): void {
  assert.equal(messages.length, 1)
  assert.match(messages[0]?.subject ?? '', etpSubject)
  assert.deepEqual(messages[0]?.flags, [])
}

/** One that the user has read and starred, one unread. */
async function twoMails(beside: Beside, of: MailUser): Promise<readonly MessageSeen[]> {
  await beside.inInbox(of, async (imap) => {
    for (const subject of ['read', 'unread'])
      await imap.append('INBOX', `Subject: ${subject}\r\n\r\nHello\r\n`)
    await imap.messageFlagsAdd('1', ['\\Seen', '\\Flagged'])
  })
  const messages = await beside.inbox(of)
  assert.deepEqual(messages, [
    { subject: 'read', flags: ['\\Flagged', '\\Seen'] },
    { subject: 'unread', flags: [] },
  ])
  return messages
}
