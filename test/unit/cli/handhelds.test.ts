import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { Pin } from '#kernel/brand.ts'
import { addHandheld } from '../admin/handheld-at-work.ts'
import { startMs } from '../admin/installation.ts'
import { type Console, openConsole } from './console.ts'

const pin = '2100AB3F' as Pin
const otherPin = '2100AB40' as Pin

let site: Console

beforeEach(() => {
  site = openConsole()
})
afterEach(() => site.close())

const show = async (which: Pin): Promise<string> => (await site.run(['handheld', 'show', which])).out

test('a replaced handheld names the one that took its place', async () => {
  const perUserMax = 1
  for (const [i, which] of [pin, otherPin].entries())
    await addHandheld(site.store, startMs + i, which, undefined, undefined, perUserMax)
  assert.match(
    await show(pin),
    /state +replaced by 2100AB40; nothing sent from here reaches it, and\s+nothing was/,
  )
  assert.match(await show(otherPin), /state +active\n/)
  assert.match(
    (await site.run(['handheld', 'list'])).out,
    /2100AB3F +hana@example.test +replaced by 2100AB40 /,
  )
})

test('a lock that a handheld has taken is told with its time and who ordered it, and no more is claimed', async () => {
  await addHandheld(site.store, startMs, pin)
  await site.run(['handheld', 'lock', pin])
  assert.doesNotMatch(await show(pin), /took a lock/, 'ordered is not taken')
  const [item] = await site.store.queue.list({ pin, limit: 1 })
  site.clock.advance(60_000)
  await site.store.queue.change({ id: item?.id ?? 0, nowMs: startMs + 60_000, state: 'out', tried: 'sent' })
  await site.store.queue.change({ id: item?.id ?? 0, nowMs: startMs + 60_000, state: 'done' })
  const words = (await show(pin)).replaceAll(/\s+/g, ' ')
  assert.match(
    words,
    /lock it took a lock 2026-01-05T14:01:00\+01:00 \(now\), ordered by os:tester; whether it was opened since is not known here/,
  )
  assert.match((await site.run(['handheld', 'list'])).out, /active, took a lock now/)
  assert.match((await site.run(['user', 'show', 'hana@example.test'])).out, /active, took a lock now/)
  site.clock.advance(60_000)
  await addHandheld(site.store, startMs + 120_001, pin)
  assert.doesNotMatch(await show(pin), /took a lock/, 'whoever activates has opened it')
})

test('a lock without a password says that it keeps nobody out', async () => {
  await addHandheld(site.store, startMs, pin)
  await site.run(['handheld', 'lock', pin])
  await site.store.queue.change({ id: 1, nowMs: startMs, state: 'out', tried: 'sent' })
  await site.store.queue.change({ id: 1, nowMs: startMs, state: 'done', leftOut: ['password'] })
  assert.match((await show(pin)).replaceAll(/\s+/g, ' '), /it has no password: anybody opens it; whether/)
})
