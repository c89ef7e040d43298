// Dovecot that has not enough connections for everybody: the pool works with those it gets, and takes more later.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { systemClock, systemRandom } from '#edge/system.ts'
import type { Clock } from '#kernel/clock.ts'
import { imapMailServer } from '#mailbox/imap-mailbox.ts'
import type { MailboxConnection } from '#mailbox/mailbox.ts'
import { makePool } from '#mailbox/pool.ts'
import { startDovecot } from '../support/dovecot.ts'
import { missingPeer } from '../support/peers.ts'

const service = { as: 'service' } as const

interface Limit {
  readonly config: string
  /** Connections that the pool wants, and that others have at first. */
  readonly wanted: number
  readonly others: number
}

const limits: Readonly<Record<string, Limit>> = {
  'three connections for an account': {
    config: 'protocol imap {\n  mail_max_userip_connections = 3\n}',
    wanted: 3,
    others: 2,
  },
  'three processes': {
    config: 'service imap {\n  process_limit = 3\n  client_limit = 1\n}',
    wanted: 3,
    others: 2,
  },
}

/** Half a minute without an answer is over in two seconds; hours pass when the test says so. */
function turnedClock() {
  let aheadMs = 0
  const clock: Clock = {
    nowMs: systemClock.nowMs,
    monotonicMs: () => systemClock.monotonicMs() + aheadMs,
    after: (delayMs, fn) => systemClock.after(delayMs === 30_000 ? 2_000 : Math.min(delayMs, 60_000), fn),
  }
  const pass = (ms: number) => {
    aheadMs += ms
  }
  return { clock, pass }
}

async function startSite(t: TestContext, { config, wanted }: Limit) {
  const dovecot = await startDovecot({ users: [], config })
  t.after(() => dovecot.stop())
  const { user, pass: password } = dovecot.serviceAccount
  const { clock, pass } = turnedClock()
  const server = imapMailServer(
    { host: '127.0.0.1', port: dovecot.imapPort, tls: 'none' },
    { user, password },
    clock,
  )
  const pool = makePool({ server, connectionsMax: wanted, clock, random: systemRandom })
  t.after(() => pool.close())
  const burst = () => Promise.all(Array.from({ length: 12 }, () => pool.use(service, () => pause(20))))
  return { server, pool, pass, burst }
}

for (const [name, limit] of Object.entries(limits))
  test(`Dovecot with ${name}: all work is done, and more connections are taken later`, {
    skip: missingPeer('dovecot'),
  }, async (t) => {
    const { server, pool, pass, burst } = await startSite(t, limit)
    const others: MailboxConnection[] = []
    while (others.length < limit.others) others.push(await server.connect(service))
    t.after(() => Promise.all(others.map((other) => other.close())))
    await pool.use(service, async () => {})
    // Dovecot counts a connection a moment after it has let it in.
    await pause(500)
    await burst()
    const few = pool.stats()
    assert.deepEqual([few.limited, few.open], [true, limit.wanted - limit.others], JSON.stringify(few))

    await Promise.all(others.map((other) => other.close()))
    for (let hours = 0; hours < 20 && pool.stats().limited; hours += 1) {
      pass(3_600_000)
      await burst()
    }
    const all = pool.stats()
    assert.deepEqual([all.limited, all.max, all.open], [false, limit.wanted, limit.wanted])
  })
