/** Runs that end because nobody came in time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Activation } from '#activation/activation.ts'
import type { Effect } from '#activation/effect.ts'
import type { ActivationEvent } from '#activation/event.ts'
import { reduce } from '#activation/reduce.ts'
import * as e from './events.ts'

function play(events: readonly ActivationEvent[]): { state: Activation; effects: readonly Effect[] } {
  let step: { next: Activation | null; effects: readonly Effect[] } = { next: null, effects: [] }
  for (const event of events)
    step = reduce(e.txn, step.next, event) ?? assert.fail(`${event.kind} was not taken`)
  assert(step.next)
  return { state: step.next, effects: step.effects }
}

const answered = [e.etpSeen(), e.answerMade(), e.receipt('m2', 0, e.pin)]
const timePassed = (hours: number): ActivationEvent => ({
  kind: 'time_passed',
  atMs: e.start + hours * e.hour,
})
const errorSent = { kind: 'send', message: { kind: 'error', code: 'grant.expired' } }

test('a password that ends before the request does is named as the cause, and the handheld is told', () => {
  const { state, effects } = play([...answered, timePassed(47)])
  assert.equal(state.code, 'grant.expired')
  assert.deepEqual(
    effects.find((effect) => effect.kind === 'send'),
    errorSent,
  )
})

test('a request that ends first is named as one without a proof', () => {
  const longer = { ...e.answerMade(), keepUntilMs: e.request.mailedAtMs + e.request.lifeMs }
  const { state } = play([e.etpSeen(), longer, e.receipt('m2', 0, e.pin), timePassed(49)])
  assert.equal(state.code, 'proof.none')
})

test('a proof that comes when the request has ended is answered, again and again, and changes nothing', () => {
  const longer = { ...e.answerMade(), keepUntilMs: e.request.mailedAtMs + e.request.lifeMs }
  const ended = play([e.etpSeen(), longer, e.receipt('m2', 0, e.pin), timePassed(49)]).state
  for (const atMs of [49 * e.hour, 50 * e.hour]) {
    const step = reduce(e.txn, ended, e.proofSeen({ atMs: e.start + atMs }))
    assert.equal(step?.next, ended)
    assert.deepEqual(step?.effects, [{ kind: 'tell', pin: e.pin, code: 'request.expired' }])
  }
})
