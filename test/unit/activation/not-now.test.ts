/** A handheld that cannot take its policy or books now gets them again, in the order in which it needs them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ActivationEvent } from '#activation/event.ts'
import { fold, reduce } from '#activation/reduce.ts'
import * as e from './events.ts'

const booksOut = fold(e.txn, e.goodRun.slice(0, -1)) ?? assert.fail('no run')
const policyOut = fold(e.txn, e.goodRun.slice(0, -3)) ?? assert.fail('no run')

test('books refused because no policy was applied bring the policy again first', () => {
  const notNow: ActivationEvent = { ...e.booksAcked(6), retryAfterMs: 60_000 } as ActivationEvent
  const step = reduce(e.txn, booksOut, notNow)
  assert.equal(step?.next.phase, 'policy_due')
  assert.deepEqual(step.effects, [{ kind: 'work', work: 'send_policy', afterMs: 60_000 }])
})

test('books that failed for now come again by themselves', () => {
  const failed: ActivationEvent = { ...e.booksAcked(8), retryAfterMs: 60_000 } as ActivationEvent
  const step = reduce(e.txn, booksOut, failed)
  assert.equal(step?.next.phase, 'books_due')
  assert.deepEqual(step.effects, [{ kind: 'work', work: 'send_books', afterMs: 60_000 }])
})

test('a handheld that asks for no pause gets one all the same', () => {
  const failed: ActivationEvent = { ...e.policyAcked(8), retryAfterMs: 0 } as ActivationEvent
  const step = reduce(e.txn, policyOut, failed)
  assert.deepEqual(step?.effects, [{ kind: 'work', work: 'send_policy', afterMs: 5_000 }])
})
