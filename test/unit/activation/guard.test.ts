/** Under a guarded grant no proof counts before a person has approved the handheld, however it got this far. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Activation } from '#activation/activation.ts'
import type { Effect } from '#activation/effect.ts'
import type { ActivationEvent } from '#activation/event.ts'
import { changeGrant, type Grant, refusalOf } from '#activation/grant.ts'
import { reduce } from '#activation/reduce.ts'
import * as e from './events.ts'

const guarded: Grant = { ...e.openGrant, fails: { a: 50 } }
const approval: ActivationEvent = { kind: 'approved', pin: e.pin, atMs: e.start + e.hour }

function play(events: readonly ActivationEvent[]): { state: Activation; effects: readonly Effect[] } {
  let step: { next: Activation | null; effects: readonly Effect[] } = { next: null, effects: [] }
  for (const event of events)
    step = reduce(e.txn, step.next, event) ?? assert.fail(`${event.kind} was not taken`)
  assert(step.next)
  return { state: step.next, effects: step.effects }
}

/** The proof came before the receipt that names its PIN, so that nobody looked at the guard when it came. */
const early = [e.etpSeen(), e.answerMade(), e.proofSeen({ standing: e.standing(guarded) })]
const judging = [...early, e.receipt('m2', 0, e.pin)]

for (const verdict of ['right', 'wrong'] as const)
  test(`a proof judged ${verdict} before anybody approved its handheld waits, and counts for nothing`, () => {
    const { state, effects } = play([...judging, e.judged(verdict, guarded)])
    assert.equal(state.phase, 'proof_kept')
    assert.equal(state.code, 'proof.guarded')
    assert.equal(state.judgedHash, undefined)
    assert.deepEqual(effects, [
      { kind: 'send', message: { kind: 'error', code: 'proof.guarded' } },
      { kind: 'erase_pending_key' },
    ])
  })

const approvedGrant = changeGrant(guarded, { kind: 'approved', pin: e.pin })

test('an approval lets the proof that waited through', () => {
  const { state } = play([...judging, e.judged('right', guarded), approval, e.judged('right', approvedGrant)])
  assert.equal(state.phase, 'claimed')
})

test('an approval is for one handheld, and a wrong password of it still counts', () => {
  assert.equal(refusalOf(approvedGrant, e.pin, e.start), null)
  assert.equal(refusalOf(approvedGrant, e.otherPin, e.start), 'proof.guarded')
  const { state, effects } = play([
    ...judging,
    e.judged('right', guarded),
    approval,
    e.judged('wrong', approvedGrant),
  ])
  assert.equal(state.code, 'proof.wrong_password')
  assert.deepEqual(effects[0], { kind: 'grant', change: { kind: 'proof_failed', pin: e.pin } })
  const used = { ...approvedGrant, fails: { ...guarded.fails, [e.pin]: 5 } }
  assert.equal(refusalOf(used, e.pin, e.start), 'proof.too_many_tries')
})
