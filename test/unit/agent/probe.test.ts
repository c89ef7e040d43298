import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Strategy } from '#agent/watch/choose.ts'
import { systemClock } from '#edge/system.ts'
import type { Clock } from '#kernel/clock.ts'
import type { MailboxConnection, MailServer } from '#mailbox/mailbox.ts'
import { address, inboxName, makeWorld, type World, watch } from './watching-world.ts'

const canary = address('canary@example.test')
/** What takes seconds takes a fiftieth. */
const quick: Clock = {
  ...systemClock,
  monotonicMs: () => systemClock.monotonicMs() * 50,
  after: (delayMs, fn) => systemClock.after(delayMs / 50, fn),
}

/** A server on which something is not as it promises. */
const but = (
  { server }: World,
  change: (connection: MailboxConnection) => Partial<MailboxConnection>,
): MailServer => ({
  connect: async (login) => {
    const connection = await server.connect(login)
    return { ...connection, ...change(connection) }
  },
})

function withCanary(world: World): void {
  world.server.create(inboxName(canary))
  for (let i = 0; i < 20; i += 1) {
    const owner = address(`more${i}@example.test`)
    world.served.push(owner)
    world.server.create(inboxName(owner))
  }
}

type Watched = Awaited<ReturnType<typeof watch>>
const useOf = (watching: Watched, wanted: Strategy) =>
  watching.ladder().rungs.find(({ strategy }) => strategy === wanted)

test('a canary proves each way, and leaves nothing behind', async (t) => {
  const world = makeWorld(t)
  withCanary(world)
  const watching = await watch(world, { canary, idleConnectionsMax: 1 }, { clock: quick })
  await world.until(() => / after \d+ ms/.test(useOf(watching, 'idle')?.says ?? ''))
  assert.match(useOf(watching, 'list_status')?.says ?? '', / after \d+ ms/)
  assert.equal(useOf(watching, 'status')?.use, 'spare')
  await world.until(() => world.server.messages(inboxName(canary)).length === 0)
  assert.equal(watching.ladder().canaryRefused, null)
})

test('a list that does not tell of new mail is stepped down from', async (t) => {
  const world = makeWorld(t)
  withCanary(world)
  const server = but(world, (connection) => ({
    listStatus: (patterns, onCounters) =>
      connection.listStatus(patterns, (counters) => onCounters({ ...counters, uidNext: 1 })),
  }))
  const watching = await watch(world, { canary, relayHint: true }, { server, clock: quick })
  await world.until(() => useOf(watching, 'list_status')?.use === 'failed')
  assert.equal(useOf(watching, 'status')?.use, 'used')
  assert.equal(useOf(watching, 'list_status')?.code, 'watch.not_told')
})

test('an IDLE that says nothing is not waited for', async (t) => {
  const world = makeWorld(t)
  withCanary(world)
  const server = but(world, (connection) => ({
    idle: (name, onNews, signal) => {
      let first = true
      const once = () => {
        if (first) onNews()
        first = false
      }
      return connection.idle(name, once, signal)
    },
  }))
  const watching = await watch(world, { canary, idleConnectionsMax: 1 }, { server, clock: quick })
  await world.until(() => useOf(watching, 'idle')?.use === 'failed')
})

test('a canary that may not be put into its mailbox is said, and everything is believed as before', async (t) => {
  const world = makeWorld(t)
  withCanary(world)
  const folder = world.server.folder(inboxName(canary))
  assert(folder)
  folder.readOnly = true
  const watching = await watch(world, { canary }, { clock: quick })
  await world.until(() => watching.ladder().canaryRefused !== null)
  assert.equal(watching.ladder().canaryRefused, 'imap.no_right')
  assert.equal(useOf(watching, 'list_status')?.use, 'used')
})
