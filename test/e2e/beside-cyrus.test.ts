// Beside a site's own Cyrus, with Postfix or Exim before it, and Exim before Dovecot: an activation completes on each.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Beside, MessageSeen } from '../support/beside.ts'
import { startBesideCyrus, startBesideExim } from '../support/beside-others.ts'
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
const [alice, bob, carol, dave] = [user('alice'), user('bob'), user('carol'), user('dave')]
const removed = /an activation mail was removed/
const notRemoved = /an activation mail could not be removed/

test('Postkey beside Postfix and Cyrus', { skip: missingPeer('cyrus', 'postfix') }, async (t) => {
  const beside = await startBesideCyrus(t, [alice, bob, carol, dave], 'postfix')
  const serve = server(beside, temporaryDirectory(t))

  await t.test('watches the namespace, and leaves other mail as it was', async (t) => {
    const ordinary = await oneReadMail(beside, alice)
    const postkey = await serve(t, fastWatch)
    await activates(postkey, alice, fastWatch)
    await postkey.process.waitFor(removed)
    assert.deepEqual(await beside.inbox(alice), ordinary)

    await t.test('without the right to delete the mail stays, and status says so', async () => {
      await beside.cyrus.administer([`SETACL user/${dave.address} postkey lrs`])
      await activates(postkey, dave, fastWatch)
      await postkey.process.waitFor(notRemoved)
      const [kept, ...more] = await beside.inbox(dave)
      assert.deepEqual([kept?.flags, more], [[], []])
      assert.deepEqual(await mailboxCheck(postkey, dave.address), {
        health: 'attention',
        code: 'imap.no_right',
      })
    })
    await postkey.stop()
  })

  await t.test('by interval scan alone', async (t) => {
    const postkey = await serve(t, scanOnly)
    await activates(postkey, bob, scanOnly)
    await postkey.process.waitFor(removed)
    assert.deepEqual(await beside.inbox(bob), [])
    await postkey.stop()
  })

  await t.test(
    'with a log-in on behalf of each user, where the account has no right in the mailbox',
    async (t) => {
      await beside.cyrus.administer([`DELETEACL user/${carol.address} postkey`])
      const postkey = await serve(t, fastWatch, 'imap.access=authzid')
      await activates(postkey, carol, fastWatch)
      await postkey.process.waitFor(removed)
      assert.deepEqual(await beside.inbox(carol), [])
      await postkey.stop()
    },
  )
})

test('Postkey beside Exim and Cyrus', { skip: missingPeer('cyrus', 'exim') }, async (t) => {
  const beside = await startBesideCyrus(t, [alice], 'exim')
  const postkey = await server(beside, temporaryDirectory(t))(t, fastWatch)
  await activates(postkey, alice, fastWatch)
  await postkey.process.waitFor(removed)
  assert.deepEqual(await beside.inbox(alice), [])
})

test('Postkey beside Exim and Dovecot', { skip: missingPeer('dovecot', 'exim') }, async (t) => {
  const beside = await startBesideExim(t, [alice])
  const postkey = await server(beside, temporaryDirectory(t))(t, fastWatch)
  await activates(postkey, alice, fastWatch)
  await postkey.process.waitFor(removed)
  assert.deepEqual(await beside.inbox(alice), [])
})

const server =
  (beside: Beside, data: string) =>
  (t: TestContext, watch: Watch, ...more: string[]): Promise<Postkey> =>
    startPostkey(t, { data, set: [...beside.set, ...watch.set, ...more] })

async function activates(postkey: Postkey, { address }: MailUser, watch: Watch): Promise<void> {
  const outcome = await activate(postkey, address, await postkey.addUser(address))
  assert.deepEqual(screensOf(outcome), goodScreens(address))
  await assertFound(postkey, address, watch)
}

async function oneReadMail(beside: Beside, of: MailUser): Promise<readonly MessageSeen[]> {
  await beside.inInbox(of, async (imap) => {
    await imap.append('INBOX', 'Subject: read\r\n\r\nHello\r\n', ['\\Seen', '\\Flagged'])
  })
  const messages = await beside.inbox(of)
  assert.deepEqual(messages, [{ subject: 'read', flags: ['\\Flagged', '\\Seen'] }])
  return messages
}
