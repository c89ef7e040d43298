import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeMessage } from '#imap-server/describe-message.ts'
import type { MailAddress } from '#kernel/brand.ts'
import type { MailStore } from '#store/mail.ts'
import { address } from '../../contract/imap-server-embedded.ts'
import { openTestStore } from '../../support/store.ts'

const alice = address('alice@example.test')
const bob = address('bob@example.test')
const nowMs = Date.UTC(2030, 0, 1)

const message = (text: string) => {
  const raw = new Uint8Array(Buffer.from(text))
  return { raw, nowMs }
}

const deliver = (mail: MailStore, recipients: readonly MailAddress[], text = 'Subject: x\r\n\r\nhello\r\n') =>
  mail.deliver({ recipients, ...message(text) })

/** As the IMAP server does when somebody asks about a message. */
async function describe(mail: MailStore, mailboxId: number, uid: number) {
  const [{ bodyId = 0, size = 0 } = {}] = await mail.findMessages(mailboxId, [uid])
  const raw = await mail.readBody(bodyId, 0, size)
  await mail.keepDescription(bodyId, describeMessage(raw ?? new Uint8Array()))
}

async function inboxOf(mail: MailStore, owner: MailAddress) {
  const account = await mail.findAccount(owner)
  const inbox = account && (await mail.findMailbox(account.id, 'INBOX'))
  if (!inbox) throw new Error('no INBOX')
  return inbox
}

test('a new account has its mailboxes, is found by its aliases, and making it again changes the aliases', async (t) => {
  const { mail } = openTestStore(t)
  const made = await mail.createAccount(alice, [address('a.l@example.test')], nowMs)
  const paths = (await mail.listMailboxes(made.id)).map(({ path, specialUse }) => `${path} ${specialUse}`)
  assert.deepEqual(paths, ['Drafts \\Drafts', 'INBOX null', 'Junk \\Junk', 'Sent \\Sent', 'Trash \\Trash'])
  assert.equal((await mail.findAccount(address('a.l@example.test')))?.address, alice)
  const again = await mail.createAccount(alice, [address('other@example.test')], nowMs)
  assert.equal(again.id, made.id)
  assert.equal(await mail.findAccount(address('a.l@example.test')), null)
  await assert.rejects(mail.createAccount(bob, [alice], nowMs), { code: 'user.exists' })
  assert.equal(await mail.findAccount(bob), null, 'a refused account leaves nothing behind')
})

test('of many accounts made at once one whose address is taken is left out, and the others are made', async (t) => {
  const { mail } = openTestStore(t)
  await mail.createAccount(alice, [address('al@example.test')], nowMs)
  const carol = address('carol@example.test')
  const made = await mail.createAccounts(
    [
      { address: bob, aliases: [address('al@example.test')] },
      { address: carol, aliases: [address('c@example.test')] },
      { address: address('c@example.test'), aliases: [] },
    ],
    nowMs,
  )
  assert.deepEqual(made, ['al@example.test', null, 'c@example.test'])
  assert.equal(await mail.findAccount(bob), null)
  assert.equal((await mail.findAccount(address('c@example.test')))?.address, carol)
})

test('an account gets another main address and keeps its mail; an address of another account is refused', async (t) => {
  const { mail } = openTestStore(t)
  const { id } = await mail.createAccount(alice, [], nowMs)
  await mail.createAccount(bob, [address('bobby@example.test')], nowMs)
  await deliver(mail, [alice])
  const married = address('alice.hargreaves@example.test')
  assert.equal(await mail.readdress(alice, married, [alice]), true)
  assert.equal((await mail.findAccount(alice))?.address, married)
  assert.equal((await mail.findMailbox(id, 'INBOX'))?.messages, 1)
  await assert.rejects(mail.readdress(married, bob, []), { code: 'user.exists' })
  await assert.rejects(mail.readdress(married, married, [address('bobby@example.test')]), {
    code: 'user.exists',
  })
  assert.equal((await mail.findAccount(alice))?.address, married, 'a refused change changes nothing')
  assert.equal(await mail.readdress(alice, alice, []), false, 'by the main address alone')
})

test('one mail to several recipients is one body, one copy per account, in one transaction', async (t) => {
  const { mail } = openTestStore(t)
  await mail.createAccount(alice, [address('alias@example.test')], nowMs)
  await mail.createAccount(bob, [], nowMs)
  const to = [alice, address('alias@example.test'), bob, address('nobody@example.test')]
  const delivered = await deliver(mail, to)
  assert.deepEqual(
    delivered.map((one) => one.address),
    [alice, bob],
  )
  const rows = await Promise.all(delivered.map(({ mailboxId }) => mail.findMessages(mailboxId, [1])))
  assert.equal(rows[0]?.[0]?.bodyId, rows[1]?.[0]?.bodyId)
  await assert.rejects(deliver(mail, [address('nobody@example.test')]), { code: 'user.unknown' })
})

