/** Walks every state the reducer can reach from a fixed alphabet of events, and asks `explain` about each. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Activation, stages } from '#activation/activation.ts'
import type { ActivationEvent, MessageName } from '#activation/event.ts'
import { explain, explainGrant } from '#activation/explain.ts'
import { changeGrant, type Grant, type GrantChange } from '#activation/grant.ts'
import { reduce } from '#activation/reduce.ts'
import { isFaultCode } from '#kernel/fault.ts'
import * as e from './events.ts'

const messages: readonly MessageName[] = ['m2', 'error', 'm4', 'key_check', 'policy', 'books']
const far = e.start + 100 * e.hour

const alphabet: readonly ActivationEvent[] = [
  ...e.goodRun,
  e.etpSeen({ standing: e.standing(null) }),
  e.etpSeen({ standing: e.disabled }),
  e.etpSeen({ request: { ...e.request, offer: [2] } }),
  e.etpSeen({ request: { ...e.request, token: 'c2' }, atMs: e.start + e.hour }),
  { kind: 'asked_again', atMs: e.start + e.hour },
  { kind: 'answer_impossible', code: 'request.damaged', atMs: e.start + 2_100 },
  ...messages.flatMap((of) => [0, 1, 2, 3, 5, 6].map((status) => e.receipt(of, status))),
  e.receipt('m2', 1, e.pin),
  e.receipt('m2', 1, e.otherPin),
  e.proofSeen({ pin: e.otherPin }),
  e.proofSeen({ m3Hash: 'e2' }),
  e.proofSeen({ standing: e.standing({ ...e.openGrant, fails: { a: 50 } }) }),
  e.proofSeen({ standing: e.standing(null) }),
  e.proofSeen({ standing: e.disabled }),
  e.proofSeen({ denied: true }),
  { kind: 'approved', pin: e.pin, atMs: e.start + 2_350 },
  ...(['wrong', 'box_damaged', 'other_pin', 'not_allowed'] as const).map((verdict) => e.judged(verdict)),
  e.judged('right', null),
  { ...e.keyCheckSeen, standing: e.disabled } as ActivationEvent,
  ...[1, 2, 3, 4, 5].flatMap((status) => [e.policyAcked(status), e.booksAcked(status)]),
  ...messages.map((of): ActivationEvent => ({ kind: 'undelivered', of, atMs: far })),
  { kind: 'policy_changed', atMs: far },
  { kind: 'grant_closed', code: 'grant.expired', atMs: far },
  { kind: 'grant_closed', code: 'user.removed', atMs: far },
  { kind: 'superseded', by: e.otherTxn, atMs: far },
  { kind: 'handheld_ended', code: 'handheld.wiped', atMs: far },
  { kind: 'handheld_ended', code: 'request.superseded', by: e.otherTxn, atMs: far },
  { kind: 'time_passed', atMs: far },
  { kind: 'broken', where: 'judge_proof', atMs: far },
]

/** What `explain` may look at, without times and versions: two states alike in this are one to the walk. */
const likeness = (state: Activation): string =>
  JSON.stringify([
    state.phase,
    state.stage,
    state.code,
    state.pin,
    state.proof?.m3Hash,
    state.judgedHash,
    state.receipts,
    state.policy,
    state.books,
    state.token,
  ])

function walk(): Activation[] {
  const known = new Map<string, Activation>()
  const queue: (Activation | null)[] = [null]
  for (let state = queue.shift(); state !== undefined; state = queue.shift()) {
    for (const event of alphabet) {
      const next = reduce(e.txn, state, event)?.next
      if (!next || known.has(likeness(next)) || Object.keys(next.receipts).length > 1) continue
      known.set(likeness(next), next)
      queue.push(next)
    }
  }
  return [...known.values()]
}

const reached = walk()

test('the walk reaches every phase and stage', () => {
  const phases = new Set(reached.map(({ phase }) => phase))
  assert.equal(phases.size, 14, [...phases].join(' '))
  const seen = new Set<string>(reached.map(({ stage }) => stage))
  const shown = stages.filter((stage) => stage !== 'services_received')
  for (const stage of [...shown, 'failed', 'superseded']) assert(seen.has(stage), stage)
  assert(reached.length > 500, `${reached.length} states`)
})

test('explain says something of every state that can be reached: what, whose turn, since when, what next', () => {
  for (const state of reached)
    for (const nowMs of [state.sinceMs, state.sinceMs + e.hour]) {
      const said = explain(state, { grant: e.openGrant, nextSendAtMs: null, account: null, nowMs })
      assert(said.says.length > 10, likeness(state))
      assert(said.next.length > 10, likeness(state))
      assert.equal(said.sinceMs, state.sinceMs)
      assert(said.code === null || isFaultCode(said.code), likeness(state))
      assert(!said.says.startsWith('The activation has stopped in the phase'), likeness(state))
      if (state.phase !== 'complete') assert.notEqual(said.turn, 'nobody', likeness(state))
    }
})

test('every activation that stopped, and every one that waits for a person, has a code', () => {
  const waiting = ['stopped', 'policy_refused', 'books_refused']
  for (const state of reached) if (waiting.includes(state.phase)) assert(state.code, likeness(state))
})

test('no event moves an activation back a stage, and nothing leaves the end', () => {
  const order = (state: Activation) => stages.indexOf(state.stage as (typeof stages)[number])
  for (const state of reached)
    for (const event of alphabet) {
      const next = reduce(e.txn, state, event)?.next
      assert(next)
      if (order(next) >= 0) assert(order(next) >= order(state), `${likeness(state)} by ${event.kind}`)
      if (state.phase === 'complete' || state.phase === 'stopped') assert.equal(next.phase, state.phase)
    }
})

test('explain speaks of every grant that can be reached', () => {
  const changes: GrantChange[] = [
    { kind: 'proof_failed', pin: e.pin },
    { kind: 'claimed', pin: e.pin, txn: e.txn, atMs: e.start },
    { kind: 'released', txn: e.txn },
    { kind: 'approved', pin: e.pin },
    { kind: 'used', atMs: e.start + e.hour },
  ]
  const grants = new Map<string, Grant>([['open', e.openGrant]])
  const queue = [e.openGrant]
  for (let grant = queue.shift(); grant; grant = queue.shift())
    for (const change of changes) {
      const next = changeGrant(grant, change)
      const name = `${next.state}/${next.claim?.pin}/${Object.keys(next.fails).length}`
      if (grants.has(name)) continue
      grants.set(name, next)
      queue.push(next)
    }
  for (const state of ['replaced', 'revoked'] as const) grants.set(state, { ...e.openGrant, state })
  for (const grant of [null, ...grants.values()])
    for (const nowMs of [e.start, e.start + 100 * e.hour]) {
      const said = explainGrant(grant, nowMs)
      assert(said.says.length > 10 && said.next.length > 10, JSON.stringify(grant))
    }
})

test('explain tells what became of the handheld after its activation, in each of its states', () => {
  const complete = reached.find(({ phase }) => phase === 'complete')
  assert(complete)
  const says = ([null, 'active', 'replaced', 'removed'] as const).map(
    (account) => explain(complete, { grant: null, nextSendAtMs: null, account, nowMs: e.start }).says,
  )
  assert.equal(new Set(says).size, 3, 'only "active" and "not known" read alike')
})
