import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { makeMailboxes } from '#agent/mailboxes.ts'
import { makeScan } from '#agent/scan.ts'
import { systemClock, systemRandom } from '#edge/system.ts'
import type { ActivationId } from '#kernel/brand.ts'
import { limits } from '#kernel/limits.ts'
import { inbox, type WatchedFolder } from '#mailbox/access.ts'
import type { MailServer } from '#mailbox/mailbox.ts'
import { makePool } from '#mailbox/pool.ts'
import { etpFile, exampleMail, filePart, mail, mailOf, multipart, textPart } from './mails.ts'
import { alice, inboxName, makeWorld, txnOf, type World } from './watching-world.ts'

const dayMs = 86_400_000
const name = inboxName(alice)
const aliceInbox: WatchedFolder = { owner: alice, folder: inbox }
const ordinary = mail('From: a@example.test', 'Subject: lunch', '', 'At noon?')
/** Activation mail that a gateway has taken every mark from. */
const unmarked = mailOf(multipart(textPart('hello'), filePart()))

/** Notes the UIDs whose contents were fetched. */
function counting(server: MailServer, fetched: number[]): MailServer {
  return {
    connect: async (login) => {
      const connection = await server.connect(login)
      return {
        ...connection,
        fetchRaw: (mailbox, message, bytesMax) => {
          fetched.push(message.uid)
          return connection.fetchRaw(mailbox, message, bytesMax)
        },
      }
    },
  }
}

function scanner(t: TestContext, world: World, { removeAccepted = true } = {}) {
  const fetched: number[] = []
  const seen: ActivationId[] = []
  const server = counting(world.server, fetched)
  const pool = makePool({ server, connectionsMax: 1, clock: systemClock, random: systemRandom })
  const mailboxes = makeMailboxes(world.store.watches, { clock: systemClock, log: world.log })
  t.after(() => pool.close())
  t.after(() => mailboxes.close())
  const scan = makeScan(
    {
      ...world,
      pool,
      mailboxes,
      clock: systemClock,
      isLive: async (owner) => world.live.has(owner),
      isHinted: () => false,
    },
    { removeAccepted, onSeen: (txns) => seen.push(...txns) },
  )
  return { scan, fetched, seen, mailboxes }
}

const cursor = async ({ store }: World, folder = inbox) => {
  const watch = await store.watches.find(alice, folder)
  return watch && [watch.uidValidity, watch.nextUid]
}

test('the first look at a mailbox begins at its end', async (t) => {
  const world = makeWorld(t)
  const { scan, fetched } = scanner(t, world)
  world.server.deliver(name, exampleMail)
  await scan(aliceInbox, 'scan')
  assert.deepEqual(await cursor(world), [world.server.folder(name)?.uidValidity, 2])
  assert.deepEqual([fetched, world.taken], [[], []])
})

test('the first look goes back two days where the user may activate, and no further', async (t) => {
  const world = makeWorld(t)
  const { scan, fetched, seen } = scanner(t, world)
  world.live.add(alice)
  world.server.deliver(name, unmarked, { internalDateMs: Date.now() - 3 * dayMs })
  world.server.deliver(name, unmarked, { internalDateMs: Date.now() - dayMs })
  await scan(aliceInbox, 'scan')
  assert.deepEqual(fetched, [2])
  assert.deepEqual(seen, [txnOf(etpFile)])
  assert.equal((await cursor(world))?.[1], 3)
})

test('ordinary mail moves the cursor and is not opened', async (t) => {
  const world = makeWorld(t)
  const { scan, fetched } = scanner(t, world)
  await scan(aliceInbox, 'scan')
  world.server.deliver(name, ordinary)
  await scan(aliceInbox, 'scan')
  assert.equal((await cursor(world))?.[1], 2)
  assert.deepEqual([fetched, world.taken], [[], []])
})

test('mail that calls itself activation mail is found in everybody’s mailbox', async (t) => {
  const world = makeWorld(t)
  const { scan, fetched, seen } = scanner(t, world)
  await scan(aliceInbox, 'scan')
  world.server.deliver(name, ordinary)
  world.server.deliver(name, exampleMail)
  world.server.deliver(name, unmarked)
  await scan(aliceInbox, 'idle')
  assert.deepEqual(fetched, [2])
  assert.deepEqual(seen, [txnOf(etpFile)])
  const [found] = world.taken
  assert.deepEqual([found?.uid, found?.foundBy, found?.files.length], [2, 'idle', 1])
  assert(Math.abs((found?.receivedAtMs ?? 0) - Date.now()) < 10_000)
})

