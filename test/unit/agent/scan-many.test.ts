import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultCodeOf } from '#kernel/fault.ts'
import { exampleMail } from './mails.ts'
import { ordinary, scanner } from './scanning.ts'
import { address, alice, bob, inboxName, makeWorld } from './watching-world.ts'

const inboxOf = (owner: typeof alice) => ({ owner, folder: 'INBOX' })
const many = [alice, bob]

test('many mailboxes with ordinary mail move on in one commit', async (t) => {
  const world = makeWorld(t)
  const { scanMany, fetched } = scanner(t, world)
  let commits = 0
  const stop = world.store.onCommit(() => {
    commits += 1
  })
  t.after(stop)
  for (const owner of many) world.server.deliver(inboxName(owner), ordinary)
  const ended: unknown[] = []
  await scanMany(
    many.map((owner) => ({ watched: inboxOf(owner), foundBy: 'scan' })),
    (_, error) => ended.push(error),
  )
  assert.deepEqual([ended, fetched, commits], [[null, null], [], 1])
  for (const owner of many) assert.equal((await world.store.watches.find(owner, 'INBOX'))?.nextUid, 2)
})

test('a mailbox that is not there, and one with a request, do not keep the others', async (t) => {
  const world = makeWorld(t)
  const { scanMany, seen } = scanner(t, world)
  const missing = address('missing@example.test')
  world.server.deliver(inboxName(alice), exampleMail)
  world.server.deliver(inboxName(bob), ordinary)
  const ended = new Map<string, unknown>()
  await scanMany(
    [missing, alice, bob].map((owner) => ({ watched: inboxOf(owner), foundBy: 'scan' })),
    ({ owner }, error) => ended.set(owner, error === null ? null : faultCodeOf(error)),
  )
  assert.deepEqual(Object.fromEntries(ended), {
    'missing@example.test': 'imap.no_mailbox',
    [alice]: null,
    [bob]: null,
  })
  assert.equal(seen.length, 1)
})

test('when the connection breaks, each mailbox that was not read yet hears of it', async (t) => {
  const world = makeWorld(t)
  const { scanMany } = scanner(t, world)
  for (const owner of many) world.server.deliver(inboxName(owner), exampleMail)
  world.fail = new Error('the store is away')
  const ended: unknown[] = []
  await scanMany(
    many.map((owner) => ({ watched: inboxOf(owner), foundBy: 'scan' })),
    (_, error) => ended.push(error),
  )
  assert.deepEqual(ended, [world.fail, world.fail])
})
