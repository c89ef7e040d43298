import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { systemClock, systemRandom } from '#edge/system.ts'
import type { MailAddress } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import { Fault } from '#kernel/fault.ts'
import type { MailboxConnection, MailLogin } from '#mailbox/mailbox.ts'
import { makeMemoryMailServer } from '#mailbox/memory-mailbox.ts'
import { lookAtOne } from '#mailbox/one-look.ts'
import { makePool } from '#mailbox/pool.ts'

const service: MailLogin = { as: 'service' }
const as = (user: string): MailLogin => ({ as: 'user', user: user as MailAddress })

/** Waiting takes no time. */
const hurried: Clock = { ...systemClock, after: (_, fn) => systemClock.after(0, fn) }

function poolOf(t: TestContext, connectionsMax: number, clock: Clock = hurried) {
  const server = makeMemoryMailServer(clock)
  const pool = makePool({ server, connectionsMax, clock, random: systemRandom })
  t.after(() => pool.close())
  return { server, pool }
}

/** Work that runs until it is let go. */
function heldWork() {
  const { promise: held, resolve: letGo } = Promise.withResolvers<void>()
  const { promise: begun, resolve: begin } = Promise.withResolvers<MailboxConnection>()
  const work = async (connection: MailboxConnection) => {
    begin(connection)
    await held
    return connection
  }
  return { work, begun, letGo }
}

test('no more connections are open than allowed, and all work is done', async (t) => {
  const { server, pool } = poolOf(t, 3)
  let most = 0
  const work = async () => {
    most = Math.max(most, server.connections())
    await new Promise((resolve) => setImmediate(resolve))
  }
  await Promise.all(Array.from({ length: 20 }, () => pool.use(service, work)))
  assert.equal(most, 3)
  assert.equal(server.logins().length, 3)
  assert.deepEqual(pool.stats(), {
    max: 3,
    limited: false,
    open: 3,
    busy: 0,
    waiting: 0,
    opened: 3,
    lost: 0,
    connectFailures: 0,
    away: null,
  })
})

test('work waits in order, urgent work before the rest, but not for ever', async (t) => {
  const { pool } = poolOf(t, 1)
  const first = heldWork()
  const done = [pool.use(service, first.work)]
  await first.begun
  const order: string[] = []
  const note = (name: string) => async (connection: MailboxConnection) => {
    order.push(name)
    return connection
  }
  for (const name of ['a', 'b', 'c']) done.push(pool.use(service, note(name)))
  for (const name of ['1', '2', '3', '4', '5', '6'])
    done.push(pool.use(service, note(name), { urgent: true }))
  assert.equal(pool.stats().waiting, 9)
  first.letGo()
  await Promise.all(done)
  assert.deepEqual(order, ['1', '2', '3', '4', 'a', '5', '6', 'b', 'c'])
})

test('a connection is used again for the same log-in and makes room for another', async (t) => {
  const { server, pool } = poolOf(t, 1)
  const same = async (connection: MailboxConnection) => connection
  const one = await pool.use(as('a@x'), same)
  assert.equal(await pool.use(as('a@x'), same), one)
  const other = await pool.use(as('b@x'), same)
  assert.notEqual(other, one)
  assert.equal(one.usable(), false)
  assert.equal(server.connections(), 1)
})

test('a fresh connection is one opened since', async (t) => {
  let nowMs = 1_000
  const { pool } = poolOf(t, 2, { ...hurried, monotonicMs: () => nowMs })
  const same = async (connection: MailboxConnection) => connection
  const old = await pool.use(service, same)
  nowMs = 2_000
  const fresh = await pool.use(service, same, { openedAfterMs: 2_000 })
  assert.notEqual(fresh, old)
  assert.equal(await pool.use(service, same, { openedAfterMs: 2_000 }), fresh)
})

