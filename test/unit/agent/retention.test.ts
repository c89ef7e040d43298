/** When old rows are forgotten: at the start, in portions one after another, and then every hour. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startRetention } from '#agent/retention.ts'
import { Fault } from '#kernel/fault.ts'
import type { Log } from '#kernel/log.ts'
import type { RetentionTerms } from '#store/retention.ts'
import type { Store } from '#store/store.ts'
import { handClock } from './hand-clock.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => silentLog }

function withAnswers(answers: (number | Fault)[]) {
  const clock = handClock(500 * dayMs)
  const asked: RetentionTerms[] = []
  const forget = async (terms: RetentionTerms) => {
    asked.push(terms)
    const answer = answers.shift() ?? 0
    if (answer instanceof Fault) throw answer
    return answer
  }
  const store = { retention: { forget } } as unknown as Store
  return { clock, asked, loop: startRetention({ store, clock, log: silentLog }, 30) }
}

test('what is old is forgotten portion by portion at the start, and looked for again after an hour', async () => {
  const { clock, asked, loop } = withAnswers([500, 500, 7, 0, 3])
  await clock.asleep()
  await clock.advance(10_000)
  assert.equal(asked.length, 4)
  assert.equal(asked[0]?.historyBeforeMs, 470 * dayMs)
  assert.equal(asked[0]?.messagesBeforeMs, 499 * dayMs)
  await clock.advance(hourMs)
  assert.equal(asked.length, 6)
  await loop.close()
})

test('a store that fails is asked again an hour later', async () => {
  const { clock, asked, loop } = withAnswers([new Fault('store.unavailable', 'away')])
  await clock.asleep()
  await clock.advance(hourMs - 1)
  assert.equal(asked.length, 1)
  await clock.advance(1_000)
  assert.equal(asked.length, 2)
  await loop.close()
})
