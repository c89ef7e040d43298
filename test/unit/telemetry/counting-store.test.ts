import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Activation } from '#activation/activation.ts'
import type { ActivationEvent } from '#activation/event.ts'
import { fold } from '#activation/reduce.ts'
import type { Pin } from '#kernel/brand.ts'
import type { Store } from '#store/store.ts'
import { countingStore } from '#telemetry/counting-store.ts'
import { promMetrics } from '#telemetry/prom-metrics.ts'
import { grown, samplesOf } from '../../support/metrics.ts'
import { openTestStore } from '../../support/store.ts'
import * as e from '../activation/events.ts'
import { addHandheld } from '../admin/handheld-at-work.ts'

const counted = ['postkey_activations_total', 'postkey_mails_seen_total', 'postkey_activation_endings_total']

function counting(t: TestContext) {
  const store = openTestStore(t)
  const metrics = promMetrics()
  return { store: countingStore(store, metrics), again: () => countingStore(store, metrics), metrics }
}

const state = (events: readonly ActivationEvent[]): Activation => {
  const folded = fold(e.txn, events)
  assert(folded)
  return folded
}

/** Writes the events of `all` from `from` on, one commit each. */
async function write(store: Store, all: readonly ActivationEvent[], from = 0): Promise<void> {
  for (const [i, event] of all.entries()) {
    if (i < from) continue
    const activation = { expectedVersion: i, next: state(all.slice(0, i + 1)), userId: null, events: [event] }
    assert.equal(await store.activations.commit({ nowMs: event.atMs, activation }), 'done')
  }
}

test('a commit that somebody else was faster with counts nothing', async (t) => {
  const { store, metrics } = counting(t)
  const before = samplesOf(await metrics.text())
  const first = [e.etpSeen()]
  const activation = { expectedVersion: 0, next: state(first), userId: null, events: first }
  await store.activations.commit({ nowMs: e.start, activation })
  assert.equal(await store.activations.commit({ nowMs: e.start, activation }), 'conflict')
  assert.deepEqual(grown(before, samplesOf(await metrics.text()), counted), {
    'postkey_activations_total{stage="activating"}': 1,
    'postkey_mails_seen_total{strategy="hint"}': 1,
  })
})

test('a whole run counts each stage once, also where the process was another in between', async (t) => {
  const { store, again, metrics } = counting(t)
  const before = samplesOf(await metrics.text())
  await write(store, e.goodRun.slice(0, 4))
  await write(again(), e.goodRun, 4)
  const after = samplesOf(await metrics.text())
  assert.deepEqual(grown(before, after, counted), {
    'postkey_activations_total{stage="activating"}': 1,
    'postkey_activations_total{stage="verifying_encryption"}': 1,
    'postkey_activations_total{stage="waiting_for_services"}': 1,
    'postkey_activations_total{stage="services_received"}': 1,
    'postkey_activations_total{stage="activation_complete"}': 1,
    'postkey_activation_endings_total{outcome="complete"}': 1,
    'postkey_mails_seen_total{strategy="hint"}': 1,
  })
  const stayed = (stage: string) =>
    after.get(`postkey_activation_stage_duration_seconds_count{stage="${stage}"}`)
  assert.deepEqual(['activating', 'verifying_encryption', 'waiting_for_services'].map(stayed), [1, 1, 1])
})

test('how an activation ended is counted by its code', async (t) => {
  const { store, metrics } = counting(t)
  const closed = { kind: 'grant_closed', code: 'grant.revoked', atMs: e.start + e.hour } as const
  const before = samplesOf(await metrics.text())
  await write(store, [...e.goodRun.slice(0, 2), closed])
  assert.deepEqual(grown(before, samplesOf(await metrics.text()), ['postkey_activation_endings_total']), {
    'postkey_activation_endings_total{outcome="grant.revoked"}': 1,
  })
})

test('what became of the items of the queue is counted, an answer that asks for another try apart', async (t) => {
  const { store, metrics } = counting(t)
  const pin = '2100AB3F' as Pin
  const { userId } = await addHandheld(store, e.start, pin)
  const nowMs = e.start
  const ids = await store.queue.add([
    { pin, userId, kind: 'policy', digest: 'd', nowMs },
    { pin, userId, kind: 'command', command: 'lock', sealed: new Uint8Array(1), nowMs },
  ])
  const [policy, lock] = ids
  assert(policy && lock)
  const before = samplesOf(await metrics.text())
  const item = { id: policy, nowMs }
  await store.activations.commit({ nowMs, item: { ...item, state: 'out', number: 1, tried: 'sent' } })
  await store.activations.commit({ nowMs, item: { ...item, state: 'waiting', status: 8, dueAtMs: nowMs } })
  await store.activations.commit({ nowMs, item: { ...item, state: 'waiting', dueAtMs: nowMs } })
  await store.activations.commit({ nowMs, item: { ...item, state: 'done', status: 0 } })
  await store.queue.change({ id: lock, nowMs, state: 'set_aside', code: 'queue.set_aside' })
  assert.deepEqual(grown(before, samplesOf(await metrics.text()), ['postkey_queue_items_total']), {
    'postkey_queue_items_total{outcome="done"}': 1,
    'postkey_queue_items_total{outcome="again"}': 1,
    'postkey_queue_items_total{outcome="set_aside"}': 1,
  })
})
