/** The deny list: refused before the proof is looked at, for no try, and only the handheld whose run it is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deniesModel, modelWords } from '#activation/access.ts'
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

const denied = e.proofSeen({ denied: true })
const upTo = (kind: ActivationEvent['kind']): readonly ActivationEvent[] =>
  e.goodRun.slice(0, e.goodRun.findIndex((event) => event.kind === kind) + 1)

test('a denied PIN gets E16 for its proof, no try is counted and nothing is judged', () => {
  const { state, effects } = play([...upTo('receipt'), denied])
  assert.equal(state.code, 'proof.not_allowed')
  assert.equal(state.phase, 'stopped')
  assert(!effects.some(({ kind }) => kind === 'grant' || kind === 'work'))
  assert.deepEqual(
    effects.filter(({ kind }) => kind === 'send'),
    [{ kind: 'send', message: { kind: 'error', code: 'proof.not_allowed' } }],
  )
})

test('before the run has a PIN, a denied stranger neither ends it nor is told of it', () => {
  const { state } = play([...upTo('answer_made'), denied])
  assert.equal(state.phase, 'proof_kept')
  const stranger = play([...upTo('receipt'), e.proofSeen({ denied: true, pin: e.otherPin })])
  assert.equal(stranger.state.phase, 'answered')
  assert.deepEqual(stranger.effects, [{ kind: 'tell', pin: e.otherPin, code: 'proof.wrong_handheld' }])
})

test('a PIN that is denied after its proof loses the claim, and the password is free for another', () => {
  const { state, effects } = play([...upTo('proof_judged'), denied])
  assert.equal(state.code, 'proof.not_allowed')
  assert.deepEqual(effects[0], { kind: 'grant', change: { kind: 'released', txn: e.txn } })
  assert(effects.some(({ kind }) => kind === 'erase_pending_key'))
})

test('a PIN that is denied after its activation keeps its key', () => {
  const before = play(upTo('key_check_seen')).state
  assert.equal(reduce(e.txn, before, denied)?.next, before)
})

test('a password bound to another handheld is said before the deny list', () => {
  const bound = e.standing({ ...e.openGrant, boundTo: e.otherPin })
  const { state } = play([...upTo('receipt'), e.proofSeen({ denied: true, standing: bound })])
  assert.equal(state.code, 'grant.bound_elsewhere')
})

test('words of a model deny every model that has them whole and in order', () => {
  assert.equal(modelWords('  ACME\u00a090\n Blue '), 'acme 90 blue')
  for (const words of ['acme', 'acme 90', '90 blue', 'blue'])
    assert(deniesModel(words, 'Acme 90 Blue'), words)
  for (const words of ['acm', 'acme 9', '90 acme', 'acme blue', ''])
    assert(!deniesModel(words, 'Acme 90 Blue'), words)
})
