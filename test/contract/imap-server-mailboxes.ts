import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Bench } from './imap-server.ts'
import { simpleMessage } from './imap-server-messages.ts'

/** The names LIST told, without quotes. */
const namesOf = (untagged: readonly string[]): string[] =>
  untagged
    .filter((line) => /^\* L(?:IST|SUB)/.test(line))
    .map((line) => (line.split('"/" ')[1] ?? '').replaceAll('"', ''))

const statusOf = (untagged: readonly string[], item: string): number =>
  Number(new RegExp(`${item} (\\d+)`).exec(untagged.join('\n'))?.[1])

export function mailboxTests({ connect, freshName, withMessages }: Bench): void {
  test('mailboxes are made, listed, renamed with their inferiors, and deleted', async () => {
    const client = await connect()
    const name = freshName()
    await client.ok(`CREATE ${name}/one/two`)
    assert.deepEqual(namesOf((await client.ok(`LIST "" ${name}/*`)).untagged).sort(), [
      `${name}/one`,
      `${name}/one/two`,
    ])
    assert.deepEqual(namesOf((await client.ok(`LIST "" ${name}/%`)).untagged), [`${name}/one`])
    assert.deepEqual(namesOf((await client.ok(`LIST ${name}/ %`)).untagged), [`${name}/one`])
    assert.match((await client.ok(`LIST "" ${name}/one`)).untagged.join(), /\\HasChildren/)
    assert.match((await client.ok(`LIST "" ${name}/one/two`)).untagged.join(), /\\HasNoChildren/)
    await client.ok(`RENAME ${name}/one ${name}/uno`)
    assert.deepEqual(namesOf((await client.ok(`LIST "" ${name}/*/*`)).untagged), [`${name}/uno/two`])
    assert.equal((await client.command(`CREATE ${name}/uno/two`)).status, 'NO')
    await client.ok(`DELETE ${name}/uno/two`)
    assert.deepEqual(namesOf((await client.ok(`LIST "" ${name}/uno/*`)).untagged), [])
    assert.equal((await client.command(`DELETE ${name}/none`)).status, 'NO')
    assert.equal((await client.command('DELETE INBOX')).status, 'NO')
  })

  test('LIST with an empty name tells the separator', async () => {
    const client = await connect()
    assert.deepEqual((await client.ok('LIST "" ""')).untagged, ['* LIST (\\Noselect) "/" ""'])
  })

  test('INBOX is found in any case, and a name in modified UTF-7 comes back as it went in', async () => {
    const client = await connect()
    await client.ok('EXAMINE iNbOx')
    const name = `${freshName()}-&AOQA9gD8-`
    await client.ok(`CREATE ${name}`)
    assert.deepEqual(namesOf((await client.ok(`LIST "" ${name}`)).untagged), [name])
    await client.ok(`SELECT ${name}`)
  })

  test('subscriptions are kept, and LIST and LSUB show them', async () => {
    const client = await connect()
    const name = freshName()
    await client.ok(`CREATE ${name}`)
    await client.ok(`SUBSCRIBE ${name}`)
    assert.deepEqual(namesOf((await client.ok(`LSUB "" ${name}`)).untagged), [name])
    assert.deepEqual(namesOf((await client.ok(`LIST (SUBSCRIBED) "" ${name}`)).untagged), [name])
    assert.match((await client.ok(`LIST "" ${name} RETURN (SUBSCRIBED)`)).untagged.join(), /\\Subscribed/)
    await client.ok(`UNSUBSCRIBE ${name}`)
    assert.deepEqual(namesOf((await client.ok(`LSUB "" ${name}`)).untagged), [])
    assert.deepEqual(namesOf((await client.ok(`LIST (SUBSCRIBED) "" ${name}`)).untagged), [])
  })

  test('the special mailboxes are marked', async () => {
    const client = await connect()
    for (const use of ['Drafts', 'Junk', 'Sent', 'Trash']) {
      await client.command(`CREATE ${use}`)
      assert.match((await client.ok(`LIST "" ${use}`)).untagged.join(), new RegExp(`\\\\${use}[ )]`))
    }
  })

  test('STATUS and LIST-STATUS tell the same counts, sizes and validity', async () => {
    const first = simpleMessage('one')
    const { client, mailbox } = await withMessages(first, simpleMessage('two'))
    await client.ok('STORE 1 +FLAGS (\\Seen)')
    await client.ok('UNSELECT')
    const items = '(MESSAGES UNSEEN UIDNEXT UIDVALIDITY SIZE HIGHESTMODSEQ)'
    const status = (await client.ok(`STATUS ${mailbox} ${items}`)).untagged
    assert.equal(statusOf(status, 'MESSAGES'), 2)
    assert.equal(statusOf(status, 'UNSEEN'), 1)
    assert.equal(statusOf(status, 'UIDNEXT'), 3)
    assert.equal(statusOf(status, 'SIZE'), 2 * first.length)
    assert(statusOf(status, 'UIDVALIDITY') > 0 && statusOf(status, 'HIGHESTMODSEQ') > 0)
    const listed = (await client.ok(`LIST "" ${mailbox} RETURN (STATUS ${items})`)).untagged
    assert.equal(listed.length, 2)
    for (const item of ['MESSAGES', 'UNSEEN', 'UIDNEXT', 'UIDVALIDITY', 'SIZE', 'HIGHESTMODSEQ'])
      assert.equal(statusOf(listed, item), statusOf(status, item), item)
    assert.equal((await client.command('STATUS NoSuchBox (MESSAGES)')).status, 'NO')
  })

  test('LIST takes several patterns at once', async () => {
    const client = await connect()
    const [one, two] = [freshName(), freshName()]
    await client.ok(`CREATE ${one}`)
    await client.ok(`CREATE ${two}`)
    assert.deepEqual(namesOf((await client.ok(`LIST "" (${one} ${two})`)).untagged).sort(), [one, two].sort())
  })

  test('a mailbox made again under its old name has another UIDVALIDITY', async () => {
    const client = await connect()
    const name = freshName()
    const validity = async () =>
      statusOf((await client.ok(`STATUS ${name} (UIDVALIDITY)`)).untagged, 'UIDVALIDITY')
    await client.ok(`CREATE ${name}`)
    const before = await validity()
    await client.ok(`DELETE ${name}`)
    await client.ok(`CREATE ${name}`)
    assert.notEqual(await validity(), before)
  })

  test('SELECT tells what RFC 3501 asks for, and EXAMINE changes nothing', async () => {
    const { client, mailbox } = await withMessages(simpleMessage('one'), simpleMessage('two'))
    await client.ok('STORE 1 +FLAGS.SILENT (\\Seen)')
    const { untagged, text } = await client.ok(`SELECT ${mailbox} (CONDSTORE)`)
    const told = untagged.join('\n')
    for (const part of [
      /^\* FLAGS \(.*\\Seen/m,
      /PERMANENTFLAGS \(.*\\\*\)/,
      /^\* 2 EXISTS$/m,
      /^\* \d RECENT$/m,
    ])
      assert.match(told, part)
    for (const part of [/\[UNSEEN 2\]/, /\[UIDVALIDITY \d+\]/, /\[UIDNEXT 3\]/, /\[HIGHESTMODSEQ \d+\]/])
      assert.match(told, part)
    assert.match(text, /^OK \[READ-WRITE\]/)
    assert.match((await client.ok(`EXAMINE ${mailbox}`)).text, /^OK \[READ-ONLY\]/)
    await client.ok('FETCH 2 (BODY[])')
    assert.match((await client.ok('FETCH 2 (FLAGS)')).untagged.join(), /FLAGS \((?!.*\\Seen)/)
    assert.equal((await client.command('SELECT NoSuchBox')).status, 'NO')
    assert.notEqual((await client.command('FETCH 1 (FLAGS)')).status, 'OK', 'a failed SELECT selects nothing')
  })

  test('UNSELECT leaves deleted messages, CLOSE removes them', async () => {
    const { client, mailbox } = await withMessages(simpleMessage('one'), simpleMessage('two'))
    const messages = async () =>
      statusOf((await client.ok(`STATUS ${mailbox} (MESSAGES)`)).untagged, 'MESSAGES')
    await client.ok('STORE 1 +FLAGS.SILENT (\\Deleted)')
    await client.ok('UNSELECT')
    assert.equal(await messages(), 2)
    await client.ok(`SELECT ${mailbox}`)
    await client.ok('CLOSE')
    assert.equal(await messages(), 1)
  })
}
