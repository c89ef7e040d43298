/** What `explain` advises about a password depends on what has become of it since. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { explain } from '#activation/explain.ts'
import type { Grant } from '#activation/grant.ts'
import { fold } from '#activation/reduce.ts'
import * as e from './events.ts'

const judgedAt = e.goodRun.findIndex(({ kind }) => kind === 'proof_judged')
const wrong = fold(e.txn, [...e.goodRun.slice(0, judgedAt), e.judged('wrong')])
assert(wrong && wrong.code === 'proof.wrong_password')

function advice(grant: Grant, newestGrant: Grant = grant) {
  assert(wrong)
  const nowMs = wrong.sinceMs + 60_000
  return explain(wrong, { grant, newestGrant, nextSendAtMs: null, account: null, nowMs })
}

test('after a wrong password the user tries again, as long as tries are left', () => {
  const { turn, next } = advice(e.openGrant)
  assert.equal(turn, 'user')
  assert.match(next, /types the password with care/)
})

test('with no try left, or a password that was revoked since, it is the administrator’s turn', () => {
  for (const spent of [
    { ...e.openGrant, fails: { [e.pin]: 5 } },
    { ...e.openGrant, state: 'revoked' as const },
  ]) {
    const { turn, next } = advice(spent)
    assert.equal(turn, 'administrator')
    assert.match(next, /Generate a new password/)
  }
})

test('once a newer password is open it is the user’s turn again', () => {
  assert(wrong)
  const newer = { ...e.openGrant, id: e.openGrant.id + 1, createdAtMs: wrong.sinceMs + 1 }
  const { turn, next } = advice({ ...e.openGrant, state: 'replaced' }, newer)
  assert.equal(turn, 'user')
  assert.match(next, /A newer activation password is open/)
  const gone = advice({ ...e.openGrant, state: 'replaced' }, { ...newer, state: 'revoked' })
  assert.equal(gone.turn, 'administrator')
})
