import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '#kernel/limits.ts'
import { etpFile, exampleMail, mailOf, textPart } from './mails.ts'
import { aliceInbox, cursor, name, ordinary, scanner, unmarked } from './scanning.ts'
import { alice, makeWorld, txnOf } from './watching-world.ts'

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

test('only what was accepted is removed, and nothing else is touched', async (t) => {
  const world = makeWorld(t)
  const { scan } = scanner(t, world)
  world.live.add(alice)
  await scan(aliceInbox, 'scan')
  for (const raw of [ordinary, exampleMail, unmarked, ordinary]) world.server.deliver(name, raw)
  world.intake = async ({ cursor: next }) => {
    await world.store.watches.move([next], Date.now())
    return { accepted: [{ uid: 2, txn: txnOf(etpFile) }], seen: [] }
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