test('a hint, or a live grant, opens every new mail', async (t) => {
  for (const foundBy of ['hint', 'scan'] as const) {
    const world = makeWorld(t)
    const { scan, fetched } = scanner(t, world)
    await scan(aliceInbox, 'scan')
    if (foundBy === 'scan') world.live.add(alice)
    world.server.deliver(name, ordinary)
    world.server.deliver(name, unmarked)
    await scan(aliceInbox, foundBy)
    assert.deepEqual(fetched, [1, 2])
    assert.deepEqual(
      world.taken.map(({ uid }) => uid),
      [2],
    )
  }
})

test('a mail larger than any activation mail is never fetched', async (t) => {
  const world = makeWorld(t)
  const { scan, fetched } = scanner(t, world)
  world.live.add(alice)
  world.server.deliver(name, mailOf(textPart('x'.repeat(limits.etpMailBytesMax))))
  await scan(aliceInbox, 'hint')
  assert.deepEqual(fetched, [])
  assert.equal((await cursor(world))?.[1], 2)
})

test('the cursor stays when the intake fails, and the mail is found again', async (t) => {
  const world = makeWorld(t)
  const { scan, seen } = scanner(t, world)
  await scan(aliceInbox, 'scan')
  const before = await cursor(world)
  world.server.deliver(name, exampleMail)
  world.fail = new Error('the store is away')
  await assert.rejects(scan(aliceInbox, 'scan'), world.fail)
  assert.deepEqual(await cursor(world), before)
  assert.equal(world.server.messages(name).length, 1)
  world.fail = null
  await scan(aliceInbox, 'scan')
  assert.deepEqual(seen, [txnOf(etpFile)])
  assert.deepEqual(world.server.messages(name), [])
})

test('the cursor stays when the connection is lost, and the mail is found again', async (t) => {
  const world = makeWorld(t)
  const { scan, seen } = scanner(t, world)
  await scan(aliceInbox, 'scan')
  const before = await cursor(world)
  world.server.deliver(name, exampleMail)
  const scanning = scan(aliceInbox, 'scan')
  setImmediate(() => setImmediate(() => world.server.loseConnections()))
  await assert.rejects(scanning)
  assert.deepEqual(await cursor(world), before)
  await scan(aliceInbox, 'scan')
  assert.deepEqual(seen, [txnOf(etpFile)])
})

test('a new UIDVALIDITY makes a new cursor, and the days of a live grant are read again', async (t) => {
  const world = makeWorld(t)
  const { scan, fetched } = scanner(t, world, { removeAccepted: false })
  world.server.deliver(name, unmarked, { internalDateMs: Date.now() - 3 * dayMs })
  world.server.deliver(name, unmarked)
  await scan(aliceInbox, 'scan')
  world.server.renumber(name)
  await scan(aliceInbox, 'scan')
  const uidValidity = world.server.folder(name)?.uidValidity
  assert.deepEqual(await cursor(world), [uidValidity, 3])
  assert.deepEqual(fetched, [])
  world.live.add(alice)
  world.server.renumber(name)
  await scan(aliceInbox, 'scan')
  assert.deepEqual(await cursor(world), [world.server.folder(name)?.uidValidity, 3])
  assert.deepEqual(fetched, [2])
  assert.equal(world.taken.length, 1)
})

test('many new messages are read in portions, each with a commit of its own', async (t) => {
  const world = makeWorld(t)
  const { scan } = scanner(t, world)
  await scan(aliceInbox, 'scan')
  for (let count = 0; count < 250; count += 1)
    world.server.deliver(name, count % 100 === 50 ? exampleMail : ordinary)
  const cursors: number[] = []
  const takeBatch = world.intake
  world.intake = async (batch) => {
    cursors.push(batch.cursor.nextUid)
    return takeBatch(batch)
  }
  const { scan: again } = scanner(t, world)
  await again(aliceInbox, 'scan')
  assert.deepEqual(cursors, [101, 201])
  assert.deepEqual(
    world.taken.map(({ uid }) => uid),
    [51, 151],
  )
  assert.equal((await cursor(world))?.[1], 251)
})

