import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Bench } from './imap-server.ts'
import { simpleMessage } from './imap-server-messages.ts'
import type { RawImap } from './imap-server-raw.ts'

const encoded = Buffer.from(
  [
    'From: Eve <eve@example.test>',
    'To: alice@example.test',
    'Cc: Carol <carol@example.test>',
    'Date: Tue, 3 Feb 2015 10:00:00 +0000',
    'Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=',
    'X-Mark: special',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from('a needle in base64').toString('base64'),
    '',
  ].join('\r\n'),
)

async function search(client: RawImap, ...criteria: readonly (string | Uint8Array)[]): Promise<number[]> {
  const [first = '', ...rest] = criteria
  const { untagged } = await client.ok(`SEARCH ${first}`, ...rest)
  const line = untagged.find((one) => one.startsWith('* SEARCH')) ?? ''
  return line.split(' ').slice(2).map(Number)
}

export function searchTests({ withMessages }: Bench): void {
  test('SEARCH finds by flags, sets, sizes and their combinations', async () => {
    const { client } = await withMessages(
      simpleMessage('1'),
      simpleMessage('2', 'x'.repeat(5_000)),
      simpleMessage('3'),
    )
    await client.ok('STORE 1 +FLAGS.SILENT (\\Seen work)')
    await client.ok('STORE 3 +FLAGS.SILENT (\\Deleted)')
    assert.deepEqual(await search(client, 'ALL'), [1, 2, 3])
    assert.deepEqual(await search(client, 'UNSEEN'), [2, 3])
    assert.deepEqual(await search(client, 'SEEN KEYWORD work'), [1])
    assert.deepEqual(await search(client, 'UNKEYWORD work UNDELETED'), [2])
    assert.deepEqual(await search(client, 'OR DELETED LARGER 4000'), [2, 3])
    assert.deepEqual(await search(client, 'NOT (SEEN) SMALLER 4000'), [3])
    assert.deepEqual(await search(client, '2:* UID 1:2'), [2])
    assert.deepEqual(await search(client, 'FLAGGED'), [])
  })

  test('UID SEARCH tells UIDs', async () => {
    const { client } = await withMessages(simpleMessage('1'), simpleMessage('2'))
    await client.ok('STORE 1 +FLAGS.SILENT (\\Deleted)')
    await client.ok('EXPUNGE')
    assert.deepEqual((await client.ok('UID SEARCH 1')).untagged, ['* SEARCH 2'])
  })

  test('SEARCH reads headers, encoded words and encoded texts', async () => {
    const { client } = await withMessages(simpleMessage('ordinary', 'hay\r\n'), encoded)
    assert.deepEqual(await search(client, 'FROM eve'), [2])
    assert.deepEqual(await search(client, 'CC CAROL'), [2])
    assert.deepEqual(await search(client, 'SUBJECT ordin'), [1])
    assert.deepEqual(await search(client, 'CHARSET UTF-8 SUBJECT ', Buffer.from('Grüße')), [2])
    assert.deepEqual(await search(client, 'HEADER X-Mark ""'), [2])
    assert.deepEqual(await search(client, 'HEADER X-Mark SPECIAL'), [2])
    assert.deepEqual(await search(client, 'BODY needle'), [2])
    assert.deepEqual(await search(client, 'BODY eve'), [])
    assert.deepEqual(await search(client, 'TEXT eve'), [2])
    assert.deepEqual(await search(client, 'BODY hay'), [1])
  })

  test('SEARCH compares days of arrival and of the Date field', async () => {
    const { client, mailbox } = await withMessages(encoded)
    await client.ok(`APPEND ${mailbox} "05-Mar-2016 12:00:00 +0000" `, encoded)
    await client.ok('NOOP')
    assert.deepEqual(await search(client, 'ON 5-Mar-2016'), [2])
    assert.deepEqual(await search(client, 'BEFORE 6-Mar-2016'), [2])
    assert.deepEqual(await search(client, 'SINCE 6-Mar-2016'), [1])
    assert.deepEqual(await search(client, 'SENTON 3-Feb-2015'), [1, 2])
    assert.deepEqual(await search(client, 'SENTSINCE 4-Feb-2015'), [])
    assert.deepEqual(await search(client, 'SENTBEFORE 4-Feb-2015'), [1, 2])
  })

  test('an unknown charset is refused with the known ones', async () => {
    const { client } = await withMessages(simpleMessage('1'))
    assert.match((await client.command('SEARCH CHARSET KLINGON SUBJECT x')).text, /^NO \[BADCHARSET/)
  })
}
