// Proves the bench that other tests stand on: real Postfix, Dovecot, maildev and mail clients work together here.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { after, before, suite, test } from 'node:test'
import { ImapFlow } from 'imapflow'
import nodemailer from 'nodemailer'
import { type Dovecot, startDovecot } from '../support/dovecot.ts'
import { authenticateAs, imapLines, statuses } from '../support/imap-lines.ts'
import { missingPeer } from '../support/peers.ts'
import { type Postfix, startPostfix } from '../support/postfix.ts'
import { run } from '../support/process.ts'

const alice = { address: 'alice@example.test', password: 'wonder:land' }
const bob = { address: 'bob@example.test', password: 'builder' }
const aliceBox = '"all/alice@example.test"'

const skip = missingPeer('dovecot', 'postfix', 'swaks')

suite('Postfix delivers to Dovecot and one service account sees every mailbox', { skip }, () => {
  let dovecot: Dovecot
  let postfix: Postfix

  before(async () => {
    dovecot = await startDovecot({ users: [alice, bob], domain: 'example.test' })
    postfix = await startPostfix({
      domain: 'example.test',
      lmtp: { host: dovecot.host, port: dovecot.lmtpPort },
      policy: { host: dovecot.host, port: dovecot.policyPort },
    })
  })
  after(async () => {
    await postfix?.stop()
    await dovecot?.stop()
  })

  const serviceLogin = (): string => `LOGIN ${dovecot.serviceAccount.user} ${dovecot.serviceAccount.pass}`

  test('a mail sent with swaks arrives, and the service account reads it as all/<address>', async () => {
    await withInbox(dovecot, alice, async (arrived) => {
      const { code, stdout } = await run('/usr/bin/swaks', [
        ...['--server', `127.0.0.1:${postfix.smtpPort}`, '--from', 'relay@example.test'],
        ...['--to', alice.address, '--header', 'Subject: from swaks'],
      ])
      assert.equal(code, 0, stdout)
      await arrived
    })
    const lines = await imapLines(dovecot.imapPort, [
      serviceLogin(),
      `EXAMINE ${aliceBox}`,
      'UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])',
    ])
    assert.ok(lines.includes('Subject: from swaks'), lines.join('\n'))
  })

  test('a mail sent with nodemailer reaches a user added while the servers run', async () => {
    const carol = { address: 'carol@example.test', password: 'late' }
    await dovecot.addUser(carol)
    await withInbox(dovecot, carol, async (arrived) => {
      await send(postfix, carol.address, 'from nodemailer')
      await arrived
    })
    const service = await connect(dovecot, dovecot.serviceAccount)
    try {
      await service.mailboxOpen(`all/${carol.address}`, { readOnly: true })
      const message = await service.fetchOne('*', { envelope: true })
      assert.ok(message)
      assert.equal(message.envelope?.subject, 'from nodemailer')
    } finally {
      await service.logout()
    }
  })

  test('Postfix refuses a user that Dovecot does not know, and any other domain', async () => {
    await assert.rejects(send(postfix, 'nobody@example.test', 'lost'), /5\.1\.1 .*No such user here/)
    await assert.rejects(send(postfix, 'alice@elsewhere.test', 'relayed'), /Relay access denied/)
  })

  test('LIST-STATUS over all/ gives the counters of every mailbox in one command', async () => {
    await imapLines(dovecot.imapPort, [`LOGIN ${bob.address} ${bob.password}`, 'SELECT INBOX'])
    const lines = await imapLines(dovecot.imapPort, [
      serviceLogin(),
      'LIST "" "all/%" RETURN (STATUS (MESSAGES UIDNEXT UIDVALIDITY))',
    ])
    const text = lines.join('\n')
    assert.match(text, /\* STATUS all\/alice@example\.test \(MESSAGES 1 UIDNEXT 2 UIDVALIDITY \d+\)/)
    assert.match(text, /\* STATUS all\/bob@example\.test \(MESSAGES 0 UIDNEXT 1 UIDVALIDITY \d+\)/)
  })

  test('the service account sets \\Seen and deletes, but neither flags, appends nor makes folders', async () => {
    const lines = await imapLines(dovecot.imapPort, [
      serviceLogin(),
      `SELECT ${aliceBox}`,
      'UID STORE 1 +FLAGS (\\Flagged)',
      'UID STORE 1 +FLAGS (\\Seen \\Deleted)',
      'CREATE "all/alice@example.test/more"',
      `COPY 1 ${aliceBox}`,
      'UID EXPUNGE 1',
      `STATUS ${aliceBox} (MESSAGES)`,
    ])
    assert.deepEqual(statuses(lines), ['OK', 'OK', 'OK', 'OK', 'NO', 'NO', 'OK', 'OK', 'OK'])
    const flags = lines.filter((line) => line.includes('FETCH (UID 1 FLAGS'))
    assert.match(flags.at(-1) ?? '', /\\Deleted.*\\Seen/)
    assert.ok(!flags.some((line) => line.includes('\\Flagged')), flags.join('\n'))
    assert.ok(lines.includes('* STATUS all/alice@example.test (MESSAGES 0)'), lines.join('\n'))
  })

  test('an ordinary user sees nothing of all/ and cannot log in as another', async () => {
    const lines = await imapLines(dovecot.imapPort, [
      `LOGIN ${bob.address} ${bob.password}`,
      'LIST "" *',
      `SELECT ${aliceBox}`,
      'NAMESPACE',
    ])
    assert.deepEqual(statuses(lines), ['OK', 'OK', 'NO', 'OK', 'OK'])
    assert.ok(!lines.some((line) => line.startsWith('* ') && line.includes('all')), lines.join('\n'))
    const asAlice = authenticateAs(alice.address, { user: bob.address, pass: bob.password })
    assert.match((await imapLines(dovecot.imapPort, [asAlice])).join('\n'), /A1 NO/)
  })

  test('the service account logs in as a user with an authzid, and only as one that exists', async () => {
    const asBob = await imapLines(dovecot.imapPort, [
      authenticateAs(bob.address, dovecot.serviceAccount),
      'SELECT INBOX',
      'MYRIGHTS INBOX',
    ])
    assert.deepEqual(statuses(asBob), ['OK', 'OK', 'OK', 'OK'])
    assert.ok(asBob.includes('* MYRIGHTS INBOX lrsted'), asBob.join('\n'))
    const asNobody = authenticateAs('nobody@example.test', dovecot.serviceAccount)
    assert.match((await imapLines(dovecot.imapPort, [asNobody])).join('\n'), /A1 NO/)
  })

  test('a stopped server leaves neither its directory nor its port behind', async () => {
    const other = await startDovecot({ users: [] })
    assert.ok(existsSync(other.directory))
    await other.stop()
    await assert.rejects(imapLines(other.imapPort, ['NOOP']), /ECONNREFUSED/)
    assert.ok(!existsSync(other.directory))
  })
})

async function send(postfix: Postfix, to: string, subject: string): Promise<void> {
  const transport = nodemailer.createTransport({ host: postfix.host, port: postfix.smtpPort })
  await transport.sendMail({ from: 'relay@example.test', to, subject, text: 'x' })
}

async function connect(dovecot: Dovecot, auth: { user: string; pass: string }): Promise<ImapFlow> {
  const client = new ImapFlow({
    host: dovecot.host,
    port: dovecot.imapPort,
    secure: false,
    auth,
    logger: false,
  })
  await client.connect()
  return client
}

/** Watches a user's own INBOX; `arrived` settles with the next new message. */
async function withInbox(
  dovecot: Dovecot,
  user: { readonly address: string; readonly password: string },
  act: (arrived: Promise<unknown>) => Promise<void>,
): Promise<void> {
  const client = await connect(dovecot, { user: user.address, pass: user.password })
  try {
    await client.mailboxOpen('INBOX')
    const arrived = once(client, 'exists', { signal: AbortSignal.timeout(10_000) })
    const idle = client.idle()
    await act(arrived)
    await client.noop()
    await idle
  } finally {
    await client.logout()
  }
}
