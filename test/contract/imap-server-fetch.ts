import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Bench } from './imap-server.ts'
import { oddMessages, simpleMessage } from './imap-server-messages.ts'
import { type RawImap, sectionOf } from './imap-server-raw.ts'

async function section(client: RawImap, uid: number, name: string, partial = ''): Promise<string> {
  const { untagged } = await client.ok(`UID FETCH ${uid} (BODY.PEEK[${name}]${partial})`)
  const label = `BODY[${name}]${partial.replace(/\.\d+>/, '>')}`
  return sectionOf(untagged.find((line) => line.includes(label)) ?? untagged.join('|'), label)
}

export function fetchTests({ withMessages }: Bench): void {
  for (const odd of oddMessages) {
    test(`a message with ${odd.name} comes out byte for byte`, async () => {
      const { client } = await withMessages(odd.bytes)
      const whole = odd.bytes.toString('latin1')
      assert.equal(await section(client, 1, ''), whole)
      assert.equal((await section(client, 1, 'HEADER')) + (await section(client, 1, 'TEXT')), whole)
      assert.equal(await section(client, 1, '', '<3.10>'), whole.slice(3, 13))
      assert.equal(await section(client, 1, '', `<${whole.length - 2}.100>`), whole.slice(-2))
      const { untagged } = await client.ok('UID FETCH 1 (RFC822.SIZE ENVELOPE BODYSTRUCTURE)')
      assert.match(untagged.join(), new RegExp(`RFC822.SIZE ${whole.length}\\b`))
      for (const [name, bytes] of Object.entries(odd.sections ?? {}))
        assert.equal(await section(client, 1, name), bytes, name)
      client.close()
    })
  }

  test('a part that does not exist is nothing, and the answer is OK', async () => {
    const { client } = await withMessages(simpleMessage('one part'))
    assert.equal(await section(client, 1, '7'), '')
  })

  test('header fields are picked and left out by name, whatever the case', async () => {
    const { client } = await withMessages(simpleMessage('fields'))
    assert.equal(await section(client, 1, 'HEADER.FIELDS (SUBJECT)'), 'Subject: fields\r\n\r\n')
    assert.equal(
      await section(client, 1, 'HEADER.FIELDS.NOT (SUBJECT TO)'),
      'From: Bob <bob@example.test>\r\n\r\n',
    )
    assert.equal(await section(client, 1, 'HEADER.FIELDS (X-NONE)'), '\r\n')
  })

  test('ENVELOPE and BODYSTRUCTURE describe the message', async () => {
    const { client } = await withMessages(simpleMessage('described'))
    const { untagged } = await client.ok('FETCH 1 (ENVELOPE BODYSTRUCTURE BODY)')
    const told = untagged.join()
    assert.match(told, /ENVELOPE \(NIL "described" \(\("Bob" NIL "bob" "example.test"\)\)/)
    assert.match(
      told,
      /BODYSTRUCTURE \("text" "plain" \("charset" "us-ascii"\) NIL NIL "7bit" 8 1 NIL NIL NIL NIL\)/,
    )
    assert.match(told, /BODY \("text" "plain" \("charset" "us-ascii"\) NIL NIL "7bit" 8 1\)/)
  })

  test('reading a body sets \\Seen and tells so; PEEK and RFC822.HEADER do not', async () => {
    const { client } = await withMessages(simpleMessage('seen'))
    await client.ok('FETCH 1 (BODY.PEEK[] RFC822.HEADER)')
    assert.doesNotMatch((await client.ok('FETCH 1 (FLAGS)')).untagged.join(), /\\Seen/)
    const { untagged } = await client.ok('FETCH 1 (BODY[TEXT])')
    assert.match(untagged.join('\n'), /FLAGS \(.*\\Seen/)
    assert.match((await client.ok('FETCH 1 (FLAGS)')).untagged.join(), /\\Seen/)
  })

  test('macros, RFC822 items and INTERNALDATE answer', async () => {
    const { client, mailbox } = await withMessages()
    const bytes = simpleMessage('dated')
    await client.ok(`APPEND ${mailbox} (\\Flagged) "17-Jul-1996 02:44:25 -0700" `, bytes)
    await client.ok('NOOP')
    const { untagged } = await client.ok('FETCH 1 (INTERNALDATE FLAGS RFC822 RFC822.TEXT)')
    const told = untagged.join()
    const date = Date.parse(/INTERNALDATE "([^"]+)"/.exec(told)?.[1] ?? '')
    assert.equal(date, Date.UTC(1996, 6, 17, 9, 44, 25))
    assert.match(told, /\\Flagged/)
    assert.equal(sectionOf(told, 'RFC822'), bytes.toString('latin1'))
    for (const macro of ['FAST', 'ALL', 'FULL'])
      assert.match((await client.ok(`FETCH 1 ${macro}`)).untagged.join(), /RFC822.SIZE \d+/, macro)
  })

  test('UID ranges name existing messages only, and n:* never less than the last one', async () => {
    const { client } = await withMessages(simpleMessage('1'), simpleMessage('2'), simpleMessage('3'))
    await client.ok('UID STORE 2 +FLAGS.SILENT (\\Deleted)')
    await client.ok('EXPUNGE')
    const uids = async (set: string) =>
      (await client.ok(`UID FETCH ${set} (UID)`)).untagged.map((line) => /UID (\d+)/.exec(line)?.[1])
    assert.deepEqual(await uids('1:*'), ['1', '3'])
    assert.deepEqual(await uids('2,3'), ['3'])
    assert.deepEqual(await uids('100:*'), ['3'])
    assert.deepEqual(await uids('4:100'), [])
    assert.deepEqual(await uids('3:1'), ['1', '3'])
  })

  test('many commands sent at once are answered one by one', async () => {
    const { client } = await withMessages(simpleMessage('pipelined'))
    const tags = Array.from({ length: 50 }, () =>
      client.send('UID FETCH 1 (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])'),
    )
    let fetched = 0
    for (const tag of tags) {
      const { status, untagged } = await client.answer(tag)
      assert.equal(status, 'OK')
      fetched += untagged.length
    }
    assert.equal(fetched, tags.length)
  })
}
