import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemRandom } from '#edge/system.ts'
import type { MailAddress } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import { cachedTokens } from '#mailbox/token-cache.ts'

const alice = 'alice@example.test' as MailAddress
const bob = 'bob@example.test' as MailAddress
const away = new Fault('imap.token_unavailable', 'away')
const isAway = (error: unknown) => error instanceof Fault && error.code === 'imap.token_unavailable'

/** Tokens 1, 2, 3 … that live for so long, and a clock that the test turns. */
function tokensThat(livesMs: number | null) {
  const world = { nowMs: 0, asked: 0, failing: false, hold: Promise.resolve() }
  const clock = { nowMs: () => 0, monotonicMs: () => world.nowMs, after: () => () => {} }
  const source = cachedTokens(
    async (owner) => {
      world.asked += 1
      const token = `${owner ?? 'service'}.${world.asked}`
      await world.hold
      if (world.failing) throw away
      return { token, livesMs }
    },
    { clock, random: systemRandom },
  )
  return { world, source }
}

test('one token is asked for, however many wait, and kept until shortly before its end', async () => {
  const { world, source } = tokensThat(3_600_000)
  const all = await Promise.all(Array.from({ length: 20 }, () => source.token(null)))
  assert.deepEqual([...new Set(all)], ['service.1'])
  world.nowMs = 3_530_000
  assert.equal(await source.token(null), 'service.1')
  world.nowMs = 3_545_000
  assert.equal(await source.token(null), 'service.2')
  assert.equal(world.asked, 2)
})

test('a short life is used nine tenths, and one that nobody tells for some minutes', async () => {
  const short = tokensThat(10_000)
  await short.source.token(null)
  short.world.nowMs = 8_900
  assert.equal(await short.source.token(null), 'service.1')
  short.world.nowMs = 9_100
  assert.equal(await short.source.token(null), 'service.2')
  const untold = tokensThat(null)
  await untold.source.token(null)
  untold.world.nowMs = 240_000
  assert.equal(await untold.source.token(null), 'service.1')
  untold.world.nowMs = 300_001
  assert.equal(await untold.source.token(null), 'service.2')
})

test('each user has a token of their own', async () => {
  const { source } = tokensThat(60_000)
  assert.equal(await source.token(alice), 'alice@example.test.1')
  assert.equal(await source.token(bob), 'bob@example.test.2')
  assert.equal(await source.token(alice), 'alice@example.test.1')
})

test('a refused token is exchanged once; one that has just come is not', async () => {
  const { world, source } = tokensThat(3_600_000)
  const first = await source.token(null)
  assert.equal(source.refused(null, first), false, 'it is new')
  assert.equal(await source.token(null), first)
  world.nowMs = 60_000
  assert.equal(source.refused(null, first), true)
  const [second, same] = await Promise.all([source.token(null), source.token(null)])
  assert.equal(second, 'service.2')
  assert.equal(same, second)
  // Another connection that still had the first learns of the second without asking.
  assert.equal(source.refused(null, first), true)
  assert.equal(await source.token(null), second)
  assert.equal(source.refused(null, second), false)
  assert.equal(world.asked, 2)
})

test('a source that fails is asked less and less often, and everybody is told why meanwhile', async () => {
  const { world, source } = tokensThat(60_000)
  world.failing = true
  await assert.rejects(source.token(null), isAway)
  for (let i = 0; i < 50; i += 1) await assert.rejects(source.token(null), isAway)
  assert.equal(world.asked, 1)
  for (let i = 0; i < 3_600; i += 1) {
    world.nowMs += 1_000
    await source.token(null).catch(() => {})
  }
  assert(world.asked > 5 && world.asked < 200, `${world.asked} times in an hour`)
  world.failing = false
  world.nowMs += 120_000
  assert.match(await source.token(null), /^service\./)
})

test('while no newer one can be had the old token serves until its end', async () => {
  const { world, source } = tokensThat(600_000)
  const first = await source.token(null)
  world.failing = true
  world.nowMs = 590_000
  assert.equal(await source.token(null), first)
  world.nowMs = 600_001
  await assert.rejects(source.token(null), isAway)
})
