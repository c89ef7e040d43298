/** What a service manager is told of a process, and what it is not told of one that hangs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Status } from '#admin/views.ts'
import { type ServiceManager, serviceManager } from '#edge/service-manager.ts'
import { silentLog } from '#kernel/log.ts'
import type { Running } from '../../src/compose.ts'
import { firstSentence, supervise } from '../../src/supervise.ts'
import { handClock } from './agent/hand-clock.ts'

const counts = { users: 3, passwordsOpen: 0, activationsOpen: 1, handhelds: 2 }
const well: Status = { health: 'ok', checks: [], counts }
const check = {
  name: 'relay r.test',
  health: 'broken',
  says: 'It is\naway.',
  sinceMs: null,
  next: null,
} as const
const ill: Status = { health: 'broken', checks: [{ ...check, code: 'relay.unreachable' }], counts }

function world(watchdogMs: number | null = 10_000) {
  const told: string[][] = []
  const manager: ServiceManager = {
    watchdogMs,
    tell: async (...assignments) => void told.push([...assignments]),
  }
  const now = { status: well, answers: true, tried: 0 }
  const running = {
    tried: async () => {
      now.tried += 1
    },
    answers: async () => now.answers,
    admin: { status: async () => now.status },
  } as unknown as Running
  const clock = handClock(0)
  return { told, now, running, clock, supervision: supervise(manager, clock) }
}

/** Lets promises that wait for nothing outside come to their ends. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

async function pass(clock: ReturnType<typeof handClock>, ms: number): Promise<void> {
  await clock.advance(ms)
  await settled()
}

const allIsWell = 'STATUS=All is well: 3 users, 1 activations open.'

test('ready is told once the connections were tried, and life at half the time of the watchdog', async () => {
  const { told, now, running, clock, supervision } = world()
  await supervision.ready(running)
  await settled()
  assert.equal(now.tried, 1)
  assert.deepEqual(told.splice(0), [['READY=1', allIsWell], ['WATCHDOG=1']])
  await pass(clock, 5_000)
  await pass(clock, 5_000)
  assert.deepEqual(told.splice(0), [['WATCHDOG=1'], ['WATCHDOG=1']])
  await supervision.stopping()
})

test('a status is told again when it is another', async () => {
  const { told, now, running, clock, supervision } = world()
  await supervision.ready(running)
  await settled()
  told.length = 0
  now.status = ill
  await pass(clock, 5_000)
  await pass(clock, 5_000)
  assert.deepEqual(told, [
    ['WATCHDOG=1', 'STATUS=relay r.test: It is away. [relay.unreachable]'],
    ['WATCHDOG=1'],
  ])
  await supervision.stopping()
})

test('a process whose store does not answer gives no sign of life', async () => {
  const { told, now, running, clock, supervision } = world()
  await supervision.ready(running)
  await settled()
  told.length = 0
  now.answers = false
  for (let left = 4; left > 0; left -= 1) await pass(clock, 5_000)
  assert.deepEqual(told, [])
  now.answers = true
  await pass(clock, 5_000)
  assert.deepEqual(told, [['WATCHDOG=1']])
  await supervision.stopping()
})

test('without a watchdog only another status is told', async () => {
  const { told, now, running, clock, supervision } = world(null)
  await supervision.ready(running)
  await settled()
  assert.deepEqual(told.splice(0), [['READY=1', allIsWell]])
  await pass(clock, 30_000)
  assert.deepEqual(told, [])
  now.status = ill
  await pass(clock, 30_000)
  assert.equal(told.length, 1)
  await supervision.stopping()
})

test('around a reload, also one that fails, it is told that it reloads and that it is ready', async () => {
  const { told, running, supervision } = world()
  await supervision.ready(running)
  await settled()
  told.length = 0
  await assert.rejects(
    supervision.reloading(async () => {
      throw new Error('planted')
    }),
    /planted/,
  )
  assert.match(told[0]?.join(' ') ?? '', /^RELOADING=1 MONOTONIC_USEC=[1-9]\d+$/)
  assert.deepEqual(told.slice(1), [['READY=1', allIsWell]])
  await supervision.stopping()
})

test('without a service manager the work is done all the same', async () => {
  const { running, clock } = world()
  const supervision = supervise(null, clock)
  let done = 0
  await supervision.ready(running)
  await supervision.reloading(async () => {
    done += 1
  })
  await supervision.stopping()
  assert.equal(done, 1)
})

test('the first sentence says what is broken first', () => {
  assert.equal(firstSentence(ill), 'relay r.test: It is\naway. [relay.unreachable]')
  assert.equal(firstSentence(well), 'All is well: 3 users, 1 activations open.')
})

test('nobody is told where nobody asked', () => {
  assert.equal(serviceManager({}, 1, silentLog), null)
  assert.equal(serviceManager({ NOTIFY_SOCKET: '' }, 1, silentLog), null)
})

test('the watchdog is for the process it names', () => {
  const watchdog = (env: Record<string, string>) =>
    serviceManager({ NOTIFY_SOCKET: '/run/n', ...env }, 7, silentLog)?.watchdogMs
  assert.equal(watchdog({ WATCHDOG_USEC: '60000000', WATCHDOG_PID: '7' }), 60_000)
  assert.equal(watchdog({ WATCHDOG_USEC: '60000000' }), 60_000)
  assert.equal(watchdog({ WATCHDOG_USEC: '60000000', WATCHDOG_PID: '8' }), null)
  for (const odd of ['', '0', '-1', 'soon', '1e3']) assert.equal(watchdog({ WATCHDOG_USEC: odd }), null)
})
