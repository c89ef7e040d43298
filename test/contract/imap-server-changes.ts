import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Bench } from './imap-server.ts'
import { simpleMessage } from './imap-server-messages.ts'
import type { RawImap } from './imap-server-raw.ts'

const modseqOf = (line: string): number => Number(/MODSEQ \(?(\d+)/.exec(line)?.[1])

/** Reads responses until one matches. */
async function until(client: RawImap, pattern: RegExp): Promise<string[]> {
  const seen: string[] = []
  for (;;) {
    const response = await client.response()
    if (response === null) throw new Error(`closed before ${pattern}`)
    seen.push(response)
    if (pattern.test(response)) return seen
  }
}

export function messageTests({ connect, freshName, withMessages }: Bench): void {
  test('flags are set, added, removed and told, keywords among them', async () => {
    const { client } = await withMessages(simpleMessage('flags'))
    const flags = async (command: string) =>
      new Set(
        (
          /FLAGS \(([^)]*)\)/.exec(
            (await client.ok(command)).untagged.join('\n').split('FETCH')[1] ?? '',
          )?.[1] ?? ''
        ).split(' '),
      )
    assert((await flags('STORE 1 +FLAGS (\\Seen $Work)')).has('$Work'))
    const removed = await flags('UID STORE 1 -FLAGS (\\Seen)')
    assert(!removed.has('\\Seen') && removed.has('$Work'))
    const set = await flags('STORE 1 FLAGS (\\Answered)')
    assert(set.has('\\Answered') && !set.has('$Work'))
    assert.deepEqual((await client.ok('STORE 1 +FLAGS.SILENT (\\Flagged)')).untagged, [])
    assert((await flags('FETCH 1 (FLAGS)')).has('\\Flagged'))
  })

  test('APPEND tells the UID, and a missing mailbox asks to be created', async () => {
    const { client, mailbox } = await withMessages(simpleMessage('first'))
    const { text } = await client.ok(`APPEND ${mailbox} (\\Seen) `, simpleMessage('second'))
    const [, uid] = /\[APPENDUID \d+ (\d+)\]/.exec(text) ?? []
    assert.equal(uid, '2')
    const missing = await client.command(`APPEND ${freshName()} `, simpleMessage('third'))
    assert.match(missing.text, /^NO \[TRYCREATE\]/)
  })

  test('a synchronizing literal is asked for', async () => {
    const { client, mailbox } = await withMessages()
    const bytes = simpleMessage('sync')
    client.write(`X1 APPEND ${mailbox} {${bytes.length}}\r\n`)
    await until(client, /^\+/)
    client.write(bytes)
    client.write('\r\n')
    assert.equal((await client.answer('X1')).status, 'OK')
  })

  test('COPY and MOVE tell the UIDs, keep flags and dates, and MOVE removes', async () => {
    const { client, mailbox } = await withMessages(simpleMessage('1'), simpleMessage('2'), simpleMessage('3'))
    const target = freshName()
    assert.match((await client.command(`COPY 1 ${target}`)).text, /^NO \[TRYCREATE\]/)
    await client.ok(`CREATE ${target}`)
    await client.ok('STORE 2 +FLAGS.SILENT (\\Flagged)')
    assert.match((await client.ok(`COPY 1:2 ${target}`)).text, /\[COPYUID \d+ 1:2 1:2\]/)
    const moved = (await client.ok(`UID MOVE 2 ${target}`)).untagged
    assert.match(moved.join('\n'), /\[COPYUID \d+ 2 3\]/)
    assert(moved.includes('* 2 EXPUNGE'), moved.join('\n'))
    assert.match((await client.ok(`STATUS ${mailbox} (MESSAGES)`)).untagged.join(), /MESSAGES 2/)
    await client.ok(`SELECT ${target}`)
    const { untagged } = await client.ok('FETCH 3 (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])')
    assert.match(untagged.join(), /\\Flagged/)
    assert.match(untagged.join(), /Subject: 2/)
  })

  test('EXPUNGE removes what is deleted, UID EXPUNGE only what is named', async () => {
    const all = [1, 2, 3, 4].map((number) => simpleMessage(String(number)))
    const { client } = await withMessages(...all)
    await client.ok('STORE 1,2,4 +FLAGS.SILENT (\\Deleted)')
    const named = (await client.ok('UID EXPUNGE 2:3')).untagged
    assert.deepEqual(
      named.filter((line) => line.endsWith('EXPUNGE')),
      ['* 2 EXPUNGE'],
    )
    const rest = (await client.ok('EXPUNGE')).untagged.filter((line) => line.endsWith('EXPUNGE'))
    // Either order is right, as long as each number is that of the moment.
    assert(
      [
        ['* 1 EXPUNGE', '* 2 EXPUNGE'],
        ['* 3 EXPUNGE', '* 1 EXPUNGE'],
      ].some((one) => one.join() === rest.join()),
    )
    assert.match((await client.ok('FETCH 1 (UID)')).untagged.join(), /UID 3\b/)
  })

  test('another session hears of new mail, flags and expunges, but not in the middle of numbers', async () => {
    const { client, mailbox } = await withMessages(simpleMessage('1'), simpleMessage('2'))
    const other = await connect()
    await other.ok(`SELECT ${mailbox}`)
    await client.ok(`APPEND ${mailbox} `, simpleMessage('3'))
    assert((await other.ok('NOOP')).untagged.includes('* 3 EXISTS'))
    await client.ok('STORE 2 +FLAGS.SILENT (\\Deleted)')
    await client.ok('EXPUNGE')
    const fetched = (await other.ok('FETCH 1 (UID)')).untagged
    assert(!fetched.some((line) => line.endsWith('EXPUNGE')), fetched.join('\n'))
    assert((await other.ok('NOOP')).untagged.includes('* 2 EXPUNGE'))
    await client.ok('STORE 1 +FLAGS.SILENT (\\Flagged)')
    assert.match((await other.ok('NOOP')).untagged.join(), /1 FETCH \(.*\\Flagged/)
  })

  test('IDLE tells new mail as it comes and ends with DONE', async () => {
    const { client, mailbox } = await withMessages(simpleMessage('1'))
    const tag = client.send('IDLE')
    await until(client, /^\+/)
    const other = await connect()
    await other.ok(`APPEND ${mailbox} `, simpleMessage('2'))
    await until(client, /^\* 2 EXISTS$/)
    await other.ok(`SELECT ${mailbox}`)
    await other.ok('STORE 1 +FLAGS.SILENT (\\Deleted)')
    await other.ok('EXPUNGE')
    await until(client, /^\* 1 EXPUNGE$/)
    client.write('DONE\r\n')
    assert.equal((await client.answer(tag)).status, 'OK')
  })

  test('CONDSTORE: modification sequences rise, and what changed since is found', async () => {
    const { client, mailbox } = await withMessages(simpleMessage('1'), simpleMessage('2'))
    const opened = (await client.ok(`SELECT ${mailbox} (CONDSTORE)`)).untagged.join('\n')
    const start = Number(/HIGHESTMODSEQ (\d+)/.exec(opened)?.[1])
    const stored = (await client.ok('STORE 2 +FLAGS (\\Seen)')).untagged.join('\n')
    assert(modseqOf(stored) > start, stored)
    const changed = (await client.ok(`FETCH 1:* (FLAGS) (CHANGEDSINCE ${start})`)).untagged
    assert.equal(changed.length, 1)
    assert.match(changed[0] ?? '', /^\* 2 FETCH .*MODSEQ/)
    assert.match(
      (await client.ok(`SEARCH MODSEQ ${modseqOf(stored)}`)).untagged.join(),
      /SEARCH 2 \(MODSEQ \d+\)/,
    )
    const silent = (await client.ok('STORE 1 +FLAGS.SILENT (\\Seen)')).untagged.join('\n')
    assert.match(silent, /MODSEQ/)
  })

  test('CONDSTORE: a change is refused where somebody else was first', async () => {
    const { client, mailbox } = await withMessages(simpleMessage('1'), simpleMessage('2'))
    const opened = (await client.ok(`SELECT ${mailbox} (CONDSTORE)`)).untagged.join('\n')
    const start = Number(/HIGHESTMODSEQ (\d+)/.exec(opened)?.[1])
    await client.ok('STORE 1 +FLAGS (\\Flagged)')
    const answer = await client.command(`STORE 1:2 (UNCHANGEDSINCE ${start}) +FLAGS (\\Answered)`)
    assert.match(answer.text, /\[MODIFIED 1\]/)
    const flags = (await client.ok('FETCH 1:2 (FLAGS)')).untagged
    assert.doesNotMatch(flags[0] ?? '', /\\Answered/)
    assert.match(flags[1] ?? '', /\\Answered/)
  })
}
