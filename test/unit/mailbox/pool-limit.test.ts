// A mail server that grants fewer connections than are configured, to all or to one user.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { systemClock, systemRandom } from '#edge/system.ts'
import type { MailAddress } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import { Fault, type FaultCode } from '#kernel/fault.ts'
import type { MailboxConnection, MailLogin } from '#mailbox/mailbox.ts'
import { makeMemoryMailServer } from '#mailbox/memory-mailbox.ts'
import { makePool } from '#mailbox/pool.ts'

const service: MailLogin = { as: 'service' }
const as = (user: string): MailLogin => ({ as: 'user', user: user as MailAddress })
const same = async (connection: MailboxConnection) => connection
const isCode = (code: FaultCode) => (error: unknown) => error instanceof Fault && error.code === code

function limited(t: TestContext, connectionsMax: number) {
  const world = { nowMs: 0, told: [] as boolean[] }
  const clock: Clock = {
    nowMs: () => world.nowMs,
    monotonicMs: () => world.nowMs,
    after: (_, fn) => systemClock.after(0, fn),
  }
  const server = makeMemoryMailServer(clock)
  const onLimited = (now: boolean) => void world.told.push(now)
  const pool = makePool({ server, connectionsMax, clock, random: systemRandom, onLimited })
  t.after(() => pool.close())
  /** So many works at once; each takes a turn of the event loop. */
  const burst = (count: number) =>
    Promise.all(
      Array.from({ length: count }, () =>
        pool.use(service, () => new Promise((resolve) => setImmediate(resolve))),
      ),
    )
  return { world, server, pool, burst }
}

test('with fewer connections all work is done, and it goes up again when the server grants more', async (t) => {
  const { world, server, pool, burst } = limited(t, 4)
  server.grantConnections(2)
  await burst(40)
  assert.deepEqual([pool.stats().max, pool.stats().limited, server.connections()], [2, true, 2])
  assert.deepEqual(world.told, [true])
  assert.equal(pool.stats().away, null, 'a server that works with fewer is not away')

  // The limit stands: each try comes later than the one before.
  const before = server.logins().length
  for (let minute = 0; minute < 60; minute += 1) {
    world.nowMs += 60_000
    await burst(8)
  }
  const tries = server.logins().length - before
  assert(tries >= 4 && tries <= 60, `${tries} log-ins in an hour`)
  assert.equal(pool.stats().limited, true)

  server.grantConnections(10)
  for (let minute = 0; minute < 60; minute += 1) {
    world.nowMs += 60_000
    await burst(8)
  }
  assert.deepEqual([pool.stats().max, pool.stats().limited, server.connections()], [4, false, 4])
  assert.deepEqual(world.told, [true, false])
})

test('where there is not one connection to be had the work is told so, and the server left alone', async (t) => {
  const { server, pool, burst } = limited(t, 4)
  server.grantConnections(0)
  await assert.rejects(pool.use(service, same), isCode('imap.too_many_connections'))
  assert.equal(pool.stats().away?.code, 'imap.too_many_connections')
  server.grantConnections(1)
  await burst(10)
  assert.equal(server.connections(), 1)
  assert.equal(pool.stats().away, null)
})

test("a user's own limit costs nobody else a connection; the limit of all does", async (t) => {
  const { server, pool } = limited(t, 4)
  server.refuseConnections('imap.too_many_connections')
  await assert.rejects(pool.use(as('a@x'), same), isCode('imap.too_many_connections'))
  assert.deepEqual([pool.stats().max, pool.stats().limited], [4, false])
  // Left alone for a moment, without a word to the server.
  await assert.rejects(pool.use(as('a@x'), same), isCode('imap.too_many_connections'))
  assert.equal(server.logins().length, 1)
  await assert.rejects(pool.use(as('b@x'), same), isCode('imap.too_many_connections'))
  assert.equal(pool.stats().limited, true)
})

test('a server that does not answer a log-in is asked for fewer as well', async (t) => {
  const { server, pool, burst } = limited(t, 3)
  const [one] = [await pool.use(service, same)]
  assert(one.usable())
  server.refuseConnections('imap.login_unanswered')
  await burst(6)
  assert.deepEqual([pool.stats().max, pool.stats().open], [1, 1])
})

test('a throttled server is left alone for longer each time', async (t) => {
  const pauses: number[] = []
  const clock: Clock = {
    nowMs: () => 0,
    monotonicMs: () => 0,
    after: (delayMs, fn) => {
      pauses.push(delayMs)
      return systemClock.after(0, fn)
    },
  }
  const server = makeMemoryMailServer(clock)
  const pool = makePool({ server, connectionsMax: 2, clock, random: systemRandom })
  t.after(() => pool.close())
  server.refuseConnections('imap.throttled')
  for (let tries = 0; tries < 6; tries += 1)
    await assert.rejects(pool.use(service, same), isCode('imap.throttled'))
  const [first = 0, , , , last = 0] = pauses
  assert(first >= 2_500 && first <= 7_500, `${first}`)
  assert(last >= 40_000 && last <= 120_000, `${last}`)
  assert.equal(pool.stats().limited, false)
})

test('a log-in without a secret is no reason to wait once there is one', async (t) => {
  const { server, pool } = limited(t, 2)
  for (const code of ['imap.no_password', 'imap.token_unavailable', 'imap.token_denied'] as const) {
    server.refuseConnections(code)
    await assert.rejects(pool.use(as('a@x'), same), isCode(code))
    server.refuseConnections(null)
    await pool.use(as('a@x'), same)
    server.loseConnections()
  }
})

test('a wrong password is tried seldom: many servers lock the account', async (t) => {
  const { world, server, pool } = limited(t, 2)
  server.refuseConnections('imap.login_failed')
  for (let second = 0; second < 3_600; second += 1) {
    world.nowMs += 1_000
    await pool.use(as('a@x'), same).catch(() => {})
  }
  const tries = server.logins().length
  assert(tries >= 10 && tries <= 40, `${tries} in an hour`)
})

test('connections that are used again and again outlive those of a pass over all users', async (t) => {
  const { server, pool } = limited(t, 3)
  for (let i = 0; i < 3; i += 1) await pool.use(as('hot@x'), same)
  for (let i = 0; i < 20; i += 1) {
    await pool.use(as(`user${i}@x`), same)
    if (i % 5 === 0) await pool.use(as('hot@x'), same)
  }
  const logins = server.logins().filter((login) => login.as === 'user' && login.user === 'hot@x')
  assert.equal(logins.length, 1)
  assert.equal(server.logins().length, 21)
})
