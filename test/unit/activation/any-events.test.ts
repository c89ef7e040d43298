/** Whatever events come, in whatever order and with whatever in them, an activation only goes forwards. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Activation, stages } from '#activation/activation.ts'
import type { ActivationEvent, MessageName } from '#activation/event.ts'
import { changeGrant, type Grant, type GrantChange } from '#activation/grant.ts'
import { reduce } from '#activation/reduce.ts'
import type { Pin } from '#kernel/brand.ts'
import * as e from './events.ts'

const pin = fc.constantFrom(e.pin, e.otherPin)
const of = fc.constantFrom<MessageName>('m2', 'error', 'm4', 'key_check', 'policy', 'books')
const status = fc.nat(255)
const atMs = fc.integer({ min: e.start - e.hour, max: e.start + 100 * e.hour })
const grant: fc.Arbitrary<Grant | null> = fc.oneof(
  fc.constant(null),
  fc
    .record({
      id: fc.constantFrom(1, 2),
      state: fc.constantFrom('open', 'claimed', 'used', 'expired', 'replaced', 'revoked'),
      fails: fc.dictionary(pin, fc.nat(60), { noNullPrototype: true }),
      expiresAtMs: atMs,
    })
    .map((fields) => ({ ...e.openGrant, ...fields }) as Grant),
)
const standing = fc.tuple(grant, fc.boolean(), fc.boolean()).map(([found, hasRecord, disabled]) => ({
  ...e.standing(found, hasRecord),
  ...(disabled ? { disabled: true as const } : {}),
}))

const event: fc.Arbitrary<ActivationEvent> = fc
  .oneof(
    fc.constantFrom(...e.goodRun),
    fc
      .record({ standing, offer: fc.array(fc.nat(3)), token: fc.constantFrom('c1', 'c2'), mailedAtMs: atMs })
      .map(({ standing, ...request }) => e.etpSeen({ standing, request: { ...e.request, ...request } })),
    fc.tuple(of, status, fc.option(pin)).map(([name, code, to]) => e.receipt(name, code, to ?? undefined)),
    fc
      .record({
        pin,
        m3Hash: fc.constantFrom('e1', 'e2'),
        standing,
        denied: fc.option(fc.constant(true as const)),
      })
      .map(({ denied, ...options }) => e.proofSeen({ ...options, ...(denied ? { denied } : {}) })),
    fc
      .tuple(fc.constantFrom('right', 'wrong', 'box_damaged', 'other_pin', 'not_allowed'), grant)
      .map(([verdict, found]) => e.judged(verdict as Parameters<typeof e.judged>[0], found)),
    fc.tuple(status, fc.nat(50)).map(([code, number]) => e.policyAcked(code, number)),
    fc.tuple(status, fc.nat(50)).map(([code, number]) => e.booksAcked(code, number)),
    of.map((name): ActivationEvent => ({ kind: 'undelivered', of: name, atMs: e.start })),
    pin.map((one): ActivationEvent => ({ kind: 'approved', pin: one, atMs: e.start })),
    fc.constantFrom<ActivationEvent>(
      { kind: 'asked_again', atMs: e.start },
      { kind: 'time_passed', atMs: e.start },
      { kind: 'superseded', by: e.otherTxn, atMs: e.start },
      { kind: 'grant_closed', code: 'grant.expired', atMs: e.start },
      { kind: 'broken', where: 'judge_proof', atMs: e.start },
    ),
  )
  .chain((one) => atMs.map((at) => ({ ...one, atMs: at })))

const order = (state: Activation): number => stages.indexOf(state.stage as (typeof stages)[number])

test('no sequence of events throws, goes back a stage, leaves the end, or skips a version', () => {
  let furthest = 0
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      let state: Activation | null = null
      // The first events of a good run give the others something to meet.
      for (const one of [...e.goodRun.slice(0, events.length % 12), ...events]) {
        const step: ReturnType<typeof reduce> = reduce(e.txn, state, one)
        if (!step) continue
        const before: Activation | null = state
        state = step.next
        if (!before) {
          assert.equal(state.version, 1)
          continue
        }
        assert.equal(state.version, before.version + (state === before ? 0 : 1))
        if (order(state) >= 0) assert(order(state) >= order(before), `${before.stage} → ${state.stage}`)
        if (before.phase === 'complete' || before.phase === 'stopped') assert.equal(state.phase, before.phase)
        furthest = Math.max(furthest, order(state))
      }
    }),
    { numRuns: 1_500 },
  )
  assert.equal(furthest, stages.indexOf('activation_complete'), 'some sequence came to the end')
})

test('no sequence of changes makes a grant forget a failure, or a used one open', () => {
  const change: fc.Arbitrary<GrantChange> = fc.oneof(
    pin.map((one): GrantChange => ({ kind: 'proof_failed', pin: one })),
    pin.map((one): GrantChange => ({ kind: 'claimed', pin: one, txn: e.txn, atMs: e.start })),
    fc.constantFrom(e.txn, e.otherTxn).map((txn): GrantChange => ({ kind: 'released', txn })),
    pin.map((one): GrantChange => ({ kind: 'approved', pin: one })),
    fc.constant<GrantChange>({ kind: 'used', atMs: e.start }),
  )
  const total = (one: Grant): number =>
    Object.values<number>(one.fails).reduce((sum, count) => sum + count, 0)
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      let now = e.openGrant
      for (const one of changes) {
        const next = changeGrant(now, one)
        assert.equal(total(next), total(now) + (one.kind === 'proof_failed' ? 1 : 0))
        assert(!(now.state === 'used' && next.state === 'open'))
        for (const approved of now.approved ?? ([] as Pin[])) assert(next.approved?.includes(approved))
        now = next
      }
    }),
  )
})