test('a lost connection fails its work and is replaced', async (t) => {
  const { server, pool } = poolOf(t, 1)
  server.create('x')
  await assert.rejects(
    pool.use(service, (connection) => {
      const answer = Array.fromAsync(connection.status(['x'], 10_000))
      server.loseConnections()
      return answer
    }),
    (error) => error instanceof Fault && error.code === 'imap.unreachable',
  )
  const [told] = await pool.use(service, (connection) => Array.fromAsync(connection.status(['x'], 10_000)))
  assert.equal(told?.[0]?.name, 'x')
  const { lost, opened, open } = pool.stats()
  assert.deepEqual([lost, opened, open], [1, 2, 1])
})

test('a connection that is lost while nobody uses it is not given to anybody', async (t) => {
  const { server, pool } = poolOf(t, 1)
  await pool.use(service, async () => {})
  server.loseConnections()
  assert(await pool.use(service, async (connection) => connection.usable()))
  assert.equal(pool.stats().lost, 1)
})

test('a server is not called away any more once work is done on a connection it had granted before', async (t) => {
  const { server, pool } = poolOf(t, 2)
  await pool.use(service, async () => {
    server.refuseConnections('imap.unreachable')
    await assert.rejects(pool.use(service, async () => {}))
    assert.equal(pool.stats().away?.code, 'imap.unreachable')
  })
  assert.equal(pool.stats().away, null)
})

test('a server that is away is tried less and less often, and everybody is told why', async (t) => {
  const pauses: number[] = []
  const clock: Clock = {
    nowMs: () => 0,
    monotonicMs: () => 0,
    after: (delayMs, fn) => {
      pauses.push(delayMs)
      return systemClock.after(0, fn)
    },
  }
  const { server, pool } = poolOf(t, 1, clock)
  server.refuseConnections('imap.unreachable')
  for (let tries = 0; tries < 12; tries += 1)
    await assert.rejects(
      pool.use(service, async () => {}),
      (error) => error instanceof Fault && error.code === 'imap.unreachable',
    )
  assert.equal(pauses.length, 11)
  const [first = 0, , , fourth = 0] = pauses
  assert(first >= 100 && first <= 300, `${first}`)
  assert(fourth >= 800 && fourth <= 2_400, `${fourth}`)
  assert(pauses.every((pause) => pause <= 45_000))
  server.refuseConnections(null)
  await pool.use(service, async () => {})
  assert.equal(pool.stats().connectFailures, 12)
})

test('a refused log-in on behalf of one user holds up nobody else', async (t) => {
  const { server, pool } = poolOf(t, 1, { nowMs: () => 0, monotonicMs: () => 0, after: () => () => {} })
  server.refuseConnections('imap.login_failed')
  const isRefused = (error: unknown) => error instanceof Fault && error.code === 'imap.login_failed'
  await assert.rejects(
    pool.use(as('a@x'), async () => {}),
    isRefused,
  )
  server.refuseConnections(null)
  await pool.use(as('b@x'), async () => {})
  await assert.rejects(
    pool.use(as('a@x'), async () => {}),
    isRefused,
  )
  assert.equal(server.logins().length, 2)
})

test('a mailbox that is missing costs no connection', async (t) => {
  const { pool } = poolOf(t, 1)
  const look = (connection: MailboxConnection) =>
    lookAtOne(connection, { name: 'none', fromUid: 1, limit: 1 })
  await assert.rejects(pool.use(service, look))
  await assert.rejects(pool.use(service, look))
  assert.equal(pool.stats().opened, 1)
})

test('the end waits for running work and refuses the rest', async (t) => {
  const { server, pool } = poolOf(t, 1)
  const held = heldWork()
  const running = pool.use(service, held.work)
  await held.begun
  const waiting = assert.rejects(pool.use(service, async () => {}))
  let closed = false
  const closing = pool.close().then(() => {
    closed = true
  })
  await waiting
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(closed, false)
  held.letGo()
  await Promise.all([running, closing])
  assert.equal(server.connections(), 0)
  await assert.rejects(pool.use(service, async () => {}))
})
