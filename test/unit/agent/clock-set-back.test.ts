/** Somebody sets the machine's date: what waits a while waits that while, not until the date comes again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startAgentHousekeeping } from '#agent/housekeeping.ts'
import { makeLoop } from '#agent/loop.ts'
import { keepUntilUsersChange } from '#agent/until-users-change.ts'
import type { WatchContext } from '#agent/watch/context.ts'
import { startInterval } from '#agent/watch/interval.ts'
import type { ActivationId } from '#kernel/brand.ts'
import type { NewDelivery } from '#store/deliveries.ts'
import { openTestStore } from '../../support/store.ts'
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
  const nothing = {
    keepOnly() {},
    load: async () => {},
    flush: async () => {},
    stats: () => ({ queued: 0 }),
    state: () => ({ watched: 0 }),
  }
  const context = {
    clock,
    log: silentLog,
    mailboxes: nothing,
    news: nothing,
    grants: { live: async () => new Set() },
    ladder: { watched() {} },
    served: async () => {
      passes += 1
      return []
    },
  }
  const loop = startInterval(
    context as unknown as WatchContext,
    { look: async () => {}, close: async () => {} },
    20_000,
  )
  await clock.asleep()
  assert.equal(passes, 1)
  clock.setAhead(-12 * hourMs)
  await clock.advance(20_000)
  assert.equal(passes, 2)
  await loop.close()
})

test('what was put off while the date was ahead comes in its time once the date is right again', async (t) => {
  const clock = handClock(24 * hourMs)
  const store = openTestStore(t)
  const txn = '00'.repeat(16) as ActivationId
  const work = (kind: 'judge_proof' | 'wake', dueAtMs: number) => ({ key: kind, txn, kind, dueAtMs })
  const delivery: NewDelivery = {
    key: 'm2',
    txn,
    of: 'm2',
    to: { token: new Uint8Array(60) },
    payload: new Uint8Array(8),
    until: 'receipt',
    firstAtMs: 24 * hourMs + 15_000,
    endsAtMs: 72 * hourMs,
  }
  const due = { times: 0 }
  const stop = startAgentHousekeeping({ store, clock, log: silentLog }, () => {
    due.times += 1
  })
  await clock.asleep()
  clock.setAhead(26 * hourMs)
  const ahead = clock.nowMs()
  await store.activations.commit({
    nowMs: ahead,
    addWork: [work('judge_proof', ahead + 1_000), work('wake', ahead + 1_000)],
    addDeliveries: [{ ...delivery, firstAtMs: ahead + 15_000 }],
  })
  await clock.advance(60_000)
  clock.setAhead(0)
  await clock.advance(60_000)
  const nowMs = clock.nowMs()
  assert.equal(due.times, 1)
  assert.deepEqual(
    (await store.activations.dueWork(nowMs, 9)).map(({ kind }) => kind),
    ['judge_proof'],
  )
  assert.equal((await store.deliveries.due(nowMs, 9)).length, 1)
  stop()
})
