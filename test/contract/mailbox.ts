// What every mail server must do for the agent, through the port of src/mailbox/mailbox.ts.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Fault } from '#kernel/fault.ts'
import {
  endOfMailbox,
  type MailboxConnection,
  type MailboxCounters,
  type MailboxStatus,
  type MailLogin,
  type MailServer,
} from '#mailbox/mailbox.ts'
import { lookAtOne } from '#mailbox/one-look.ts'
import { counter, etpMail, mail } from './mailbox-support.ts'

export interface MailboxUnderTest {
  readonly server: MailServer
  /** Users that exist; their inboxes are empty. */
  readonly users: readonly [string, string]
  /** How the service account calls a user's inbox. */
  name(user: string): string
  /** A pattern (RFC 3501 section 6.3.8) of those names. */
  readonly pattern: string
  /** Speaks on behalf of a user; the inbox is then `INBOX`. */
  loginAs(user: string): MailLogin
  /** Resolves when the mail is in the inbox. */
  deliver(user: string, raw: Uint8Array): Promise<void>
  /** Whether the service account may delete mail that is no activation mail as well. */
  readonly deletesAnything: boolean
}

const service: MailLogin = { as: 'service' }
const whole = { fromUid: 1, limit: 100 }

const codeOf = (code: string) => (error: unknown) => error instanceof Fault && error.code === code

async function listOf(connection: MailboxConnection, pattern: string): Promise<MailboxCounters[]> {
  const listed: MailboxCounters[] = []
  await connection.listStatus([pattern], (counters) => void listed.push(counters))
  return listed
}

const statusOf = async (connection: MailboxConnection, names: readonly string[]): Promise<MailboxStatus[]> =>
  (await Array.fromAsync(connection.status(names, 10_000))).flat()

/** Runs every check against a server of its own; `start` answers null where there is none on this machine. */
export function mailboxContract(
  name: string,
  start: (t: TestContext) => Promise<MailboxUnderTest | null>,
): void {
  for (const [title, check] of Object.entries(checks)) {
    test(`${name}: ${title}`, async (t) => {
      const under = await start(t)
      if (!under) return
      const connect = async (login: MailLogin = service): Promise<MailboxConnection> => {
        const connection = await under.server.connect(login)
        t.after(() => connection.close())
        return connection
      }
      const connection = await connect()
      const [alice, bob] = under.users
      await check({ under, connect, connection, alice, bob, at: under.name(alice) })
    })
  }
}

interface World {
  readonly under: MailboxUnderTest
  readonly connection: MailboxConnection
  connect(login?: MailLogin): Promise<MailboxConnection>
  readonly alice: string
  readonly bob: string
  /** Alice's inbox. */
  readonly at: string
}

