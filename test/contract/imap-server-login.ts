import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ImapFlow } from 'imapflow'
import type { Bench } from './imap-server.ts'
import { RawImap } from './imap-server-raw.ts'

const plain = (authzid: string, { name, password }: { name: string; password: string }): string =>
  Buffer.from(`${authzid}\0${name}\0${password}`).toString('base64')

export function loginTests({ server, connect, freshName }: Bench): void {
  test('the capabilities after log-in hold every extension the agent may use', async () => {
    const client = await connect()
    const { untagged } = await client.ok('CAPABILITY')
    const words = new Set((untagged.find((line) => line.startsWith('* CAPABILITY')) ?? '').split(' '))
    const needed =
      'IMAP4rev1 SASL-IR LITERAL+ IDLE NAMESPACE CHILDREN UIDPLUS MOVE UNSELECT CONDSTORE ENABLE ID ' +
      'SPECIAL-USE LIST-EXTENDED LIST-STATUS STATUS=SIZE'
    for (const word of needed.split(' ')) assert(words.has(word), `${word} in ${[...words].join(' ')}`)
  })

  test('a wrong password and an unknown user are refused in the same way', async () => {
    const client = await RawImap.connect(server().port)
    const wrong = await client.command(`LOGIN ${server().user.name} wrong`)
    const unknown = await client.command('LOGIN nobody@example.test wrong')
    assert.equal(wrong.status, 'NO')
    assert.equal(unknown.text.replace(/[\d.]+ secs/, ''), wrong.text.replace(/[\d.]+ secs/, ''))
    client.close()
  })

  test('LOGIN takes its arguments as literals', async () => {
    const client = await RawImap.connect(server().port)
    const { name, password } = server().user
    const { status } = await client.command('LOGIN ', Buffer.from(name), ' ', Buffer.from(password))
    assert.equal(status, 'OK')
    client.close()
  })

  test('a service account acts as a user by authzid, with an initial response and without', async () => {
    const name = freshName()
    const owner = await connect()
    await owner.ok(`CREATE ${name}`)
    const response = plain(server().user.name, server().service)
    const initial = await RawImap.connect(server().port)
    await initial.ok(`AUTHENTICATE PLAIN ${response}`)
    const seen = await initial.ok(`LIST "" ${name}`)
    assert.match(seen.untagged.join('\n'), new RegExp(`LIST .*${name}`))
    initial.close()

    const asked = await RawImap.connect(server().port)
    const tag = asked.send('AUTHENTICATE PLAIN')
    assert.match((await asked.response()) ?? '', /^\+/)
    asked.write(`${response}\r\n`)
    assert.equal((await asked.answer(tag)).status, 'OK')
    asked.close()
  })

  test('a user does not act as another user, and a service account not as nobody', async () => {
    const client = await RawImap.connect(server().port)
    const { user, other, service } = server()
    assert.equal((await client.command(`AUTHENTICATE PLAIN ${plain(other.name, user)}`)).status, 'NO')
    assert.equal(
      (await client.command(`AUTHENTICATE PLAIN ${plain('no@example.test', service)}`)).status,
      'NO',
    )
    client.close()
  })

  test('imapflow logs in by authzid, sees the mailboxes and logs out', async () => {
    const { user, service, port } = server()
    const flow = new ImapFlow({
      host: '127.0.0.1',
      port,
      secure: false,
      doSTARTTLS: false,
      logger: false,
      disableAutoIdle: true,
      auth: { user: service.name, pass: service.password, authzid: user.name, loginMethod: 'AUTH=PLAIN' },
    })
    await flow.connect()
    const paths = (await flow.list()).map(({ path }) => path)
    await flow.logout()
    assert(paths.includes('INBOX'))
  })

  test('commands before log-in and unknown commands are BAD, and the connection goes on', async () => {
    const client = await RawImap.connect(server().port)
    assert.equal((await client.command('SELECT INBOX')).status, 'BAD')
    assert.equal((await client.command('NONSENSE')).status, 'BAD')
    assert.equal((await client.command('NOOP')).status, 'OK')
    client.close()
  })

  test('ID, NAMESPACE and ENABLE answer', async () => {
    const client = await connect()
    assert.match((await client.ok('ID ("name" "test" "version" NIL)')).untagged.join(), /^\* ID /)
    assert.match((await client.ok('ID NIL')).untagged.join(), /^\* ID /)
    assert.match((await client.ok('NAMESPACE')).untagged.join(), /^\* NAMESPACE \(\("" "\/"\)\)/)
    assert.match((await client.ok('ENABLE CONDSTORE')).untagged.join(), /^\* ENABLED CONDSTORE/)
  })

  test('LOGOUT says BYE and closes', async () => {
    const client = await connect()
    const { untagged } = await client.ok('LOGOUT')
    assert.match(untagged.join(), /^\* BYE/)
    assert.equal(await client.response(), null)
  })
}
