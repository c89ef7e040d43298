import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { fold } from '#activation/reduce.ts'
import { startAgent } from '#agent/agent.ts'
import { startCourier } from '#agent/courier.ts'
import { raise } from '#agent/raise.ts'
import { makeReceipts } from '#agent/receipts.ts'
import type { Frame } from '#protocol/relay-frame.ts'
import type { RelayHandlers, ServerReady } from '#relay/relay-client.ts'
import type { Delivery } from '#store/deliveries.ts'
import * as e from '../activation/events.ts'
import { type AgentWorld, makeAgentWorld, takeReceipt } from './agent-env.ts'
import { handClock } from './hand-clock.ts'

const mid = new Uint8Array(16).fill(5)

/** An activation whose M2 has gone to the relay, which has not answered. */
async function sentM2({ env }: AgentWorld): Promise<Delivery> {
  const events = e.goodRun.slice(0, 3)
  const next = fold(e.txn, events)
  assert(next)
  await env.store.activations.commit({
    nowMs: e.start,
    activation: { next, expectedVersion: 0, userId: null, events },
    addDeliveries: [
      {
        key: `m2:${e.txn}`,
        txn: e.txn,
        of: 'm2',
        to: { token: new Uint8Array(44) },
        payload: new Uint8Array([1]),
        until: 'receipt',
        firstAtMs: e.start,
        endsAtMs: e.start + e.hour,
      },
    ],
  })
  const [m2] = await env.store.deliveries.due(e.start, 1)
  assert(m2)
  await env.store.deliveries.attempted(m2.id, [mid], e.start, e.start + 15_000)
  return m2
}

/** Logs an agent in, and resolves with the first frame of this type that it sends. */
function logIn(t: TestContext, { env }: AgentWorld, type: Frame['type']): Promise<Frame> {
  return new Promise((resolve, reject) => {
    const connected: RelayHandlers<ServerReady>[] = []
    const agent = startAgent(env, {
      domains: [],
      hint: () => {},
      connect: (handlers) => {
        connected.push(handlers)
        return {
          send: (frame) => {
            if (frame.type === type) resolve(frame)
            return true
          },
          state: () => ({ stage: 'ready', sinceMs: e.start, code: null, detail: '', retryAtMs: null }),
          retry: () => {},
          close: async () => {},
        }
      },
    })
    t.after(() => agent.close())
    const ready = { now: e.start / 1000, generation: 0, sealKeys: [], unconfirmedSealKeys: [] }
    Promise.resolve(connected[0]?.onReady(ready)).catch(reject)
  })
}

test('after a log-in what has no receipt is asked about at once, under its own id', async (t) => {
  const world = makeAgentWorld(t)
  await world.env.store.installation.put('relay_generation', Buffer.from('0'))
  await sentM2(world)
  world.nowMs = e.start + 1_000
  const frame = await logIn(t, world, 'send')
  assert.deepEqual(frame.type === 'send' && frame.mid, mid)
})

test('a receipt and what it says of the activation are one commit, so that no crash can part them', async (t) => {
  const world = makeAgentWorld(t)
  const m2 = await sentM2(world)
  const { env, commits } = world
  commits.length = 0
  await takeReceipt(env, { type: 'receipt', mid, status: 0, pin: e.pin })
  assert.deepEqual(commits, [['activations.commit']])
  assert.equal((await env.store.deliveries.byKey(m2.key))?.state, 'answered')
  assert.equal((await env.store.activations.find(e.txn))?.pin, e.pin)
})

test('that the relay keeps a frame is written down where nothing more is heard of it', async (t) => {
  const world = makeAgentWorld(t)
  const m2 = await sentM2(world)
  const clock = handClock(e.start)
  const receipts = makeReceipts({ ...world.env, clock })
  await receipts.take({ type: 'receipt', mid, status: 0 })
  assert.equal((await world.env.store.deliveries.byKey(m2.key))?.receipt, null)
  void clock.advance(1_000)
  await receipts.close()
  assert.equal((await world.env.store.deliveries.byKey(m2.key))?.receipt, 0)
})

