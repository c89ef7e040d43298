import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cutsOff, type Queued, unansweredRecall, verdictOn, waitsFor } from '#policy/queue.ts'
import { ackStatus } from '#protocol/ack.ts'

const item = (id: number, kind: Queued['kind'], state = 'waiting'): Queued => ({ id, kind, state })

test('a policy waits for nothing, books wait for the policy, a command for the command before it', () => {
  const live = [
    item(1, 'command', 'out'),
    item(2, 'books'),
    item(3, 'policy'),
    item(4, 'command'),
    item(5, 'command'),
  ]
  const blockers = live.map((one) => waitsFor(live, one)?.id ?? null)
  assert.deepEqual(blockers, [null, 3, null, 1, 1])
  assert.equal(waitsFor([item(2, 'books')], item(2, 'books')), null)
})

test('that a wipe is not wanted any more is said before all that has not gone yet', () => {
  const cancel = { ...item(4, 'command'), command: 'cancel_wipe' }
  const live = [item(2, 'command'), cancel, item(5, 'command')]
  assert.deepEqual(
    live.map((one) => waitsFor(live, one)?.id ?? null),
    [4, null, 4],
  )
  assert.equal(waitsFor([item(1, 'command', 'out'), cancel], cancel)?.id, 1)
})

test('the word that a wipe is not wanted is unanswered as long as it may have come in time', () => {
  const sent = (id: number, command: string, state: string, number: number | null = 7) => ({
    ...{ id, command, state, number },
  })
  const wipe = sent(4, 'wipe', 'done')
  for (const state of ['waiting', 'out', 'cancelled', 'replaced', 'set_aside'])
    assert.equal(unansweredRecall([sent(5, 'cancel_wipe', state), wipe])?.id, 5, state)
  for (const not of [
    sent(5, 'cancel_wipe', 'done'),
    sent(5, 'cancel_wipe', 'refused'),
    sent(5, 'cancel_wipe', 'waiting', null),
    sent(5, 'lock', 'out'),
    sent(3, 'cancel_wipe', 'cancelled'),
  ])
    assert.equal(unansweredRecall([not, wipe].toSorted((a, b) => b.id - a.id)), null)
})

test('of any queue something may go, and what an item waits for never waits for that item', () => {
  const kinds = fc.constantFrom<Queued['kind']>('policy', 'books', 'command')
  fc.assert(
    fc.property(fc.array(kinds, { minLength: 1, maxLength: 12 }), (list) => {
      const live = list.map((kind, i) => item(i + 1, kind))
      assert(live.some((one) => waitsFor(live, one) === null))
      for (const one of live) {
        const other = waitsFor(live, one)
        if (other) assert.equal(waitsFor(live, other), null, 'nobody waits in a chain')
      }
    }),
  )
})

test('what a handheld answers decides what becomes of an item', () => {
  const of = (kind: Queued['kind'], status: number, tries = 1, retryMs: number | null = null) =>
    verdictOn(kind, status, tries, retryMs)
  for (const status of [ackStatus.applied, ackStatus.appliedInPart, ackStatus.accepted])
    assert.deepEqual(of('command', status), { state: 'done' })
  assert.deepEqual(of('policy', ackStatus.refusedSignature), { state: 'refused', code: 'policy.refused' })
  assert.deepEqual(of('policy', ackStatus.refusedAddressee), {
    state: 'refused',
    code: 'policy.other_domain',
  })
  assert.deepEqual(of('policy', ackStatus.refusedForm), { state: 'refused', code: 'policy.form' })
  assert.deepEqual(of('books', ackStatus.refusedForm), { state: 'refused', code: 'books.refused' })
  assert.deepEqual(of('command', ackStatus.unknown), { state: 'refused', code: 'command.unknown' })
  assert.deepEqual(of('command', ackStatus.refusedSignature), { state: 'refused', code: 'command.refused' })
  assert.deepEqual(of('books', ackStatus.notNow), { state: 'waiting', afterMs: 60_000, policyFirst: true })
  assert.deepEqual(of('policy', ackStatus.tryAgain, 1, 1), {
    state: 'waiting',
    afterMs: 5_000,
    policyFirst: false,
  })
})

test('a number that is refused gets a new one, and in the end an administrator', () => {
  const again = verdictOn('policy', ackStatus.refusedNumber, 4, null)
  assert.deepEqual(again, { state: 'waiting', afterMs: 0, policyFirst: false })
  const stopped = verdictOn('policy', ackStatus.refusedNumber, 5, null)
  assert.deepEqual(stopped, { state: 'refused', code: 'policy.number' })
})

test('whatever a handheld answers is an end or a time', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<Queued['kind']>('policy', 'books', 'command'),
      fc.integer({ min: 0, max: 2 ** 31 }),
      fc.nat(20),
      (kind, status, tries) => {
        const verdict = verdictOn(kind, status, tries, null)
        assert(['done', 'refused', 'waiting'].includes(verdict.state))
        if (verdict.state === 'waiting') assert(verdict.afterMs >= 0)
      },
    ),
  )
})

test('a policy that is not applied in time cuts off, a refused one too; one that was taken out does not', () => {
  const policy = { kind: 'policy', state: 'out', owedSinceMs: 1_000 } as const
  assert.equal(cutsOff(policy, 500, 1_499), false)
  assert.equal(cutsOff(policy, 500, 1_500), true)
  assert.equal(cutsOff(policy, 0, 9_999), false, 'nobody is cut off where no time is set')
  const states = ['waiting', 'out', 'refused', 'set_aside', 'cancelled', 'replaced', 'done']
  const cutting = states.filter((state) => cutsOff({ ...policy, state }, 500, 2_000))
  assert.deepEqual(cutting, ['waiting', 'out', 'refused'])
  assert.equal(cutsOff({ ...policy, kind: 'books' }, 500, 2_000), false)
})
