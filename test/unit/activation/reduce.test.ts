import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Activation } from '#activation/activation.ts'
import type { Effect } from '#activation/effect.ts'
import type { ActivationEvent } from '#activation/event.ts'
import { fold, reduce } from '#activation/reduce.ts'
import { timeline } from '#activation/timeline.ts'
import * as e from './events.ts'

function play(events: readonly ActivationEvent[]): { state: Activation; effects: readonly Effect[] } {
  let state: Activation | null = null
  let effects: readonly Effect[] = []
  for (const event of events) {
    const step = reduce(e.txn, state, event)
    assert(step, `${event.kind} was taken`)
    state = step.next
    effects = step.effects
  }
  assert(state)
  return { state, effects }
}

const kinds = (effects: readonly Effect[]): string[] =>
  effects.map((effect) => {
    if (effect.kind === 'work') return `work ${effect.work}`
    if (effect.kind === 'send') return `send ${effect.message.kind}`
    return effect.kind === 'grant' ? `grant ${effect.change.kind}` : effect.kind
  })

const upTo = (kind: ActivationEvent['kind']): ActivationEvent[] =>
  e.goodRun.slice(0, e.goodRun.findIndex((event) => event.kind === kind) + 1)

test('a good run passes through every stage in order and ends complete', () => {
  const stages = e.goodRun.map((_, i) => play(e.goodRun.slice(0, i + 1)).state.stage)
  assert.deepEqual(
    [...new Set(stages)],
    ['activating', 'verifying_encryption', 'waiting_for_services', 'activation_complete'],
  )
  assert.equal(play(e.goodRun).state.phase, 'complete')
  assert.equal(play(e.goodRun).state.version, e.goodRun.length)
})

test('folding the stored events gives the same state as living through them', () => {
  assert.deepEqual(fold(e.txn, e.goodRun), play(e.goodRun).state)
})

test('a request that is accepted asks for an answer and no grant is touched', () => {
  const { effects } = play(upTo('etp_seen'))
  assert(kinds(effects).includes('work make_answer'))
  assert(!kinds(effects).some((kind) => kind.startsWith('grant')))
})

const refusals: [string, ActivationEvent, string][] = [
  ['a disabled user', e.etpSeen({ standing: e.disabled }), 'user.disabled'],
  [
    'a disabled user without a password',
    e.etpSeen({ standing: { ...e.standing(null), disabled: true } }),
    'user.disabled',
  ],
  ['no password set', e.etpSeen({ standing: e.standing(null) }), 'grant.none'],
  [
    'an expired one',
    e.etpSeen({ standing: e.standing({ ...e.openGrant, expiresAtMs: e.start }) }),
    'grant.expired',
  ],
  ['a used one', e.etpSeen({ standing: e.standing({ ...e.openGrant, state: 'used' }) }), 'grant.used'],
  [
    'a revoked one',
    e.etpSeen({ standing: e.standing({ ...e.openGrant, state: 'revoked' }) }),
    'grant.revoked',
  ],
  ['an address without a record', e.etpSeen({ standing: e.standing(e.openGrant, false) }), 'grant.alias'],
  ['a request past its life', e.etpSeen({ request: { ...e.request, lifeMs: 10 } }), 'request.expired'],
  [
    'a relay clock far ahead',
    e.etpSeen({ request: { ...e.request, mailedAtMs: e.start + e.hour } }),
    'request.clock',
  ],
  ['an unknown profile', e.etpSeen({ request: { ...e.request, profile: 9 } }), 'request.too_old_software'],
  ['no suite in common', e.etpSeen({ request: { ...e.request, offer: [2] } }), 'request.no_common_suite'],
]

for (const [name, event, code] of refusals) {
  test(`a request with ${name} ends with ${code}, says so to the handheld, and costs no try`, () => {
    const { state, effects } = play([event])
    assert.equal(state.phase, 'stopped')
    assert.equal(state.code, code)
    assert(kinds(effects).includes('send error'))
    assert(!kinds(effects).some((kind) => kind.startsWith('grant')))
  })
}

test("the server's order of preference chooses the suite", () => {
  const both = e.etpSeen({
    request: { ...e.request, offer: [1, 2] },
    terms: { suites: [2, 1], profiles: [1] },
  })
  assert.equal(play([both]).state.phase, 'answering')
})

test('the same mail again repeats the stored answer, at most once a minute, and makes no second run', () => {
  const answered = upTo('answer_made')
  const soon = play([...answered, e.etpSeen({ atMs: e.start + 3_000 })])
  assert.deepEqual(soon.effects, [])
  const later = play([...answered, e.etpSeen({ atMs: e.start + 2 * 60_000 + 3_000 })])
  assert.deepEqual(kinds(later.effects), ['send m2'])
  assert.equal(later.state.answer?.m2, 'dd')
})

test('the same transaction with another body is dropped', () => {
  const { state, effects } = play([
    ...upTo('answer_made'),
    e.etpSeen({ request: { ...e.request, bodyHash: 'zz' }, atMs: e.start + e.hour }),
  ])
  assert.deepEqual(effects, [])
  assert.equal(state.version, 3)
})

