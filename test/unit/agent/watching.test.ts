import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '#edge/system.ts'
import type { ActivationId } from '#kernel/brand.ts'
import { authzidAccess } from '#mailbox/access.ts'
import type { MailboxCounters } from '#mailbox/mailbox.ts'
import { makeMemoryMailServer } from '#mailbox/memory-mailbox.ts'
import { etpFile, exampleMail, filePart, mail, mailOf, multipart, textPart } from './mails.ts'
import { address, alice, bob, inboxName, makeWorld, txnOf, type World, watch } from './watching-world.ts'

const txn = txnOf(etpFile)
const unmarked = mailOf(multipart(textPart('hello'), filePart()))
const found = (world: World) => () => world.taken.length > 0
const foundBy = ({ taken }: World) => taken.map((one) => one.foundBy)

test('a relay’s hint finds a mail that comes a moment later', async (t) => {
  const world = makeWorld(t)
  const watching = await watch(world, { relayHint: true })
  watching.hint(alice, txn)
  world.server.deliver(inboxName(alice), unmarked, { delayMs: 300 })
  await world.until(found(world))
  assert.deepEqual(foundBy(world), ['hint'])
})

test('with everything else switched off the safety pass finds the mail', async (t) => {
  const world = makeWorld(t)
  await watch(world, { scanIntervalMs: 100 })
  world.server.deliver(inboxName(alice), exampleMail)
  await world.until(found(world))
  assert.deepEqual(foundBy(world), ['scan'])
})

test('with the relay’s hint switched off a hint makes nobody look', async (t) => {
  const world = makeWorld(t)
  const watching = await watch(world)
  watching.hint(alice, txn)
  assert.deepEqual([watching.poolStats().news, watching.poolStats().scanning], [0, 0])
})

test('a push hook’s word finds the mail', async (t) => {
  const world = makeWorld(t)
  const watching = await watch(world)
  world.server.deliver(inboxName(alice), exampleMail)
  watching.pushed(alice)
  await world.until(found(world))
  assert.deepEqual(foundBy(world), ['push'])
})

test('IDLE finds mail for a user who may activate, as long as that lasts', async (t) => {
  const world = makeWorld(t)
  const watching = await watch(world, { idleConnectionsMax: 4 })
  assert.equal(watching.poolStats().idling, 0)
  world.live.add(alice)
  await world.grantsChanged()
  await world.until(() => watching.poolStats().idling === 1)
  world.server.deliver(inboxName(alice), unmarked)
  await world.until(found(world))
  assert.deepEqual(foundBy(world), ['idle'])
  world.live.clear()
  await world.grantsChanged()
  await world.until(() => watching.poolStats().idling === 0)
})

test('no more users than allowed are waited for with IDLE, and a lost connection is made again', async (t) => {
  const world = makeWorld(t)
  for (const owner of [alice, bob]) world.live.add(owner)
  const watching = await watch(world, { idleConnectionsMax: 1 })
  await world.until(() => watching.poolStats().idling === 1)
  world.server.loseConnections()
  await world.until(() => watching.poolStats().idling === 0)
  await world.until(() => watching.poolStats().idling === 1)
  world.server.deliver(inboxName(alice), unmarked)
  await world.until(found(world))
})

test('looks at the counters find mail while a user may activate', async (t) => {
  for (const listStatus of [true, false]) {
    const world = { ...makeWorld(t), server: makeMemoryMailServer(systemClock, { listStatus, idle: false }) }
    for (const owner of world.served) world.server.create(inboxName(owner))
    world.live.add(alice)
    const watching = await watch(world, { pollMs: 20, idleConnectionsMax: 2 })
    assert.equal(watching.poolStats().idling, 0)
    world.server.deliver(inboxName(alice), unmarked)
    await world.until(found(world))
    assert.deepEqual(foundBy(world), ['scan'])
  }
})

test('one answer tells of many mailboxes, and those it does not name are asked for', async (t) => {
  const world = makeWorld(t)
  const hidden = address('hidden@example.test')
  for (let i = 0; i < 30; i += 1) {
    const owner = address(`user${i}@example.test`)
    world.served.push(owner)
    world.server.create(inboxName(owner))
  }
  world.served.push(hidden)
  world.server.create(inboxName(hidden))
  const asked: string[] = []
  const server = {
    connect: async (login: Parameters<World['server']['connect']>[0]) => {
      const connection = await world.server.connect(login)
      return {
        ...connection,
        listStatus: (patterns: readonly string[], onCounters: (counters: MailboxCounters) => void) =>
          connection.listStatus(patterns, (counters) => {
            if (counters.name !== inboxName(hidden)) onCounters(counters)
          }),
        status: (names: Iterable<string>, patienceMs: number) => {
          const all = [...names]
          asked.push(...all)
          return connection.status(all, patienceMs)
        },
      }
    },
  }
  await watch(world, { scanIntervalMs: 100 }, { server })
  assert(asked.length > 0 && asked.every((name) => name === inboxName(hidden)))
  world.server.deliver(inboxName(hidden), exampleMail)
  world.server.deliver(inboxName(address('user7@example.test')), exampleMail)
  await world.until(() => world.taken.length === 2)
})

test('a mailbox is looked at when its user may activate from now on: the mail may be there already', async (t) => {
  const world = makeWorld(t)
  await watch(world, { junk: 'Junk' })
  const carol = address('carol@example.test')
  world.server.deliver(inboxName(carol), unmarked)
  world.server.deliver(`${carol}/Junk`, unmarked)
  world.served.push(carol)
  world.live.add(carol)
  await world.grantsChanged()
  await world.until(() => world.taken.length === 2)
})

