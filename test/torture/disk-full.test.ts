/** The disk under a server is full: it puts off what it cannot keep, says so, and goes on when there is room. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { RawImap } from '../contract/imap-server-raw.ts'
import { RawSmtp } from '../contract/smtp-raw.ts'
import { eventually } from '../support/e2e-world.ts'
import { activate, goodScreens, type Postkey, screensOf, startPostkey } from '../support/postkey.ts'
import { mountSmallDisk, type SmallDisk } from './disk.ts'
import type { Mailbox } from './load-mail.ts'

const timeout = 170_000
const address = 'alice@example.test'

test('on a full disk mail is put off with 452 and NO, and taken again when there is room', {
  timeout,
}, async (t) => {
  const disk = await mountSmallDisk(t, 32)
  if (!disk) return
  const postkey = await startPostkey(t, { data: disk.directory })
  const activationPassword = await postkey.addUser(address)
  const admin = await postkey.admin()
  const mailbox: Mailbox = await admin.mailboxes.generatePassword(address)
  await admin.close()
  const kept = [await send(postkey, 'before'), await append(postkey, mailbox, 'before')]
  assert.deepEqual(kept, ['250', 'OK'])

  await t.test('while it is full', () => whileFull(disk, postkey, mailbox))

  disk.empty()
  await t.test('when there is room', (t) => withRoom(t, postkey, mailbox, activationPassword))
})

async function whileFull(disk: SmallDisk, postkey: Postkey, mailbox: Mailbox): Promise<void> {
  disk.fill()
  // The log of the database has some room of its own; a few large mails use it up.
  await eventually(
    async () => (await send(postkey, 'full', 2_000_000)) === '452',
    'a mail is put off with 452',
  )
  await eventually(async () => {
    disk.fill()
    return (await send(postkey, 'small')) === '452'
  }, 'a small one, too')
  assert.equal(await append(postkey, mailbox, 'full'), 'NO')
  const status = await postkey.cli('status')
  assert.equal(status.code, 1)
  assert.match(status.stdout, /BROKEN +database[\s\S]*code +store\.full/)
  assert.match(postkey.log(), /"level":"(warn|error)"[^\n]*"code":"store\.full"/)
  assert.equal((await subjects(postkey, mailbox)).filter((one) => one === 'before').length, 2)
}

async function withRoom(
  t: TestContext,
  postkey: Postkey,
  mailbox: Mailbox,
  activationPassword: string,
): Promise<void> {
  assert.deepEqual([await send(postkey, 'after'), await append(postkey, mailbox, 'after')], ['250', 'OK'])
  const outcome = await activate(postkey, address, activationPassword)
  assert.deepEqual(screensOf(outcome), goodScreens(address))
  const status = await postkey.cli('status')
  assert.doesNotMatch(status.stdout, /store\.full/)
  const there = await subjects(postkey, mailbox)
  for (const subject of ['before', 'after'])
    assert.equal(there.filter((one) => one === subject).length, 2, `${subject}: ${there.join(' ')}`)
  assert.equal((await postkey.cli('db', 'verify')).code, 0)
  t.diagnostic(`${there.length} mails, each acknowledged one among them`)
}

const messageOf = (subject: string, bytes: number): string =>
  `From: a@client.test\r\nSubject: ${subject}\r\n\r\n${`${'x'.repeat(76)}\r\n`.repeat(Math.ceil(bytes / 78))}`

/** The code of the answer to the mail. */
async function send(postkey: Postkey, subject: string, bytes = 10_000): Promise<string> {
  const smtp = await RawSmtp.connect(postkey.ports.smtp)
  try {
    await smtp.upToData(address)
    return (await smtp.say(`${messageOf(subject, bytes)}.`)).slice(0, 3)
  } finally {
    smtp.close()
  }
}

async function append(postkey: Postkey, mailbox: Mailbox, subject: string): Promise<string> {
  return await withImap(postkey, mailbox, async (imap) => {
    const { status } = await imap.command('APPEND INBOX ', Buffer.from(messageOf(subject, 10_000)))
    return status
  })
}

async function subjects(postkey: Postkey, mailbox: Mailbox): Promise<string[]> {
  return await withImap(postkey, mailbox, async (imap) => {
    await imap.ok('EXAMINE INBOX')
    const { untagged } = await imap.ok('FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])')
    return untagged.flatMap((line) => /^Subject: (\w+)\s*$/m.exec(line)?.[1] ?? [])
  })
}

async function withImap<T>(
  postkey: Postkey,
  { address, password }: Mailbox,
  work: (imap: RawImap) => Promise<T>,
): Promise<T> {
  const imap = await RawImap.connect(postkey.ports.imap)
  try {
    await imap.login({ name: address, password })
    return await work(imap)
  } finally {
    imap.close()
  }
}