test('the counters of the mailbox row follow every change', async (t) => {
  const { mail } = openTestStore(t)
  const { id } = await mail.createAccount(alice, [], nowMs)
  const [first] = await deliver(mail, [alice])
  await deliver(mail, [alice])
  const inbox = first?.mailboxId ?? 0
  const junk = await mail.findMailbox(id, 'Junk')
  await mail.storeFlags({ mailboxId: inbox, uids: [1], how: 'add', flags: ['\\Seen', '\\Deleted'] })
  await mail.copy(inbox, [1, 2], junk?.id ?? 0)
  await mail.expunge(inbox, {})
  const counts = async (path: string) => {
    const row = await mail.findMailbox(id, path)
    return [row?.messages, row?.unseen, row?.bytes, row?.uidNext]
  }
  assert.deepEqual(await counts('INBOX'), [1, 1, 21, 3])
  assert.deepEqual(await counts('Junk'), [2, 1, 42, 3])
  await mail.move(inbox, [2], junk?.id ?? 0)
  assert.deepEqual(await counts('INBOX'), [0, 0, 0, 3])
  assert.deepEqual(await counts('Junk'), [3, 2, 63, 4])
})

test('UIDs and UIDVALIDITY are never given twice, not even after everything was removed', async (t) => {
  const { mail } = openTestStore(t)
  await mail.createAccount(alice, [], nowMs)
  const [before] = await deliver(mail, [alice])
  await mail.storeFlags({ mailboxId: before?.mailboxId ?? 0, uids: [1], how: 'set', flags: ['\\Deleted'] })
  await mail.expunge(before?.mailboxId ?? 0, {})
  assert.equal((await deliver(mail, [alice]))[0]?.uid, 2)
  assert.equal(await mail.removeAccount(alice), true)
  await mail.createAccount(alice, [], 0)
  const [after] = await deliver(mail, [alice])
  assert((after?.uidValidity ?? 0) > (before?.uidValidity ?? 0))
})

test('a body lives as long as one of its copies', async (t) => {
  const { mail } = openTestStore(t)
  const { id } = await mail.createAccount(alice, [], nowMs)
  const [{ mailboxId = 0 } = {}] = await deliver(mail, [alice])
  const [{ bodyId = 0 } = {}] = await mail.findMessages(mailboxId, [1])
  assert.equal(await mail.describe(bodyId), null, 'nobody has asked yet')
  await describe(mail, mailboxId, 1)
  const trash = (await mail.findMailbox(id, 'Trash'))?.id ?? 0
  await mail.move(mailboxId, [1], trash)
  assert.equal((await mail.readBody(bodyId, 0, 8))?.length, 8)
  assert.equal((await mail.describe(bodyId))?.root.type, 'text/plain')
  await mail.storeFlags({ mailboxId: trash, uids: [1], how: 'set', flags: ['\\Deleted'] })
  await mail.expunge(trash, {})
  assert.equal(await mail.readBody(bodyId, 0, 8), null)
  assert.equal(await mail.describe(bodyId), null)
  await mail.keepDescription(bodyId, describeMessage(Buffer.from('x')))
  assert.equal(await mail.describe(bodyId), null, 'what is gone is not described')
})

test('removing an account removes its mail, and leaves shared bodies to the others', async (t) => {
  const { mail } = openTestStore(t)
  await mail.createAccount(alice, [], nowMs)
  await mail.createAccount(bob, [], nowMs)
  const [shared] = await deliver(mail, [alice, bob])
  const [own] = await deliver(mail, [alice])
  const bodyOf = async (mailboxId = 0, uid = 0) => (await mail.findMessages(mailboxId, [uid]))[0]?.bodyId ?? 0
  const [sharedBody, ownBody] = [await bodyOf(shared?.mailboxId, 1), await bodyOf(own?.mailboxId, 2)]
  await mail.removeAccount(alice)
  assert.notEqual(await mail.readBody(sharedBody, 0, 1), null)
  assert.equal(await mail.readBody(ownBody, 0, 1), null)
  assert.equal(await mail.removeAccount(alice), false)
})

