/** A mailbox that a connection breaks on, or that never answers, keeps nobody else's waiting. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inboxOf, type WatchContext } from '#agent/watch/context.ts'
import { makeSuspects } from '#agent/watch/suspects.ts'
import { systemClock, systemRandom } from '#edge/system.ts'
import { Fault } from '#kernel/fault.ts'
import { silentLog } from '#kernel/log.ts'
import { makeMemoryMailServer } from '#mailbox/memory-mailbox.ts'
import { handClock } from './hand-clock.ts'
import { exampleMail } from './mails.ts'
import { address, alice, bob, inboxName, makeWorld, type World, watch } from './watching-world.ts'

const carol = address('carol@example.test')

/** A server on which asking for these mailboxes' counters breaks the connection, some only when `let go`. */
function breaking(world: World) {
  const broken = new Set<string>()
  const silent = new Set<string>()
  const patiences: number[] = []
  let letGo = () => {}
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const server = {
    connect: async (login: Parameters<World['server']['connect']>[0]) => {
      const connection = await world.server.connect(login)
      return {
        ...connection,
        status: async function* (names: readonly string[], patienceMs: number) {
          for (const one of (await Array.fromAsync(connection.status(names, patienceMs))).flat()) {
            if (silent.has(one.name)) {
              patiences.push(patienceMs)
              await held
            }
            if (broken.has(one.name) || silent.has(one.name)) {
              await connection.close()
              throw new Fault('imap.unreachable', one.name)
            }
            yield [one]
          }
        },
      }
    },
  }
  return { server, broken, silent, patiences, letGo: () => letGo() }
}

const statusOnly = (t: Parameters<typeof makeWorld>[0]): World => {
  const world = { ...makeWorld(t), server: makeMemoryMailServer(systemClock, { listStatus: false }) }
  world.served.push(carol)
  for (const owner of world.served) world.server.create(inboxName(owner))
  return world
}

test('what breaks the connection is named, and those behind it are looked at all the same', async (t) => {
  const world = statusOnly(t)
  const { server, broken } = breaking(world)
  const watching = await watch(world, { scanIntervalMs: 50 }, { server })
  broken.add(inboxName(alice))
  await world.until(() => watching.mailboxState().faults.length === 1)
  assert.deepEqual(
    watching.mailboxState().faults.map(({ owner, code }) => [owner, code]),
    [[alice, 'imap.unreachable']],
  )
  for (const owner of [bob, carol]) world.server.deliver(inboxName(owner), exampleMail)
  await world.until(() => world.taken.length === 2)
  broken.clear()
  await world.until(() => watching.mailboxState().faults.length === 0)
})

test('a mailbox that does not answer at all holds up one pass at most, and then only itself', async (t) => {
  const world = statusOnly(t)
  const { server, silent, broken, patiences, letGo } = breaking(world)
  const watching = await watch(world, { scanIntervalMs: 50, connectionsMax: 2 }, { server })
  broken.add(inboxName(alice))
  await world.until(() => watching.mailboxState().faults.length === 1)
  broken.clear()
  silent.add(inboxName(alice))
  await world.until(() => patiences.length === 1)
  const [patienceMs = 0] = patiences
  assert.ok(patienceMs >= 60_000, 'one that has failed is given time')
  for (const owner of [bob, carol]) world.server.deliver(inboxName(owner), exampleMail)
  await world.until(() => world.taken.length === 2)
  assert.equal(patiences.length, 1, 'it was not asked again while it is asked')
  silent.clear()
  letGo()
})

test('a server that breaks every connection is not asked for each mailbox: the pass ends', async (t) => {
  const world = statusOnly(t)
  for (let i = 0; i < 40; i += 1) world.served.push(address(`user${i}@example.test`))
  for (const owner of world.served.slice(3)) world.server.create(inboxName(owner))
  const { server, broken } = breaking(world)
  const watching = await watch(world, { scanIntervalMs: 300 }, { server })
  const before = watching.poolStats().opened
  for (const owner of world.served) broken.add(inboxName(owner))
  await world.until(() =>
    world.lines.some(({ message }) => message === 'a pass over all mailboxes broke off'),
  )
  const opened = watching.poolStats().opened - before
  assert.ok(opened < world.served.length / 2, `${opened} connections for ${world.served.length} mailboxes`)
})

test('what a server that is away fails is not held against the mailbox, what the mailbox fails is', async () => {
  const clock = handClock(0)
  let asked = 0
  let isAway = true
  const use = async () => {
    asked += 1
    if (isAway) throw new Fault('imap.unreachable', 'the server is away')
    return []
  }
  const context = {
    clock,
    random: systemRandom,
    log: silentLog,
    mailboxes: { faultOf: () => 'imap.unreachable' },
    pool: { use },
  } as Partial<Record<keyof WatchContext, unknown>> as WatchContext
  const suspects = makeSuspects(context)
  const ask = async () => {
    suspects.add({ as: 'service' }, [inboxName(alice), inboxOf(alice)])
    await suspects.close()
  }
  for (let i = 0; i < 3; i += 1) await ask()
  assert.equal(asked, 3, 'asked each time while the server is away')
  isAway = false
  await ask()
  await ask()
  assert.equal(asked, 4, 'left alone for a while once it was asked in vain itself')
})
