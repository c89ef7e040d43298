import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WatchedFolder } from '#mailbox/access.ts'
import { etpFile, exampleMail } from './mails.ts'
import { aliceInbox, cursor, dayMs, name, ordinary, scanner, unmarked } from './scanning.ts'
import { alice, makeWorld, txnOf } from './watching-world.ts'

test('the first look finds a request that was there before it, and opens no other mail', async (t) => {
  const world = makeWorld(t)
  const { scan, fetched, seen } = scanner(t, world)
  world.server.deliver(name, exampleMail, { internalDateMs: Date.now() - 3 * dayMs })
  world.server.deliver(name, ordinary)
  world.server.deliver(name, exampleMail)
  world.server.deliver(name, unmarked)
  await scan(aliceInbox, 'scan')
  assert.deepEqual(fetched, [3])
  assert.deepEqual(seen, [txnOf(etpFile)])
  assert.deepEqual(await cursor(world), [world.server.folder(name)?.uidValidity, 5])
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
    mailboxes.state().junkFaults.map(({ folder, code }) => [folder, code]),
    [['Junk', 'imap.no_mailbox']],
  )
  assert.deepEqual(mailboxes.state().faults, [])
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
