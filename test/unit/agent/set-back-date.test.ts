import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hurry } from '#agent/hurry.ts'
import * as e from '../activation/events.ts'
import { type AgentWorld, makeAgentWorld, takeReceipt } from './agent-env.ts'

const mid = new Uint8Array(16).fill(7)
const day = 24 * e.hour

/** A policy that went out under a date that was a day ahead; the relay says so only after it was set back. */
async function sentTomorrow(world: AgentWorld) {
  const { env } = world
  const key = 'item:1:1:1'
  const sentAtMs = e.start + day
  await env.store.activations.commit({
    nowMs: sentAtMs,
    addDeliveries: [
      {
        key,
        txn: null,
        of: 'policy',
        to: { pin: e.pin },
        payload: new Uint8Array([1]),
        until: 'answer',
        firstAtMs: sentAtMs,
        endsAtMs: sentAtMs + day,
        packet: { kid: 1, seq: 1, tag: new Uint8Array(16) },
      },
    ],
  })
  const [sent] = await env.store.deliveries.due(sentAtMs, 1)
  assert(sent)
  await env.store.deliveries.attempted(sent.id, [mid], sentAtMs, sentAtMs + 15_000)
  await takeReceipt(env, { type: 'receipt', mid, status: 1 })
  return async () => {
    const kept = await env.store.deliveries.byKey(key)
    assert(kept)
    return kept.nextAtMs - world.nowMs
  }
}

test('what was sent under a date that was ahead waits no longer than the schedule for its answer', async (t) => {
  const world = makeAgentWorld(t)
  const waitsMs = await sentTomorrow(world)
  assert.equal(await waitsMs(), 60_000)
})

test('and it goes out again at once when its handheld speaks', async (t) => {
  const world = makeAgentWorld(t)
  const waitsMs = await sentTomorrow(world)
  world.nowMs += 20_000
  await hurry(world.env, e.pin)
  assert.equal(await waitsMs(), 0)
})