test('only what was accepted is removed, and nothing else is touched', async (t) => {
  const world = makeWorld(t)
  const { scan } = scanner(t, world)
  world.live.add(alice)
  await scan(aliceInbox, 'scan')
  for (const raw of [ordinary, exampleMail, unmarked, ordinary]) world.server.deliver(name, raw)
  world.intake = async ({ cursor: next }) => {
    await world.store.watches.move([next], Date.now())
    return { accepted: [2], seen: [] }
  }
  const { scan: again } = scanner(t, world)
  await again(aliceInbox, 'scan')
  const left = world.server.messages(name)
  assert.deepEqual(
    left.map(({ uid }) => uid),
    [1, 3, 4],
  )
  assert(left.every(({ flags }) => flags.size === 0))
})

test('accepted mail stays where it is to be kept', async (t) => {
  const world = makeWorld(t)
  const { scan } = scanner(t, world, { removeAccepted: false })
  await scan(aliceInbox, 'scan')
  world.server.deliver(name, exampleMail)
  await scan(aliceInbox, 'scan')
  assert.equal(world.taken.length, 1)
  assert.deepEqual(
    world.server.messages(name).map(({ flags }) => flags.size),
    [0],
  )
})

test('a mail that cannot be removed is noted and harms nothing', async (t) => {
  const world = makeWorld(t)
  const { scan, mailboxes } = scanner(t, world)
  await scan(aliceInbox, 'scan')
  const folder = world.server.folder(name)
  assert(folder)
  folder.readOnly = true
  world.server.deliver(name, exampleMail)
  await scan(aliceInbox, 'scan')
  assert.equal((await cursor(world))?.[1], 2)
  assert.deepEqual(
    mailboxes.state().notRemoved.map(({ owner, code }) => [owner, code]),
    [[alice, 'imap.no_right']],
  )
  assert(world.lines.some(({ code }) => code === 'imap.no_right'))
  folder.readOnly = false
  world.server.deliver(name, exampleMail)
  await scan(aliceInbox, 'scan')
  assert.deepEqual(mailboxes.state().notRemoved, [])
})

test('a mail that cannot be read is set aside with a line in the log, and the one behind it is found', async (t) => {
  const world = makeWorld(t)
  const extract = world.extractor.extract
  world.extractor.extract = async (raw) => (raw.length > 3_000 ? { setAside: 'time' } : extract(raw))
  const { scan } = scanner(t, world)
  world.live.add(alice)
  await scan(aliceInbox, 'scan')
  world.server.deliver(name, mailOf(textPart('x'.repeat(3_000))))
  world.server.deliver(name, unmarked)
  await scan(aliceInbox, 'scan')
  assert.deepEqual(
    world.taken.map(({ uid }) => uid),
    [2],
  )
  const [line] = world.lines.filter(({ code }) => code === 'mail.set_aside')
  assert.deepEqual([line?.uid, line?.exceeded, line?.mailbox], [1, 'time', `${alice}/INBOX`])
})

test('where no mail can be read at all the cursor stays', async (t) => {
  const world = makeWorld(t)
  const { scan } = scanner(t, world)
  await scan(aliceInbox, 'scan')
  world.server.deliver(name, exampleMail)
  world.extractor.extract = async () => {
    throw new Error('no thread')
  }
  const { scan: blind } = scanner(t, world)
  await assert.rejects(blind(aliceInbox, 'scan'))
  assert.equal((await cursor(world))?.[1], 1)
})

test('a Junk folder has a cursor of its own, and its trouble is no trouble', async (t) => {
  const world = makeWorld(t)
  const { scan, mailboxes } = scanner(t, world)
  const junk: WatchedFolder = { owner: alice, folder: 'Junk' }
  await scan(junk, 'scan')
  assert.deepEqual(
    mailboxes.state().faults.map(({ folder, code }) => [folder, code]),
    [['Junk', 'imap.no_mailbox']],
  )
  world.live.add(alice)
  world.server.create(`${alice}/Junk`)
  world.server.deliver(`${alice}/Junk`, exampleMail)
  world.fail = new Error('the store is away')
  await assert.rejects(scan(junk, 'scan'), world.fail)
  world.fail = null
  await scan(junk, 'scan')
  assert.equal(world.taken.length, 1)
  assert.equal((await cursor(world, 'Junk'))?.[1], 2)
  assert.equal(await cursor(world), null)
})
