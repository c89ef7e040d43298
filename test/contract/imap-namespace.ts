// What the agent's way to look at all mailboxes with one account needs of an IMAP server's own lines: run on ours, on
// Dovecot and on Cyrus.

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { ImapLogin } from './imap-server.ts'
import { type Answer, RawImap } from './imap-server-raw.ts'
import { mail } from './mailbox-support.ts'

export interface NamespaceUnderTest {
  readonly port: number
  /** TLS from the first byte with this CA; without it there is none. */
  readonly ca?: string
  readonly service: ImapLogin
  /** `owner`, and two whose addresses begin with `a` and `b`. All have a mailbox that is empty. */
  readonly owner: ImapLogin
  readonly others: readonly [string, string]
  /** What the names of INBOXes begin with for the service account. */
  readonly prefix: string
  deliver(user: string, raw: Uint8Array): Promise<void>
  stop(): Promise<void>
}

export function imapNamespaceContract(
  name: string,
  start: () => Promise<NamespaceUnderTest>,
  options: { readonly skip?: string | false } = {},
): void {
  suite(`${name} shows one account all INBOXes`, { skip: options.skip ?? false }, () => {
    let running: NamespaceUnderTest | undefined
    const clients: RawImap[] = []
    const under = (): NamespaceUnderTest => {
      if (!running) throw new Error('the server is not running')
      return running
    }
    before(async () => {
      running = await start()
    })
    after(async () => {
      for (const client of clients) client.close()
      await running?.stop()
    })
    const connect = async (as: ImapLogin): Promise<RawImap> => {
      const client = await RawImap.connect(under().port, under().ca)
      clients.push(client)
      return client.login(as)
    }
    namespaceTests({ under, connect })
  })
}

interface Bench {
  readonly under: () => NamespaceUnderTest
  connect(as: ImapLogin): Promise<RawImap>
}

const counters = '(MESSAGES UIDNEXT UIDVALIDITY)'

const statusOf = (lines: readonly string[], name: string): string | undefined =>
  lines.find((line) => line.startsWith(`* STATUS ${name} `))

function namespaceTests({ under, connect }: Bench): void {
  test('LIST-STATUS tells of all, and of those alone whose names begin alike', async () => {
    const { prefix, others, owner, service, deliver } = under()
    const client = await connect(service)
    const before = await client.ok(`LIST "" "${prefix}%" RETURN (STATUS ${counters})`)
    for (const user of [owner.name, ...others])
      assert.match(statusOf(before.untagged, `${prefix}${user}`) ?? '', /UIDNEXT \d+/, user)
    await deliver(others[0], mail('shard'))
    const shard = await client.ok(`LIST "" "${prefix}a%" RETURN (STATUS ${counters})`)
    assert.match(statusOf(shard.untagged, `${prefix}${others[0]}`) ?? '', /MESSAGES 1 /)
    assert.equal(statusOf(shard.untagged, `${prefix}${others[1]}`), undefined)
  })

  test('many STATUS sent at once are answered in their order, the missing ones among them', async () => {
    const { prefix, others, owner, service } = under()
    const client = await connect(service)
    const asked = [owner.name, 'nobody@example.test', ...others, 'none@example.test', owner.name]
    const tags = asked.map((user) => client.send(`STATUS ${prefix}${user} ${counters}`))
    const answers: Answer[] = []
    for (const tag of tags) answers.push(await client.answer(tag))
    assert.deepEqual(
      answers.map(({ status }) => status),
      ['OK', 'NO', 'OK', 'OK', 'NO', 'OK'],
    )
    asked.forEach((user, n) => {
      assert.equal(statusOf(answers[n]?.untagged ?? [], `${prefix}${user}`) !== undefined, n !== 1 && n !== 4)
    })
  })

  test('looking leaves a mail unread, and recent for its owner', async () => {
    const { prefix, owner, service, deliver } = under()
    await deliver(owner.name, mail('untouched'))
    const client = await connect(service)
    const { untagged } = await client.ok(`EXAMINE ${prefix}${owner.name}`)
    assert(untagged.some((line) => /^\* \d+ EXISTS$/.test(line)))
    const fetched = await client.ok('FETCH 1 (UID FLAGS RFC822.SIZE INTERNALDATE ENVELOPE BODY.PEEK[])')
    assert.match(fetched.untagged.join('\n'), /Subject: untouched/)
    const own = await connect(owner)
    const selected = await own.ok('SELECT INBOX')
    assert(selected.untagged.includes('* 1 RECENT'), selected.untagged.join('\n'))
    assert.doesNotMatch((await own.ok('FETCH 1 (FLAGS)')).untagged.join('\n'), /\\Seen/)
  })

  test('the account deletes by UID, but neither flags, fills, makes nor removes', async () => {
    const { prefix, owner, service, deliver } = under()
    await deliver(
      owner.name,
      Buffer.from(`X-MDAP-Message: etp; v=1\r\n${Buffer.from(mail('to be deleted'))}`),
    )
    const box = `${prefix}${owner.name}`
    const client = await connect(service)
    await client.ok(`SELECT ${box}`)
    const found = (await client.ok('UID SEARCH HEADER X-MDAP-Message etp')).untagged.join()
    const uid = / SEARCH (\d+)$/.exec(found)?.[1]
    assert(uid, found)
    await client.command(`UID STORE ${uid} +FLAGS (\\Flagged)`)
    assert.doesNotMatch((await client.ok(`UID FETCH ${uid} (FLAGS)`)).untagged.join(), /\\Flagged/)
    await client.ok(`UID STORE ${uid} +FLAGS.SILENT (\\Deleted)`)
    await client.ok(`UID EXPUNGE ${uid}`)
    assert.match((await client.ok('UID SEARCH HEADER X-MDAP-Message etp')).untagged.join(), / SEARCH$/)
    assert.equal((await client.command(`COPY 1 ${box}`)).status, 'NO')
    // Dovecot ends a connection that asks to delete the mailbox it has open, refused or not.
    await client.ok('UNSELECT')
    for (const command of [`CREATE ${box}/more`, `DELETE ${box}`, `RENAME ${box} ${prefix}other`])
      assert.equal((await client.command(command)).status, 'NO', command)
    assert.equal((await client.command(`APPEND ${box} `, mail('forged'))).status, 'NO')
    assert.match((await client.ok(`STATUS ${box} (MESSAGES)`)).untagged.join(), /MESSAGES 1\)/)
  })

  test('a user sees none of it', async () => {
    const { prefix, owner, others } = under()
    const own = await connect(owner)
    const names = (await own.ok('LIST "" "*"')).untagged.join('\n')
    assert.doesNotMatch(names, new RegExp(others[0]))
    assert.equal((await own.command(`EXAMINE ${prefix}${others[0]}`)).status, 'NO')
    assert.equal((await own.command(`STATUS ${prefix}${others[0]} ${counters}`)).status, 'NO')
  })

  test('who waits in IDLE hears of a mail within a second', async () => {
    const { prefix, others, service, deliver } = under()
    const client = await connect(service)
    await client.ok(`EXAMINE ${prefix}${others[1]}`)
    const tag = client.send('IDLE')
    assert.match((await client.response()) ?? '', /^\+/)
    const startMs = performance.now()
    await deliver(others[1], mail('now'))
    assert.equal(await client.response(), '* 1 EXISTS')
    assert(performance.now() - startMs < 5_000)
    client.write('DONE\r\n')
    assert.equal((await client.answer(tag)).status, 'OK')
  })
}
