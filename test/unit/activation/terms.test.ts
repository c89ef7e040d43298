/** Terms of a password: when it begins to work, and how many wrong ones a handheld may send. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Activation } from '#activation/activation.ts'
import { explain, explainGrant } from '#activation/explain.ts'
import { type Grant, isEarly, refusalOf, triesLeft } from '#activation/grant.ts'
import { reduce } from '#activation/reduce.ts'
import * as e from './events.ts'

const beginsMs = e.start + 5 * e.hour
const later: Grant = { ...e.openGrant, notBeforeMs: beginsMs, expiresAtMs: beginsMs + 8 * e.hour }

const asked = (atMs: number, txn = e.txn) =>
  reduce(txn, null, e.etpSeen({ standing: e.standing(later), atMs })) ?? assert.fail()

test('a handheld that asks too early is told no more than that no password is waiting', () => {
  const { next, effects } = asked(beginsMs - 1)
  assert.equal(next.code, 'grant.not_yet')
  assert.equal(next.phase, 'stopped')
  assert.deepEqual(
    effects.filter(({ kind }) => kind === 'send'),
    [{ kind: 'send', message: { kind: 'error', code: 'grant.none' } }],
  )
  assert(!effects.some(({ kind }) => kind === 'grant' || kind === 'work'))
})

test('the same handheld is answered when it asks again after the password has begun', () => {
  assert.equal(asked(beginsMs - 1).next.phase, 'stopped')
  assert.equal(asked(beginsMs, e.otherTxn).next.phase, 'answering')
  assert(!isEarly(later, beginsMs))
})

test('explain says from when the password works, until it does', () => {
  const stopped: Activation = asked(beginsMs - 1).next
  const at = (nowMs: number) => explain(stopped, { grant: later, nextSendAtMs: null, account: null, nowMs })
  assert.equal(at(beginsMs - 1).retryAtMs, beginsMs)
  assert.equal(at(beginsMs).retryAtMs, null)
  assert.equal(at(beginsMs).code, 'grant.not_yet')
  assert.equal(explainGrant(later, beginsMs - 1).retryAtMs, beginsMs)
  assert.match(explainGrant(later, beginsMs - 1).says, /begins to work later/)
  assert.match(explainGrant(later, beginsMs).says, /no handheld has asked/)
})

test('a password that the mail server has not taken is why nobody activates', () => {
  const mail = {
    code: 'invitation.put_off',
    answer: '451 later',
    queuedAtMs: e.start,
    nextAtMs: e.start + 9,
  } as const
  const told = explainGrant(e.openGrant, e.start + 1, [{ ...mail, code: null }, mail])
  assert.equal(told.code, 'invitation.put_off')
  assert.equal(told.turn, 'mail_server')
  assert.equal(told.retryAtMs, e.start + 9)
  assert.match(told.says, /\(451 later\)$/)
  assert.equal(explainGrant({ ...e.openGrant, state: 'used' }, e.start, [mail]).code, 'grant.used')
})

test('fewer tries than the protocol allows can be given, never more', () => {
  const strict: Grant = { ...e.openGrant, tries: 2, fails: { [e.pin]: 1 } }
  assert.equal(triesLeft(strict, e.pin), 1)
  assert.equal(refusalOf(strict, e.pin, e.start), null)
  const used: Grant = { ...strict, fails: { [e.pin]: 2 } }
  assert.equal(refusalOf(used, e.pin, e.start), 'proof.too_many_tries')
  assert.equal(refusalOf(used, e.otherPin, e.start), null)
  assert.equal(triesLeft({ ...e.openGrant, tries: 50 }, e.pin), 5)
})
