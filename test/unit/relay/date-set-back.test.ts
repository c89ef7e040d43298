/** Somebody sets the relay's date back: a mail that was put off is tried in its time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ActivationId, MailAddress, Pin } from '#kernel/brand.ts'
import { silentLog } from '#kernel/log.ts'
import { startHousekeeping } from '#relay/housekeeping.ts'
import type { RelayHub } from '#relay/hub.ts'
import { defaultRelaySettings } from '#relay/settings.ts'
import { openTestStore } from '../../support/store.ts'
import { handClock } from '../agent/hand-clock.ts'

const hourMs = 3_600_000
const txn = '0a'.repeat(16) as ActivationId

test('a mail that was put off while the date was ahead is tried once the date is right again', async (t) => {
  const clock = handClock(24 * hourMs)
  const { relay: store } = openTestStore(t)
  let woken = 0
  const hub = {
    store,
    clock,
    log: silentLog,
    settings: { ...defaultRelaySettings, housekeepingMs: 1_000 },
    sessions: { find: () => undefined, settle: () => {} },
    postOffice: {
      wake: () => {
        woken += 1
      },
    },
  }
  const stop = startHousekeeping(hub as unknown as RelayHub)
  await clock.asleep()
  clock.setAhead(26 * hourMs)
  await clock.advance(1_000)
  await store.putMail({
    txn,
    pin: '2100000A' as Pin,
    bodyHash: new Uint8Array(32),
    body: new Uint8Array(8),
    address: 'alice@example.test' as MailAddress,
    domain: 'example.test',
    acceptedAtMs: clock.nowMs(),
    lifeMs: 48 * hourMs,
    state: 'queued',
    tries: 1,
    mailedAtMs: null,
    expiresAtMs: clock.nowMs() + 48 * hourMs,
    nextTryAtMs: clock.nowMs() + 10_000,
  })
  clock.setAhead(0)
  await clock.advance(1_000)
  assert.equal(woken, 1)
  assert.equal(await store.nextMailAtMs(), clock.nowMs() + 9_000)
  await stop()
})