const checks: Readonly<Record<string, (world: World) => Promise<void>>> = {
  'counters show how far a mailbox has come': async ({ under, connection, alice, bob, at }) => {
    await under.deliver(alice, mail('one'))
    await under.deliver(alice, mail('two'))
    await under.deliver(bob, mail('three'))
    const [first, second] = await statusOf(connection, [at, under.name(bob)])
    assert(first && second && !('error' in first) && !('error' in second))
    assert.deepEqual([first.name, first.exists, second.exists], [at, 2, 1])
    assert(first.uidNext >= 3)
    await under.deliver(alice, mail('four'))
    const [later] = await statusOf(connection, [at])
    assert(later && !('error' in later))
    assert.equal(later.uidValidity, first.uidValidity)
    assert(later.uidNext > first.uidNext)
  },

  'counters are those of now, also of the mailbox that was read last': async (world) => {
    const { under, connection, alice, at } = world
    for (const many of [1, 2, 3]) {
      await under.deliver(alice, mail('again'))
      const { uidNext } = await lookAtOne(connection, { name: at, ...whole, fromUid: endOfMailbox })
      await under.deliver(alice, mail('and again'))
      const [single] = await statusOf(connection, [at])
      const [listed] = (await listOf(connection, under.pattern)).filter(({ name }) => name === at)
      assert(single && !('error' in single) && listed)
      assert.deepEqual([single.exists, listed.exists], [2 * many, 2 * many])
      assert(single.uidNext > uidNext && listed.uidNext > uidNext)
    }
  },

  'a mailbox that is not there says so and disturbs nothing': async ({ under, connection, alice, at }) => {
    await under.deliver(alice, mail('one'))
    const missing = under.name('nobody@example.test')
    const [none, some] = await statusOf(connection, [missing, at])
    assert.deepEqual(none, { name: missing, error: 'imap.no_mailbox' })
    assert(some && !('error' in some) && some.exists === 1)
    await assert.rejects(lookAtOne(connection, { ...whole, name: missing }), codeOf('imap.no_mailbox'))
    assert.equal((await lookAtOne(connection, { ...whole, name: at })).messages.length, 1)
  },

  'one answer tells of all users': async ({ under, connection, alice, bob }) => {
    await under.deliver(alice, mail('one'))
    await under.deliver(bob, mail('two'))
    assert(connection.abilities.listStatus)
    const listed = await listOf(connection, under.pattern)
    const single = await statusOf(connection, [under.name(alice), under.name(bob)])
    for (const counters of single)
      assert.deepEqual(
        listed.find((one) => one.name === counters.name),
        counters,
      )
  },

  'new messages are those behind the cursor, with what points to activation mail': async (world) => {
    const { under, connection, alice, at } = world
    await under.deliver(alice, mail('one'))
    const before = await lookAtOne(connection, { ...whole, name: at })
    const startedMs = Date.now()
    await under.deliver(alice, etpMail())
    const look = await lookAtOne(connection, { name: at, fromUid: before.nextUid, limit: 100 })
    assert.equal(look.uidValidity, before.uidValidity)
    assert.equal(look.nextUid, look.uidNext)
    const [message, ...others] = look.messages
    assert(message && others.length === 0)
    assert(message.uid >= before.nextUid && message.uid < look.nextUid)
    assert.equal(message.subject, 'Handheld activation request [MDAP 1 4722fdfe]')
    assert.equal(message.mdapMessage, 'etp; v=1')
    assert.equal(before.messages[0]?.mdapMessage, null)
    assert(message.size >= etpMail().length)
    assert(Math.abs(message.internalDateMs - startedMs) < 60_000)
  },

  'behind the last message there is none': async ({ under, connection, alice, at }) => {
    await under.deliver(alice, mail('one'))
    const { nextUid } = await lookAtOne(connection, { ...whole, name: at })
    for (const fromUid of [nextUid, nextUid + 10, endOfMailbox]) {
      const look = await lookAtOne(connection, { name: at, fromUid, limit: 100 })
      assert.deepEqual([look.messages, look.nextUid], [[], nextUid])
    }
  },

  'an answer is cut at the limit and goes on from there': async ({ under, connection, alice, at }) => {
    for (const subject of ['1', '2', '3', '4', '5']) await under.deliver(alice, mail(subject))
    const first = await lookAtOne(connection, { name: at, fromUid: 1, limit: 2 })
    assert.deepEqual(
      first.messages.map((one) => one.subject),
      ['1', '2'],
    )
    assert(first.nextUid < first.uidNext)
    const second = await lookAtOne(connection, { name: at, fromUid: first.nextUid, limit: 3 })
    assert.deepEqual(
      second.messages.map((one) => one.subject),
      ['3', '4', '5'],
    )
    assert.equal(second.nextUid, second.uidNext)
  },

  'messages from before a day can be left out': async ({ under, connection, alice, at }) => {
    await under.deliver(alice, mail('one'))
    const recent = await lookAtOne(connection, { name: at, ...whole, sinceMs: Date.now() - 3_600_000 })
    const future = await lookAtOne(connection, { name: at, ...whole, sinceMs: Date.now() + 3 * 86_400_000 })
    assert.deepEqual([recent.messages.length, future.messages.length], [1, 0])
    assert.equal(future.nextUid, future.uidNext)
  },

  'a message comes byte for byte, cut where wanted, and no flag changes': async (world) => {
    const { under, connection, connect, alice, at } = world
    const sent = etpMail()
    await under.deliver(alice, sent)
    const { uidValidity, messages } = await lookAtOne(connection, { ...whole, name: at })
    const message = { uidValidity, uid: messages[0]?.uid ?? 0 }
    const raw = await connection.fetchRaw(at, message, 100_000)
    // A server may put trace fields before the message.
    assert(raw && Buffer.from(raw).includes(Buffer.from(sent)))
    const cut = await connection.fetchRaw(at, message, 10)
    assert.deepEqual(cut, raw.slice(0, 10))
    const own = await connect(under.loginAs(alice))
    const seen = await lookAtOne(own, { ...whole, name: 'INBOX' })
    assert.deepEqual(
      seen.messages[0]?.flags.filter((flag) => flag !== '\\Recent'),
      [],
    )
  },

  'a message that is gone or of another UIDVALIDITY is no message': async (world) => {
    const { under, connection, alice, at } = world
    await under.deliver(alice, etpMail())
    const { uidValidity, uidNext, messages } = await lookAtOne(connection, { ...whole, name: at })
    const uid = messages[0]?.uid ?? 0
    assert.equal(await connection.fetchRaw(at, { uidValidity, uid: uidNext + 5 }, 100), null)
    assert.equal(await connection.fetchRaw(at, { uidValidity: uidValidity + 1, uid }, 100), null)
    assert.equal(await connection.remove(at, { uidValidity: uidValidity + 1, uid }), 'gone')
    assert.equal(await connection.remove(at, { uidValidity, uid: uidNext + 5 }), 'gone')
    assert.equal((await lookAtOne(connection, { ...whole, name: at })).messages.length, 1)
  },

  'an activation mail is removed, and no other message': async ({ under, connection, alice, at }) => {
    await under.deliver(alice, mail('before'))
    await under.deliver(alice, etpMail())
    await under.deliver(alice, mail('after'))
    const { uidValidity, messages } = await lookAtOne(connection, { ...whole, name: at })
    const uid = messages.find((one) => one.mdapMessage !== null)?.uid ?? 0
    assert.equal(await connection.remove(at, { uidValidity, uid }), 'removed')
    const left = await lookAtOne(connection, { ...whole, name: at })
    assert.deepEqual(
      left.messages.map((one) => one.subject),
      ['before', 'after'],
    )
    assert.deepEqual(
      left.messages.flatMap((one) => one.flags).filter((flag) => flag !== '\\Recent'),
      [],
    )
    assert.equal(await connection.remove(at, { uidValidity, uid }), 'gone')
    if (under.deletesAnything) return
    const other = { uidValidity, uid: left.messages[0]?.uid ?? 0 }
    await assert.rejects(connection.remove(at, other), codeOf('imap.no_right'))
    assert(connection.usable())
  },

  'what the service account may do in a mailbox is told without a change there': async ({
    under,
    connection,
    alice,
    at,
  }) => {
    await under.deliver(alice, mail('unread'))
    assert.deepEqual(await connection.rights(at), { seen: true, remove: true })
    const { messages } = await lookAtOne(connection, { ...whole, name: at })
    assert.deepEqual(
      messages.map(({ flags }) => flags.filter((flag) => flag !== '\\Recent')),
      [[]],
    )
    await assert.rejects(connection.rights(under.name(`nobody.${alice}`)), codeOf('imap.no_mailbox'))
  },

  'a user is spoken for': async ({ under, connect, alice, bob }) => {
    await under.deliver(alice, mail('for alice'))
    await under.deliver(bob, mail('for bob'))
    for (const user of [alice, bob]) {
      const own = await connect(under.loginAs(user))
      const { messages } = await lookAtOne(own, { ...whole, name: 'INBOX' })
      assert.deepEqual(
        messages.map((one) => one.subject),
        [`for ${user === alice ? 'alice' : 'bob'}`],
      )
    }
  },

  'a waiting connection is told of new mail, and can be called back': async (world) => {
    const { under, connect, alice, at } = world
    await under.deliver(alice, mail('zero'))
    const waiting = await connect()
    assert(waiting.abilities.idle)
    const told = counter()
    const stop = new AbortController()
    const ended = waiting.idle(at, told.add, stop.signal)
    await told.reached(1)
    await under.deliver(alice, mail('one'))
    await told.reached(2)
    stop.abort()
    await ended
    assert.equal((await lookAtOne(waiting, { ...whole, name: at })).messages.length, 2)
  },

  'a closed connection is of no more use': async ({ connection, at }) => {
    await connection.close()
    assert.equal(connection.usable(), false)
    await assert.rejects(statusOf(connection, [at]), codeOf('imap.unreachable'))
    await assert.rejects(lookAtOne(connection, { ...whole, name: at }), codeOf('imap.unreachable'))
  },
}