test('any slice of a body of several pieces is what was delivered', async (t) => {
  const { mail } = openTestStore(t)
  await mail.createAccount(alice, [], nowMs)
  const raw = new Uint8Array(700_001).map((_, i) => (i * 7) % 251)
  await mail.deliver({ recipients: [alice], raw, nowMs })
  const [{ bodyId = 0 } = {}] = await mail.findMessages((await inboxOf(mail, alice)).id, [1])
  for (const [offset, length] of [
    [0, 700_001],
    [262_140, 10],
    [262_144, 262_144],
    [700_000, 50],
    [800_000, 1],
  ] as const)
    assert.deepEqual(await mail.readBody(bodyId, offset, length), raw.slice(offset, offset + length))
})

test('what changed since a modification sequence is told, in order of UIDs', async (t) => {
  const { mail } = openTestStore(t)
  await mail.createAccount(alice, [], nowMs)
  for (let i = 0; i < 3; i += 1) await deliver(mail, [alice])
  const inbox = await inboxOf(mail, alice)
  const { modseq } = inbox
  assert.deepEqual((await mail.changesSince(inbox.id, modseq))?.changed, [])
  await mail.storeFlags({ mailboxId: inbox.id, uids: [3], how: 'add', flags: ['\\Deleted'] })
  await mail.storeFlags({ mailboxId: inbox.id, uids: [1], how: 'add', flags: ['\\Seen'] })
  await mail.expunge(inbox.id, {})
  await deliver(mail, [alice])
  const changes = await mail.changesSince(inbox.id, modseq)
  assert.deepEqual(
    changes?.changed.map(({ uid }) => uid),
    [1, 4],
  )
  assert.deepEqual(changes?.expunged, [3])
  assert.deepEqual(
    (await mail.changedMailboxes(modseq)).map(({ id }) => id),
    [inbox.id],
  )
})

test('flags change only where nobody else was first, and only on ETP messages where asked', async (t) => {
  const { mail } = openTestStore(t)
  await mail.createAccount(alice, [], nowMs)
  await deliver(mail, [alice])
  await deliver(mail, [alice], 'X-MDAP-Message: etp; v=1\r\n\r\n')
  const { id: mailboxId, modseq } = await inboxOf(mail, alice)
  await mail.storeFlags({ mailboxId, uids: [1], how: 'add', flags: ['\\Flagged'] })
  const result = await mail.storeFlags({
    mailboxId,
    uids: [1, 2],
    how: 'add',
    flags: ['a'],
    unchangedSince: modseq,
  })
  assert.deepEqual([result.changed.map(({ uid }) => uid), result.refused], [[2], [1]])
  await describe(mail, mailboxId, 1)
  await describe(mail, mailboxId, 2)
  const etp = await mail.storeFlags({
    mailboxId,
    uids: [1, 2],
    how: 'add',
    flags: ['\\Deleted'],
    etpOnly: true,
  })
  assert.deepEqual(
    etp.changed.map(({ uid }) => uid),
    [2],
  )
  await mail.storeFlags({ mailboxId, uids: [1], how: 'add', flags: ['\\Deleted'] })
  assert.deepEqual(await mail.expunge(mailboxId, { etpOnly: true }), [2])
})

test('mailboxes are renamed with what is below them, and INBOX gives its messages away', async (t) => {
  const { mail } = openTestStore(t)
  const { id } = await mail.createAccount(alice, [], nowMs)
  await deliver(mail, [alice])
  await mail.createMailbox(id, 'a/b/c', nowMs)
  assert.equal(await mail.renameMailbox(id, 'a/b', 'x/y', nowMs), 'renamed')
  assert.equal(await mail.renameMailbox(id, 'none', 'z', nowMs), 'missing')
  assert.equal(await mail.renameMailbox(id, 'a', 'x', nowMs), 'exists')
  assert.equal(await mail.renameMailbox(id, 'INBOX', 'old', nowMs), 'renamed')
  const rows = (await mail.listMailboxes(id)).filter(({ specialUse }) => !specialUse)
  assert.deepEqual(
    rows.map(({ path, messages }) => [path, messages]),
    [
      ['INBOX', 0],
      ['a', 0],
      ['old', 1],
      ['x', 0],
      ['x/y', 0],
      ['x/y/c', 0],
    ],
  )
})

test('INBOXes are listed by address, from a prefix, page by page', async (t) => {
  const { mail } = openTestStore(t)
  for (let i = 0; i < 5; i += 1) await mail.createAccount(address(`u${i}@example.test`), [], nowMs)
  await mail.createAccount(bob, [], nowMs)
  const page = await mail.listInboxes('u', '', 3)
  assert.deepEqual(
    page.map((one) => one.address),
    ['u0@example.test', 'u1@example.test', 'u2@example.test'],
  )
  const next = await mail.listInboxes('u', page[2]?.address ?? '', 3)
  assert.deepEqual(
    next.map((one) => one.address),
    ['u3@example.test', 'u4@example.test'],
  )
})