test('of a frame that is delivered at once only that is written down', async (t) => {
  const world = makeAgentWorld(t)
  const m2 = await sentM2(world)
  const clock = handClock(e.start)
  const receipts = makeReceipts({ ...world.env, clock })
  world.commits.length = 0
  await receipts.take({ type: 'receipt', mid, status: 0 })
  await receipts.take({ type: 'receipt', mid, status: 1, pin: e.pin })
  void clock.advance(1_000)
  await receipts.close()
  assert.equal(world.commits.length, 1)
  assert.equal((await world.env.store.deliveries.byKey(m2.key))?.receipt, 1)
  assert.equal((await world.env.store.activations.find(e.txn))?.pin, e.pin)
})

test('a receipt that names a PIN is written down at once: a proof of that PIN may come next', async (t) => {
  const world = makeAgentWorld(t)
  await sentM2(world)
  const receipts = makeReceipts({ ...world.env, clock: handClock(e.start) })
  await receipts.take({ type: 'receipt', mid, status: 0, pin: e.pin })
  assert.equal((await world.env.store.activations.find(e.txn))?.pin, e.pin)
  await receipts.close()
})

test('a message goes out after the one commit that queues it, and counts as sent in it', async (t) => {
  const world = makeAgentWorld(t)
  const sent: Frame[] = []
  const atSend: (readonly string[])[] = []
  const courier = startCourier(world.env, () => ({
    send: (frame) => {
      sent.push(frame)
      atSend.push(...world.commits)
      return true
    },
    state: () => ({ stage: 'ready', sinceMs: e.start, code: null, detail: '', retryAtMs: null }),
    retry: () => {},
    close: async () => {},
  }))
  const env = { ...world.env, outgoing: courier }
  const delivery = {
    key: 'k',
    txn: e.txn,
    of: 'ack' as const,
    to: { pin: e.pin },
    payload: new Uint8Array([1]),
  }
  const times = { until: 'receipt' as const, firstAtMs: e.start, endsAtMs: e.start + e.hour }
  world.commits.length = 0
  await raise(env, e.txn, () => null, { addDeliveries: [{ ...delivery, ...times }] })
  await courier.close()
  assert.deepEqual(atSend, [['activations.commit']])
  const kept = await env.store.deliveries.byKey('k')
  assert.equal(kept?.attempts, 1)
  const [frame] = sent
  assert.deepEqual(frame?.type === 'send' && frame.mid, kept?.mids[0])
  assert.equal(sent.length, 1)
})

test('what the relay says of several messages of one activation within a moment is one commit, with its own times', async (t) => {
  const world = makeAgentWorld(t)
  const m2 = await sentM2(world)
  const { env } = world
  const error = { ...m2, key: `error:${e.txn}`, of: 'error' as const }
  await env.store.activations.commit({ nowMs: e.start, addDeliveries: [error] })
  const other = (await env.store.deliveries.due(e.start, 9)).find(({ key }) => key === error.key)
  assert(other)
  const otherMid = new Uint8Array(16).fill(6)
  await env.store.deliveries.attempted(other.id, [otherMid], e.start, e.start + 15_000)
  const clock = handClock(e.start)
  const receipts = makeReceipts({ ...env, clock })
  world.commits.length = 0
  await receipts.take({ type: 'receipt', mid, status: 1 })
  void clock.advance(100)
  await receipts.take({ type: 'receipt', mid: otherMid, status: 1 })
  assert.equal(world.commits.length, 0)
  void clock.advance(1_000)
  await receipts.close()
  assert.deepEqual(world.commits, [['activations.commit']])
  const said = (await env.store.activations.events(e.txn)).filter(({ kind }) => kind === 'receipt')
  assert.deepEqual(
    said.map(({ atMs }) => atMs - e.start),
    [0, 100],
  )
  assert.deepEqual((await env.store.activations.find(e.txn))?.receipts, { m2: 1, error: 1 })
})
