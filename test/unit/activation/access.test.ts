/** The access list: refused before the proof is looked at, for no try, and only the handheld whose run it is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type AccessList,
  type AccessRule,
  type AccessSubject,
  decideAccess,
  decideByPin,
  deviceWords,
} from '#activation/access.ts'
import type { Activation } from '#activation/activation.ts'
import type { Effect } from '#activation/effect.ts'
import type { ActivationEvent } from '#activation/event.ts'
import { explain } from '#activation/explain.ts'
import { reduce } from '#activation/reduce.ts'
import type { Pin } from '#kernel/brand.ts'
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

test('a password bound to another handheld is said before the access list', () => {
  const bound = e.standing({ ...e.openGrant, boundTo: e.otherPin })
  const { state } = play([...upTo('receipt'), e.proofSeen({ denied: true, standing: bound })])
  assert.equal(state.code, 'grant.bound_elsewhere')
})

const list = (fallback: AccessList['fallback'], ...rules: AccessRule[]): AccessList => ({ fallback, rules })
const on = (verdict: AccessRule['verdict'], subject: AccessSubject): AccessRule => ({ ...subject, verdict })
const range = (from: string, to: string): AccessSubject => ({
  kind: 'range',
  from: from as Pin,
  to: to as Pin,
})
const mine: AccessSubject = { kind: 'pin', pin: e.pin }
const acme: AccessSubject = { kind: 'maker', words: 'acme' }
const acme90: AccessSubject = { kind: 'model', words: 'acme 90' }
const blue: AccessSubject = { kind: 'model', words: 'acme 90 blue' }
const wide = range('21000000', '2100FFFF')
const narrow = range('21000000', '210000FF')

test('the most specific rule decides, in every order of the list', () => {
  const inOrder = [mine, narrow, wide, blue, acme90, acme]
  for (const [i, subject] of inOrder.entries()) {
    const rules = [on('allow', subject), ...inOrder.slice(i + 1).map((one) => on('deny', one))]
    for (const order of [rules, rules.toReversed()])
      assert.deepEqual(decideAccess(list('deny', ...order), e.pin, 'ACME 90  Blue'), {
        verdict: 'allow',
        rule: rules[0],
      })
  }
  assert.deepEqual(decideAccess(list('deny'), e.pin, 'Acme'), { verdict: 'deny', rule: null })
})

test('of two ranges as narrow as each other the one that keeps out decides', () => {
  const [a, b] = [range('21000000', '2100000F'), range('21000008', '21000017')]
  for (const rules of [
    [on('allow', a), on('deny', b)],
    [on('deny', a), on('allow', b)],
  ])
    assert.equal(decideByPin(list('allow', ...rules), e.pin)?.verdict, 'deny')
})

test('before the proof only PIN and range decide, and a default that no maker or model can change', () => {
  assert.equal(decideByPin(list('allow'), e.pin), null)
  assert.equal(decideByPin(list('allow', on('deny', acme)), e.pin), null)
  assert.equal(decideByPin(list('deny'), e.pin)?.verdict, 'deny')
  assert.equal(decideByPin(list('deny', on('deny', acme)), e.pin)?.verdict, 'deny')
  assert.equal(decideByPin(list('deny', on('allow', acme)), e.pin), null)
  assert.equal(decideByPin(list('deny', on('allow', wide)), e.pin)?.verdict, 'allow')
  assert.equal(decideByPin(list('allow', on('deny', range('30000000', '3000FFFF'))), e.pin), null)
})

test('what is certain before the proof is what the whole list says, whatever maker and model', () => {
  const pins = fc.constantFrom('21000000', '2100000A', '210000FF', '3000000A').map((one) => one as Pin)
  const words = fc.constantFrom('acme', 'acme 90', 'acme 90 blue', 'other')
  const subject: fc.Arbitrary<AccessSubject> = fc.oneof(
    pins.map((pin) => ({ kind: 'pin' as const, pin })),
    fc.tuple(pins, pins).map(([a, b]) => range(a < b ? a : b, a < b ? b : a)),
    words.map((one) => ({ kind: one.includes(' ') ? ('model' as const) : ('maker' as const), words: one })),
  )
  const verdict = fc.constantFrom('allow' as const, 'deny' as const)
  const rule = fc.tuple(subject, verdict).map(([one, says]) => on(says, one))
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 8 }), verdict, pins, words, (rules, fallback, pin, device) => {
      const early = decideByPin({ fallback, rules }, pin)
      if (early) assert.equal(decideAccess({ fallback, rules }, pin, device).verdict, early.verdict)
    }),
  )
})

test('words of a device are compared whole, from the maker on', () => {
  assert.equal(deviceWords('  ACME\u00a090\n Blue '), 'acme 90 blue')
  const fits = (words: string, device: string) =>
    decideAccess(list('allow', on('deny', { kind: 'model', words })), e.pin, device).rule !== null
  for (const words of ['acme 90', 'acme 90 blue']) assert(fits(words, 'Acme 90 Blue'), words)
  for (const words of ['acme 9', '90 blue', 'acme blue', 'acme 90 blue 2'])
    assert(!fits(words, 'Acme 90 Blue'), words)
  assert(!fits('acme 90', 'Acme 900'))
})

test('the rule that kept a handheld out stays with its activation', () => {
  const early = play([...upTo('receipt'), e.proofSeen({ denied: true, rule: 'PIN 2100000A' })]).state
  assert.equal(early.deniedBy, 'PIN 2100000A')
  const judged = { ...e.judged('not_allowed'), rule: 'maker "acme"' } as ActivationEvent
  const late = play([...upTo('proof_seen'), judged]).state
  assert.deepEqual([late.code, late.deniedBy], ['proof.not_allowed', 'maker "acme"'])
  const facts = { grant: null, nextSendAtMs: null, account: null, nowMs: e.start }
  assert.match(explain(late, facts).says, /\(maker "acme"\)$/)
})
