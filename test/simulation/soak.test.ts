/** A day of watching in a minute: what an agent keeps must not grow with the time that it has been running. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startWatching } from '#agent/watching.ts'
import { systemRandom } from '#edge/system.ts'
import type { Clock } from '#kernel/clock.ts'
import { makeMemoryMailServer } from '#mailbox/memory-mailbox.ts'
import { heapBytes } from '../support/heap.ts'
import { exampleMail } from '../unit/agent/mails.ts'
import { ordinary } from '../unit/agent/scanning.ts'
import { address, alice, inboxName, makeWorld, nothingElse } from '../unit/agent/watching-world.ts'
import { VirtualTime } from './world/virtual-time.ts'

const minuteMs = 60_000
const mailboxes = 40
const connectionsMax = 4
const idleMax = 2
/** What is kept for the mail that comes in this test is far less. */
const growthMax = 1024 * 1024

test('24 hours of watching keep no more memory, connections and timers than 4', async (t) => {
  const time = new VirtualTime()
  const clock: Clock = {
    nowMs: () => 1_795_900_000_000 + time.nowMs(),
    monotonicMs: () => time.nowMs(),
    after: (delayMs, fn) => time.after(delayMs, fn),
  }
  const made = makeWorld(t)
  const server = makeMemoryMailServer(clock, {}, () => time.sleep(2))
  const world = { ...made, server }
  for (let i = 0; i < mailboxes; i += 1) world.served.push(address(`soak${i}@example.test`))
  for (const owner of world.served) server.create(inboxName(owner))
  const watching = startWatching(
    {
      ...world,
      clock,
      random: systemRandom,
      served: async () => world.served,
      liveGrants: async () => [alice],
    },
    { ...nothingElse, connectionsMax, idleConnectionsMax: idleMax, pollMs: 30_000, scanIntervalMs: 900_000 },
  )
  let sent = 0
  const everyHour = async (hour: number): Promise<void> => {
    server.loseConnections()
    for (let minute = 0; minute < 60; minute += 5) {
      const owner = world.served[(hour * 12 + minute) % world.served.length] ?? alice
      server.deliver(inboxName(owner), minute % 20 === 0 ? exampleMail : ordinary)
      if (minute % 20 === 0) sent += 1
      if (hour % 6 === 5) server.refuseConnections(minute === 30 ? 'imap.unreachable' : null)
      await pass(time, 5 * minuteMs)
    }
  }
  const kept: { heap: number; open: number; timers: number }[] = []
  for (let hour = 0; hour < 24; hour += 1) {
    await everyHour(hour)
    if (hour === 3 || hour === 23)
      kept.push({ heap: await heapBytes(), open: server.connections(), timers: time.timers() })
  }
  const [early, late] = kept
  assert(early && late)
  assert.equal(world.taken.length, sent, 'each activation mail was taken once')
  t.diagnostic(
    `heap ${early.heap} then ${late.heap}; ${late.open} connections, ${late.timers} timers; ${sent} mails`,
  )
  assert(late.heap - early.heap < growthMax, `the heap grew by ${late.heap - early.heap} bytes`)
  assert(late.open <= connectionsMax + idleMax, `${late.open} connections are open`)
  assert(late.timers <= early.timers + 5, `${late.timers} timers are set, and ${early.timers} were`)
  const closed = watching.close()
  await pass(time, minuteMs)
  await closed
  assert.equal(server.connections(), 0)
})

async function pass(time: VirtualTime, durationMs: number): Promise<void> {
  const untilMs = time.nowMs() + durationMs
  while (await time.step(untilMs));
}
