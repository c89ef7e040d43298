/** Somebody sets the relay's date back: a mail that was put off is tried in its time. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { ActivationId, MailAddress, Pin } from '#kernel/brand.ts'
import { silentLog } from '#kernel/log.ts'
import { startHousekeeping } from '#relay/housekeeping.ts'
import type { RelayHub } from '#relay/hub.ts'
import { defaultRelaySettings } from '#relay/settings.ts'
import { openTestStore } from '../../support/store.ts'
import { handClock } from '../agent/hand-clock.ts'

const hourMs = 3_600_000
const txn = '0a'.repeat(16) as ActivationId

function world(t: TestContext) {
  const clock = handClock(24 * hourMs)
  const { relay: store } = openTestStore(t)
  const woken = { times: 0 }
  const hub = {
    store,
    clock,
    log: silentLog,
    settings: { ...defaultRelaySettings, housekeepingMs: 1_000 },
    sessions: { find: () => undefined, settle: () => {} },
    postOffice: {
      wake: () => {
        woken.times += 1
      },
    },
  }
  const putMail = () =>
    store.putMail({
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
  return { clock, store, woken, putMail, start: () => startHousekeeping(hub as unknown as RelayHub) }
}

test('a mail that was put off while the date was ahead is tried once the date is right again', async (t) => {
  const { clock, store, woken, putMail, start } = world(t)
  const stop = start()
  await clock.asleep()
  clock.setAhead(26 * hourMs)
  await clock.advance(1_000)
  await putMail()
  clock.setAhead(0)
  await clock.advance(1_000)
  assert.equal(woken.times, 1)
  assert.equal(await store.nextMailAtMs(), clock.nowMs() + 9_000)
  await stop()
})

test('and where no relay ran when the date was put right, the next one tries it', async (t) => {
  const { clock, store, woken, putMail, start } = world(t)
  clock.setAhead(26 * hourMs)
  await putMail()
  clock.setAhead(0)
  const nowMs = clock.nowMs()
  const stop = start()
  await clock.asleep()
  assert.equal(await store.nextMailAtMs(), nowMs)
  assert.equal(woken.times, 1)
  await stop()
})
