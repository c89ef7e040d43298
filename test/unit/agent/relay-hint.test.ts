import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FoundBy } from '#agent/news.ts'
import { startRelayHint } from '#agent/watch/relay-hint.ts'
import type { ActivationId, MailAddress } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import type { WatchedFolder } from '#mailbox/access.ts'
import { alice, bob } from './watching-world.ts'

const txn = (digit: string) => digit.repeat(32) as ActivationId

/** A clock that goes on when it is told to, and a queue that notes when something was said. */
function hinting(junk: string | null = null) {
  let nowMs = 0
  const timers: { atMs: number; fn: () => void }[] = []
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after: (delayMs, fn) => {
      const timer = { atMs: nowMs + delayMs, fn }
      timers.push(timer)
      return () => {
        if (timers.includes(timer)) timers.splice(timers.indexOf(timer), 1)
      }
    },
  }
  const said: [number, MailAddress, string, FoundBy][] = []
  const add = ({ owner, folder }: WatchedFolder, foundBy: FoundBy) =>
    void said.push([nowMs, owner, folder, foundBy])
  const stats = () => ({ news: 0, scanning: 0, queued: 0, scanned: 0, scansFailed: 0 })
  const news = { add, keepOnly: () => {}, stats, close: async () => {} }
  const hints = startRelayHint({ news, clock, junk })
  const goTo = (untilMs: number) => {
    for (;;) {
      timers.sort((a, b) => a.atMs - b.atMs)
      const timer = timers[0]
      if (!timer || timer.atMs > untilMs) break
      timers.shift()
      nowMs = timer.atMs
      timer.fn()
    }
    nowMs = untilMs
  }
  return { hints, said, goTo, timers }
}

const times = (said: readonly (readonly [number, ...unknown[]])[]) => said.map(([atMs]) => atMs)

test('a hint looks at once, and again for ten seconds, quickly at first', () => {
  const { hints, said, goTo } = hinting()
  hints.hint(alice, txn('1'))
  assert.deepEqual(said, [[0, alice, 'INBOX', 'hint']])
  goTo(400)
  assert.deepEqual(times(said), [0, 20, 50, 100, 200, 400])
  goTo(60_000)
  assert.equal(said.at(-1)?.[0], 10_000)
  const pauses = times(said).map((atMs, i, all) => atMs - (all[i - 1] ?? 0))
  assert(pauses.every((pause) => pause <= 1_400))
  assert.equal(hints.isOpen(alice), false)
})

test('looking ends when the request is seen, for that request alone', () => {
  const { hints, said, goTo } = hinting()
  hints.hint(alice, txn('1'))
  hints.hint(bob, txn('2'))
  goTo(60)
  hints.seen([txn('1')])
  assert.deepEqual([hints.isOpen(alice), hints.isOpen(bob)], [false, true])
  said.length = 0
  goTo(200)
  assert.deepEqual(said, [
    [100, bob, 'INBOX', 'hint'],
    [200, bob, 'INBOX', 'hint'],
  ])
})

test('a request that stays away is looked for in the Junk folder too', () => {
  const { hints, said, goTo } = hinting('Junk')
  hints.hint(alice, txn('1'))
  goTo(1_000)
  assert(said.every(([, , folder]) => folder === 'INBOX'))
  goTo(2_000)
  assert(said.some(([, , folder]) => folder === 'Junk'))
})

test('a hint that comes again begins again, and there are never too many', () => {
  const { hints, goTo, timers } = hinting()
  hints.hint(alice, txn('1'))
  goTo(5_000)
  hints.hint(alice, txn('1'))
  assert.equal(timers.length, 1)
  for (let i = 0; i < 3_000; i += 1) hints.hint(bob, i.toString(16).padStart(32, '0') as ActivationId)
  assert.equal(timers.length, 1_000)
  hints.close()
  assert.equal(timers.length, 0)
})
