// How long the looks at the counters leave the mail server alone.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { WatchContext } from '#agent/watch/context.ts'
import { startPoll } from '#agent/watch/poll.ts'
import { silentLog } from '#kernel/log.ts'
import { handClock } from './hand-clock.ts'
import { alice } from './watching-world.ts'

const pauseMs = 1_000

/** Begins of passes that take so long each, in milliseconds. */
async function beginsOf(t: TestContext, tookMs: readonly number[]): Promise<number[]> {
  const clock = handClock(0)
  const begins: number[] = []
  const context = {
    clock,
    log: silentLog,
    junk: null,
    grants: { live: async () => new Set([alice]), onChange: () => () => {}, isLive: () => true },
    ladder: { look: () => 'list_status' },
    served: async () => [alice],
    news: { add: () => {} },
  } as unknown as WatchContext
  const look = async () => {
    begins.push(clock.monotonicMs())
    const took = tookMs[begins.length - 1]
    // The last is not waited for.
    if (took !== undefined && begins.length < tookMs.length)
      await new Promise<void>((resolve) => void clock.after(took, resolve))
  }
  const poll = startPoll(context, { look, close: async () => {} }, { pauseMs, isCovered: () => false })
  t.after(() => poll.close())
  await clock.asleep()
  while (begins.length < tookMs.length) await clock.advance(50)
  return begins
}

test('after each pass the mail server has the pause, or twice as long as the passes take', async (t) => {
  const begins = await beginsOf(t, [100, 100, 2_000, 2_000, 2_000])
  const pauses = begins.slice(1).map((at, i) => at - (begins[i] ?? 0) - ([100, 100, 2_000, 2_000][i] ?? 0))
  assert.deepEqual(
    pauses.map((ms) => Math.round(ms / 500) * 500),
    [1_000, 1_000, 1_000, 4_000],
  )
})

test('one slow pass, as over cold indexes, keeps nobody waiting afterwards', async (t) => {
  const begins = await beginsOf(t, [30_000, 500, 500])
  const [first = 0, second = 0, third = 0] = begins
  assert(second - first - 30_000 < 2 * pauseMs, `${second - first} ms`)
  assert(third - second < 2 * pauseMs + 500, `${third - second} ms`)
})