test('a newer route token is taken at once', () => {
  const { state, effects } = play([
    ...upTo('answer_made'),
    e.etpSeen({ request: { ...e.request, token: 'c2' }, atMs: e.start + 2_150 }),
  ])
  assert.equal(state.token, 'c2')
  assert.deepEqual(kinds(effects), ['send m2'])
})

test('a second copy of the mail is no news once a proof is judged, and one hop of the timeline before', () => {
  const copy = e.etpSeen({ request: { ...e.request, token: 'c2' }, atMs: e.start + 2_350 })
  const before = play(upTo('proof_seen'))
  assert.equal(play([...upTo('proof_seen'), copy]).state.version, before.state.version)
  const hops = timeline([...upTo('answer_made'), copy]).map(({ name }) => name)
  assert.equal(hops.filter((name) => name === 'server saw the mail').length, 1)
  assert.equal(hops.filter((name) => name === 'the same mail came again').length, 1)
})

test('a proof before the receipt is kept and judged when the receipt names its PIN', () => {
  const kept = play([...upTo('answer_made'), e.proofSeen()])
  assert.equal(kept.state.phase, 'proof_kept')
  assert(!kinds(kept.effects).includes('work judge_proof'))
  const tied = play([...upTo('answer_made'), e.proofSeen(), e.receipt('m2', 1, e.pin)])
  assert(kinds(tied.effects).includes('work judge_proof'))
  const foreign = play([...upTo('answer_made'), e.proofSeen({ pin: e.otherPin }), e.receipt('m2', 1, e.pin)])
  assert.equal(foreign.state.phase, 'answered')
  assert.equal(foreign.state.proof, undefined)
})

test('a proof from another PIN is told so and leaves the run as it was', () => {
  const before = play(upTo('receipt')).state
  const { state, effects } = play([...upTo('receipt'), e.proofSeen({ pin: e.otherPin })])
  assert.deepEqual(state, before)
  assert.deepEqual(effects, [{ kind: 'tell', pin: e.otherPin, code: 'proof.wrong_handheld' }])
})

test('a wrong proof counts one try for that PIN, ends the run and says how many are left', () => {
  const { state, effects } = play([...upTo('proof_seen'), e.judged('wrong')])
  assert.equal(state.code, 'proof.wrong_password')
  assert.deepEqual(state.error, { code: 'proof.wrong_password', triesLeft: 4 })
  assert(effects.some((effect) => effect.kind === 'grant' && effect.change.kind === 'proof_failed'))
})

test('a right proof whose grant another handheld claimed meanwhile is too late', () => {
  const claimed = {
    ...e.openGrant,
    state: 'claimed',
    claim: { pin: e.otherPin, txn: e.otherTxn, atMs: e.start },
  } as const
  const { state, effects } = play([...upTo('proof_seen'), e.judged('right', claimed)])
  assert.equal(state.code, 'grant.claimed')
  assert(!kinds(effects).includes('grant claimed'))
  assert(kinds(effects).includes('erase_pending_key'))
})

test('five wrong proofs shut one PIN out, and many from many PINs call for an approval', () => {
  const five = { ...e.openGrant, fails: { [e.pin]: 5 } }
  assert.equal(
    play([...upTo('receipt'), e.proofSeen({ standing: e.standing(five) })]).state.code,
    'proof.too_many_tries',
  )
  const many = {
    ...e.openGrant,
    fails: Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`P${i}`, 1])),
  }
  const guarded = play([...upTo('receipt'), e.proofSeen({ standing: e.standing(many) })])
  assert.equal(guarded.state.code, 'proof.guarded')
  assert.equal(guarded.state.phase, 'proof_kept')
  const approved = play([
    ...upTo('receipt'),
    e.proofSeen({ standing: e.standing(many) }),
    { kind: 'approved', pin: e.pin, atMs: e.start + 5_000 },
    e.judged('right', { ...many, approved: [e.pin] }),
  ])
  assert.equal(approved.state.phase, 'claimed')
})

test('a right proof claims the grant and sends M4 and the key check; the same proof again repeats both', () => {
  const { effects } = play(upTo('proof_judged'))
  assert.deepEqual(
    kinds(effects).filter((kind) => /^(grant|send)/.test(kind)),
    ['grant claimed', 'send m4', 'send key_check'],
  )
  const again = play([...upTo('proof_judged'), e.proofSeen({ atMs: e.start + 3_000 })])
  assert.deepEqual(kinds(again.effects), ['send m4', 'send key_check'])
  const second = play([...upTo('proof_judged'), e.proofSeen({ m3Hash: 'e2', atMs: e.start + 3_000 })])
  assert.deepEqual(second.effects, [{ kind: 'send', message: { kind: 'error', code: 'proof.second' } }])
  const late = play([...upTo('key_check_seen'), e.proofSeen({ atMs: e.start + 3_000 })])
  assert.deepEqual(late.effects, [])
})

