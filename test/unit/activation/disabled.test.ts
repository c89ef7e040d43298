/** A disabled user: nothing new is activated, wherever the activation stands when it is noticed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ActivationEvent } from '#activation/event.ts'
import { explain, explainDisabled } from '#activation/explain.ts'
import { fold, reduce } from '#activation/reduce.ts'
import { faultRow } from '#kernel/fault.ts'
import * as e from './events.ts'

/** The events of a good run before the first of this kind. */
const before = (kind: ActivationEvent['kind']): ActivationEvent[] =>
  e.goodRun.slice(
    0,
    e.goodRun.findIndex((event) => event.kind === kind),
  )

function after(events: readonly ActivationEvent[], event: ActivationEvent) {
  const reduced = reduce(e.txn, fold(e.txn, events), event)
  assert(reduced)
  return reduced
}

test('a disabled user is told what one without a password is told', () => {
  assert.equal(faultRow('user.disabled').e, faultRow('grant.none').e)
})

test('a proof of a disabled user is not judged, and costs no try', () => {
  const { next, effects } = after(before('proof_seen'), e.proofSeen({ standing: e.disabled }))
  assert.equal(next.code, 'user.disabled')
  assert(!effects.some((effect) => effect.kind === 'work' || effect.kind === 'grant'))
})

test('a user who is disabled while the proof is judged gets no key, and the password stays open', () => {
  const judged = { ...e.judged('right'), standing: e.disabled } as ActivationEvent
  const { next, effects } = after(before('proof_judged'), judged)
  assert.equal(next.code, 'user.disabled')
  assert(!effects.some(({ kind }) => kind === 'grant'))
  assert(effects.some(({ kind }) => kind === 'erase_pending_key'))
})

test('a user who is disabled before the key is shown gets no services, and the password is free again', () => {
  const shown = { ...e.keyCheckSeen, standing: { ...e.disabled } } as ActivationEvent
  const { next, effects } = after(before('key_check_seen'), shown)
  assert.equal(next.code, 'user.disabled')
  assert.deepEqual(effects[0], { kind: 'grant', change: { kind: 'released', txn: e.txn } })
  assert(!effects.some((effect) => effect.kind === 'work'))
})

test('what is explained of a disabled user says who it waits for', () => {
  const said = explainDisabled(e.start)
  assert.deepEqual([said.code, said.turn, said.sinceMs], ['user.disabled', 'administrator', e.start])
})

test('an address that is not listed is explained with the main one', () => {
  const { next } = after([], e.etpSeen({ standing: e.standing(e.openGrant, false) }))
  const mainAddress = 'alice.liddell@example.test' as typeof e.request.address
  const facts = { grant: e.openGrant, mainAddress, nextSendAtMs: null, account: null, nowMs: e.start }
  assert.match(explain(next, facts).says, /The main address is alice\.liddell@example\.test\.$/)
})