test('a mail that a filter put into Junk is found', async (t) => {
  const world = makeWorld(t)
  const watching = await watch(world, { relayHint: true, junk: 'Junk' })
  world.server.deliver(`${alice}/Junk`, exampleMail)
  watching.hint(alice, txn)
  await world.until(found(world))
  assert.deepEqual(foundBy(world), ['hint'])
})

test('mail that comes twice and out of order is all found', async (t) => {
  const world = makeWorld(t)
  await watch(world, { scanIntervalMs: 50 })
  const note = (subject: string) => mail(`Subject: ${subject} [MDAP 1 00000000]`, '', '')
  world.server.deliver(inboxName(alice), exampleMail, { overtakenBy: 2 })
  world.server.deliver(inboxName(alice), exampleMail, { copies: 2, delayMs: 30 })
  world.server.deliver(inboxName(alice), note('in between'))
  await world.until(() => world.taken.length === 3)
  const [, cursor] = await world.store.watches.list().then((all) => all.map(({ nextUid }) => nextUid).sort())
  assert.equal(cursor, 5)
})

test('what connections were lost over is found after they are back', async (t) => {
  const world = makeWorld(t)
  const watching = await watch(world, { relayHint: true })
  world.server.refuseConnections('imap.unreachable')
  world.server.loseConnections()
  world.server.deliver(inboxName(alice), exampleMail)
  watching.hint(alice, txn)
  await world.until(() => watching.mailboxState().faults.length > 0)
  const [fault] = watching.mailboxState().faults
  assert.deepEqual([fault?.owner, fault?.code], [alice, 'imap.unreachable'])
  world.server.refuseConnections(null)
  await world.until(found(world))
  await world.until(() => watching.mailboxState().faults.length === 0)
})

test('an intake that fails is asked again, with the same mail', async (t) => {
  const world = makeWorld(t)
  const watching = await watch(world)
  world.fail = new Error('the store is away')
  world.server.deliver(inboxName(alice), exampleMail)
  watching.pushed(alice)
  await world.until(() => watching.mailboxState().faults.length === 1)
  world.fail = null
  await world.until(found(world))
  assert.deepEqual(foundBy(world), ['push'])
})

test('a user without a mailbox is named, and the others are watched', async (t) => {
  const world = makeWorld(t)
  const watching = await watch(world, { scanIntervalMs: 50 })
  const missing = address('missing@example.test')
  world.served.push(missing)
  await world.grantsChanged()
  await world.until(() => watching.mailboxState().faults.length === 1)
  const [fault] = watching.mailboxState().faults
  assert.deepEqual([fault?.owner, fault?.code], [missing, 'imap.no_mailbox'])
  world.server.deliver(inboxName(bob), exampleMail)
  await world.until(found(world))
  assert.equal(world.lines.filter(({ code }) => code === 'imap.no_mailbox').length, 1)
  world.served.pop()
  await world.grantsChanged()
  await world.until(() => watching.mailboxState().faults.length === 0)
})

test('the times of the last looks are kept, also where there was no news', async (t) => {
  const world = makeWorld(t)
  const watching = await watch(world, { scanIntervalMs: 50 })
  const lookedAt = async () => (await world.store.watches.find(bob, 'INBOX'))?.lookedAtMs ?? 0
  const firstMs = await lookedAt()
  await world.until(async () => (await lookedAt()) > firstMs)
  const { watched, oldest, oldestLookedAtMs } = watching.mailboxState()
  assert.equal(watched, 2)
  assert(oldest && (oldestLookedAtMs ?? 0) >= firstMs)
})

test('with a log-in for each user everybody is watched all the same', async (t) => {
  const world = { ...makeWorld(t), access: authzidAccess() }
  for (const owner of [alice, bob]) world.server.create(`${owner}/INBOX`)
  await watch(world, { scanIntervalMs: 50 })
  world.server.deliver(`${bob}/INBOX`, exampleMail)
  await world.until(found(world))
  assert(world.server.logins().every(({ as }) => as === 'user'))
})

test('each safety pass uses a fresh connection', async (t) => {
  const world = makeWorld(t)
  await watch(world, { scanIntervalMs: 50 })
  const before = world.server.logins().length
  await world.until(() => world.server.logins().length >= before + 2)
})

test('the end leaves no connection open and no scan running', async (t) => {
  const world = makeWorld(t)
  world.live.add(alice)
  const watching = await watch(world, { relayHint: true, idleConnectionsMax: 2, pollMs: 10 })
  await world.until(() => watching.poolStats().idling === 1)
  world.server.deliver(inboxName(alice), unmarked)
  watching.hint(alice, '0'.repeat(32) as ActivationId)
  await watching.close()
  assert.equal(world.server.connections(), 0)
  const { scanning, busy, idling } = watching.poolStats()
  assert.deepEqual([scanning, busy, idling], [0, 0, 0])
})

test('where one way of looking is fixed, no connection waits with IDLE', async (t) => {
  const world = makeWorld(t)
  world.live.add(alice)
  const watching = await watch(world, { strategy: 'status', idleConnectionsMax: 4, pollMs: 20 })
  world.server.deliver(inboxName(alice), unmarked)
  await world.until(found(world))
  assert.deepEqual(foundBy(world), ['scan'])
  assert.equal(watching.poolStats().idling, 0)
})

test('where only the interval is wanted, nothing else looks', async (t) => {
  const world = makeWorld(t)
  world.live.add(alice)
  await watch(world, { strategy: 'interval', idleConnectionsMax: 4, pollMs: 20 })
  world.server.deliver(inboxName(alice), unmarked)
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.deepEqual(world.taken, [])
})