test('a claim that is never confirmed is released after a day', () => {
  const day = 24 * e.hour
  const early = play([...upTo('proof_judged'), { kind: 'time_passed', atMs: e.start + day - e.hour }])
  assert.equal(early.state.phase, 'claimed')
  const late = play([...upTo('proof_judged'), { kind: 'time_passed', atMs: e.start + day + e.hour }])
  assert.equal(late.state.code, 'proof.not_confirmed')
  assert(kinds(late.effects).includes('grant released'))
})

test('nothing but the acknowledgement of the policy sent lets the books go out', () => {
  const waiting = play(upTo('policy_sent')).state
  for (const event of [e.policyAcked(0, 40), e.booksAcked(0), e.booksSent(), e.keyCheckSeen, e.proofSeen()]) {
    const step = reduce(e.txn, waiting, event)
    assert.equal(step?.next.phase, 'policy_out', event.kind)
    assert(!kinds(step?.effects ?? []).includes('work send_books'), event.kind)
  }
  assert(kinds(play(upTo('policy_acked')).effects).includes('work send_books'))
})

for (const [status, code] of [
  [2, 'policy.refused'],
  [3, 'policy.other_domain'],
  [4, 'policy.number'],
  [5, 'policy.form'],
] as const) {
  test(`a policy refused with status ${status} waits visibly with ${code}, and a new one can still be applied`, () => {
    const refused = [...upTo('policy_sent'), e.policyAcked(status)]
    assert.equal(play(refused).state.code, code)
    const again = play([...refused, e.policySent(43), e.policyAcked(0, 43)])
    assert.equal(again.state.phase, 'books_due')
    assert.equal(again.state.code, undefined)
  })
}

test('a grant that closes ends runs before the key check, not those after it', () => {
  const closed: ActivationEvent = { kind: 'grant_closed', code: 'grant.revoked', atMs: e.start + 3_000 }
  assert.equal(play([...upTo('receipt'), closed]).state.code, 'grant.revoked')
  assert.equal(play([...upTo('key_check_seen'), closed]).state.phase, 'policy_due')
})

test('a mail that the relay announced and that never comes is named when its life ends', () => {
  const { state } = play([...upTo('relay_mailed'), { kind: 'time_passed', atMs: e.start + 49 * e.hour }])
  assert.equal(state.code, 'mail.lost')
})

test('a mail that comes after its run was given up is told of, and not answered', () => {
  const givenUp: ActivationEvent = { kind: 'time_passed', atMs: e.start + 49 * e.hour }
  const { state, effects } = play([
    ...upTo('relay_mailed'),
    givenUp,
    e.etpSeen({ atMs: e.start + 50 * e.hour }),
  ])
  assert.equal(state.code, 'request.expired')
  assert.equal(state.request?.bodyHash, e.request.bodyHash)
  assert.deepEqual(kinds(effects), ['stop_sending', 'erase_run_secrets'])
  const hops = timeline([...upTo('relay_mailed'), givenUp, e.etpSeen({ atMs: e.start + 50 * e.hour })], null)
  assert(hops.some(({ name }) => name === 'server saw the mail'))
})

test('a user who goes before the mail has come ends the run, and a mail that comes after all is answered', () => {
  const gone: ActivationEvent = { kind: 'grant_closed', code: 'user.removed', atMs: e.start + e.hour }
  const ended = play([...upTo('relay_mailed'), gone])
  assert.equal(ended.state.code, 'user.removed')
  assert(!kinds(ended.effects).some((kind) => kind.startsWith('send')), 'there is no way to tell it yet')
  const late = play([...upTo('relay_mailed'), gone, e.etpSeen({ atMs: e.start + 2 * e.hour })])
  assert.equal(late.state.code, 'user.removed')
  assert.equal(late.state.token, e.request.token)
  assert.deepEqual(late.effects.at(-1), { kind: 'send', message: { kind: 'error', code: 'user.removed' } })
})

test('what a handheld cannot take now is sent again later, sealed anew, and then goes on', () => {
  const later = { ...e.booksAcked(8), retryAfterMs: 60_000 }
  const { state, effects } = play([...upTo('books_sent'), later])
  assert.equal(state.phase, 'books_due')
  assert.deepEqual(effects, [{ kind: 'work', work: 'send_books', afterMs: 60_000 }])
  const done = play([...upTo('books_sent'), later, e.booksSent(43), e.booksAcked(0, 43)])
  assert.equal(done.state.phase, 'complete')
})

test('a policy that nobody acknowledged for seven days is sealed anew, and that stays said until an answer', () => {
  const given: ActivationEvent = { kind: 'undelivered', of: 'policy', atMs: e.start + 170 * e.hour }
  const { state, effects } = play([...upTo('policy_sent'), given])
  assert.equal(state.phase, 'policy_due')
  assert.equal(state.code, 'packet.undelivered')
  assert(kinds(effects).includes('work send_policy'))
  assert.equal(play([...upTo('policy_sent'), given, e.policySent(43)]).state.code, 'packet.undelivered')
  assert.equal(
    play([...upTo('policy_sent'), given, e.policySent(43), e.policyAcked(0, 43)]).state.code,
    undefined,
  )
})
