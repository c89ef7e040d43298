/** Somebody sets the machine's date: what waits a while waits that while, not until the date comes again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeLoop } from '#agent/loop.ts'
import { keepUntilUsersChange } from '#agent/until-users-change.ts'
import type { WatchContext } from '#agent/watch/context.ts'
import { startInterval } from '#agent/watch/interval.ts'
import { handClock } from './hand-clock.ts'

const hourMs = 3_600_000
const silentLog = { debug() {}, info() {}, warn() {}, error() {}, with: () => silentLog }

test('a list is read again when it has grown stale, though the date was set back', async () => {
  const clock = handClock(hourMs)
  let reads = 0
  const kept = keepUntilUsersChange(
    { store: { onCommit: () => () => {} }, clock },
    async () => [reads++],
    30_000,
  )
  assert.deepEqual([...(await kept.read())], [0])
  clock.setAhead(-hourMs)
  assert.deepEqual([...(await kept.read())], [0])
  const loop = makeLoop({ clock, dueInMs: async () => null, pass: async () => 0, onError: () => {} })
  await clock.asleep()
  await clock.advance(30_000)
  assert.deepEqual([...(await kept.read())], [1])
  await loop.close()
})

test('the safety pass comes at its interval, though the date was set back', async () => {
  const clock = handClock(24 * hourMs)
  let passes = 0
  const nothing = { keepOnly() {}, load: async () => {}, flush: async () => {} }
  const context = {
    clock,
    log: silentLog,
    mailboxes: nothing,
    news: nothing,
    grants: { live: async () => new Set() },
    pool: { stats: () => ({ max: 1 }) },
    served: async () => {
      passes += 1
      return []
    },
  }
  const loop = startInterval(context as unknown as WatchContext, 20_000)
  await clock.asleep()
  assert.equal(passes, 1)
  clock.setAhead(-12 * hourMs)
  await clock.advance(20_000)
  assert.equal(passes, 2)
  await loop.close()
})
