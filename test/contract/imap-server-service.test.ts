// What a service account sees and may do on the embedded server when it acts as nobody.

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { ImapFlow } from 'imapflow'
import { type EmbeddedMail, service, startEmbeddedMail } from './imap-server-embedded.ts'
import { simpleMessage } from './imap-server-messages.ts'
import { RawImap } from './imap-server-raw.ts'

const users = ['alice@example.test', 'bob@example.test', 'a/b%c*d&e@example.test'].map((address) => ({
  address,
  password: 'pw',
}))
const etp = Buffer.from('X-MDAP-Message: etp; v=1\r\nSubject: etp\r\n\r\nx\r\n')

suite('a service account on the embedded server', () => {
  let mail: EmbeddedMail
  let client: RawImap

  before(async () => {
    mail = await startEmbeddedMail(users)
    await mail.deliver(['alice@example.test', 'bob@example.test'], simpleMessage('plain'))
    await mail.deliver('alice@example.test', etp)
    client = await (await RawImap.connect(mail.imap.port)).login(service)
  })
  after(async () => {
    client?.close()
    await mail?.stop()
  })

  const list = async (pattern: string) =>
    (await client.ok(`LIST "" "${pattern}"`)).untagged.map((line) => line.split('"/" ')[1])

  test('sees every INBOX as user/<address>, an address being one level whatever is in it', async () => {
    const all = ['user/"a', 'user/alice@example.test', 'user/bob@example.test']
    assert.deepEqual((await list('user/%')).slice(1), all.slice(1))
    assert.equal((await list('user/%'))[0], '"user/a/b%c*d&-e@example.test"')
    assert.deepEqual((await list('*')).length, 4)
    assert.deepEqual(await list('%'), ['user'])
    assert.deepEqual(await list('user/b%'), ['user/bob@example.test'])
    assert.deepEqual(await list('INBOX'), [])
  })

  test('reads the state of all in one LIST-STATUS', async () => {
    const { untagged } = await client.ok('LIST "" "user/%" RETURN (STATUS (MESSAGES UIDNEXT UIDVALIDITY))')
    assert.equal(untagged.filter((line) => line.startsWith('* STATUS')).length, 3)
    assert.match(
      untagged.join('\n'),
      /STATUS user\/alice@example.test \(MESSAGES 2 UIDNEXT 3 UIDVALIDITY \d+\)/,
    )
    assert.match((await client.ok('STATUS user/bob@example.test (MESSAGES)')).untagged.join(), /MESSAGES 1/)
    assert.match(
      (await client.ok('STATUS "user/a/b%c*d&-e@example.test" (MESSAGES)')).untagged.join(),
      /MESSAGES 0/,
    )
  })

  test('reads mail without a trace, and marks it as seen where it wants to', async () => {
    await client.ok('EXAMINE user/bob@example.test')
    await client.ok('UID FETCH 1 (BODY[])')
    assert.match((await client.ok('FETCH 1 (FLAGS)')).untagged.join(), /FLAGS \(\\Recent\)/)
    await client.ok('SELECT user/bob@example.test')
    await client.ok('STORE 1 +FLAGS (\\Seen)')
    const owner = await (await RawImap.connect(mail.imap.port)).login({
      name: 'bob@example.test',
      password: 'pw',
    })
    await owner.ok('EXAMINE INBOX')
    assert.match((await owner.ok('FETCH 1 (FLAGS)')).untagged.join(), /FLAGS \(.*\\Seen.*\\Recent\)/)
    owner.close()
  })

  test('deletes ETP messages and nothing else', async () => {
    await client.ok('SELECT user/alice@example.test')
    await client.ok('STORE 1:2 +FLAGS (\\Deleted)')
    assert.match((await client.ok('FETCH 1 (FLAGS)')).untagged.join(), /FLAGS \((?!.*\\Deleted)/)
    assert.match((await client.ok('FETCH 2 (FLAGS)')).untagged.join(), /\\Deleted/)
    assert.deepEqual((await client.ok('UID EXPUNGE 1:2')).untagged, ['* 2 EXPUNGE'])
    const owner = await (await RawImap.connect(mail.imap.port)).login({
      name: 'alice@example.test',
      password: 'pw',
    })
    await owner.ok('SELECT INBOX')
    await owner.ok('STORE 1 +FLAGS.SILENT (\\Deleted)')
    await client.ok('EXPUNGE')
    await client.ok('CLOSE')
    assert.match((await owner.ok('STATUS INBOX (MESSAGES)')).untagged.join(), /MESSAGES 1/)
    owner.close()
  })

  test('may do nothing more', async () => {
    await client.ok('SELECT user/bob@example.test')
    for (const command of [
      'STORE 1 +FLAGS (\\Flagged)',
      'STORE 1 FLAGS (\\Seen)',
      'COPY 1 user/alice@example.test',
      'MOVE 1 user/alice@example.test',
      'CREATE new',
      'CREATE user/bob@example.test/x',
      'DELETE user/bob@example.test',
      'RENAME user/bob@example.test other',
      'SUBSCRIBE user/bob@example.test',
      'SELECT INBOX',
      'SELECT user/nobody@example.test',
      'SELECT bob@example.test',
    ])
      assert.equal((await client.command(command)).status, 'NO', command)
    const appended = await client.command('APPEND user/bob@example.test ', simpleMessage('x'))
    assert.equal(appended.status, 'NO')
    assert.match((await client.ok('STATUS user/bob@example.test (MESSAGES)')).untagged.join(), /MESSAGES 1/)
  })

  test('works through imapflow: namespace, status and fetch of one mailbox', async () => {
    const flow = new ImapFlow({
      ...{ host: '127.0.0.1', port: mail.imap.port, secure: false, doSTARTTLS: false },
      ...{ logger: false, disableAutoIdle: true, auth: { user: service.name, pass: service.password } },
    })
    await flow.connect()
    const status = await flow.status('user/bob@example.test', { messages: true })
    assert(status)
    assert.equal(status.messages, 1)
    await flow.mailboxOpen('user/bob@example.test', { readOnly: true })
    const message = await flow.fetchOne('1', { source: true })
    assert(message)
    assert.equal(message.source?.toString(), simpleMessage('plain').toString())
    await flow.logout()
  })

  test('hears in IDLE of mail that is delivered, at once', async () => {
    await client.ok('EXAMINE user/bob@example.test')
    const tag = client.send('IDLE')
    assert.match((await client.response()) ?? '', /^\+/)
    const startMs = performance.now()
    await mail.deliver('bob@example.test', etp)
    assert.equal(await client.response(), '* 2 EXISTS')
    assert(performance.now() - startMs < 1_000)
    client.write('DONE\r\n')
    assert.equal((await client.answer(tag)).status, 'OK')
  })
})
