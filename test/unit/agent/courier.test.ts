/** When copies of a message go to the relay, with which bytes, and under which frame ids. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { fold } from '#activation/reduce.ts'
import { type Courier, startCourier } from '#agent/courier.ts'
import type { AgentEnv } from '#agent/domain.ts'
import { sha256 } from '#crypto/hash.ts'
import { concat, toHex } from '#kernel/bytes.ts'
import { encodePacket } from '#protocol/packet-frame.ts'
import { decodePart } from '#protocol/parts.ts'
import { decodePayload, encodePayload } from '#protocol/payload.ts'
import type { Send } from '#protocol/relay-frame.ts'
import type { RelayClient } from '#relay/relay-client.ts'
import type { NewDelivery } from '#store/deliveries.ts'
import * as e from '../activation/events.ts'
import { makeAgentWorld, takeReceipt } from './agent-env.ts'
import { handClock } from './hand-clock.ts'

const second = 1_000
const minute = 60 * second

interface World {
  readonly env: AgentEnv
  readonly clock: ReturnType<typeof handClock>
  readonly sent: Send[]
  readonly courier: Courier
  /** Whether the relay is there. */
  online: boolean
  /** Queues a delivery and lets the courier see it. */
  queue(delivery?: Partial<NewDelivery>): Promise<void>
  poke(): Promise<void>
  /** The relay's word on the newest frame. */
  receipt(status: number): Promise<void>
}

function startWorld(t: TestContext): World {
  const clock = handClock(e.start)
  const env: AgentEnv = { ...makeAgentWorld(t).env, clock }
  const sent: Send[] = []
  const client: RelayClient = {
    send: (frame) => {
      if (frame.type === 'send') sent.push(frame)
      return true
    },
    state: () => ({
      stage: world.online ? 'ready' : 'waiting',
      sinceMs: e.start,
      code: null,
      detail: '',
      retryAtMs: null,
    }),
    retry: () => {},
    close: async () => {},
  }
  const courier = startCourier(env, () => client)
  t.after(() => courier.close())
  const world: World = {
    env,
    clock,
    sent,
    courier,
    online: true,
    queue: async (delivery = {}) => {
      await env.store.activations.commit({
        nowMs: clock.nowMs(),
        addDeliveries: [{ ...policy, firstAtMs: clock.nowMs(), ...delivery }],
      })
      await world.poke()
    },
    poke: async () => {
      await clock.asleep()
      courier.poke()
      await clock.asleep()
    },
    receipt: async (status) => {
      const mid = sent.at(-1)?.mid
      assert(mid)
      await takeReceipt(env, { type: 'receipt', mid, status })
      await world.poke()
    },
  }
  return world
}

const policy: NewDelivery = {
  key: `policy:${e.pin}:41`,
  txn: null,
  of: 'policy',
  to: { pin: e.pin },
  payload: encodePayload({ kind: 'packet', bytes: new Uint8Array([1, 2, 3]) }),
  until: 'answer',
  firstAtMs: e.start,
  endsAtMs: e.start + 7 * 24 * e.hour,
  packet: { kid: 7, seq: 1, tag: new Uint8Array(8) },
}

const mids = ({ sent }: World): string[] => sent.map(({ mid }) => toHex(mid))
const different = (names: readonly string[]): number => new Set(names).size

test('what is queued goes out at once, with the fence and as much life as it has left', async (t) => {
  const world = startWorld(t)
  await world.queue()
  const [frame, ...more] = world.sent
  assert(frame)
  assert.deepEqual(more, [])
  assert.deepEqual(frame.to, { kind: 'handheld', pin: e.pin })
  assert.deepEqual(frame.payload, policy.payload)
  assert.deepEqual(frame.fence, world.env.domain.fence)
  assert.equal(frame.ttlSeconds, 7 * 24 * 3_600)
})

test('no more goes out than the relay may leave unanswered; the rest follows as it answers', async (t) => {
  const world = startWorld(t)
  const addDeliveries = Array.from({ length: 100 }, (_, i) => ({ ...policy, key: `k${i}` }))
  await world.env.store.activations.commit({ nowMs: e.start, addDeliveries })
  await world.poke()
  assert.equal(world.sent.length, 64)
  for (const { mid } of world.sent.slice(0, 15)) world.courier.answered(mid)
  await world.clock.asleep()
  assert.equal(world.sent.length, 64)
  for (const { mid } of world.sent.slice(15, 64)) world.courier.answered(mid)
  await world.clock.asleep()
  assert.equal(world.sent.length, 100)
  assert.equal(different(mids(world)), 100)
})

test('while the relay is away nothing is sent, and all of it when it is back', async (t) => {
  const world = startWorld(t)
  world.online = false
  await world.queue()
  await world.clock.advance(10 * minute)
  assert.deepEqual(world.sent, [])
  world.online = true
  await world.poke()
  assert.equal(world.sent.length, 1)
})

test('a frame without a receipt is asked about every 15 s under its own id', async (t) => {
  const world = startWorld(t)
  await world.queue()
  await world.clock.advance(14 * second)
  assert.equal(world.sent.length, 1)
  await world.clock.advance(31 * second)
  assert.equal(world.sent.length, 4)
  assert.equal(different(mids(world)), 1)
})

test('what the handheld has but has not answered goes out again after 1, 5, 10 minutes, up to the cap', async (t) => {
  const world = startWorld(t)
  await world.queue()
  const pauses: number[] = []
  for (let copy = 1; copy <= 6; copy += 1) {
    await world.receipt(1)
    const sinceMs = world.clock.nowMs()
    while (world.sent.length === copy) await world.clock.advance(30 * second)
    pauses.push((world.clock.nowMs() - sinceMs) / minute)
  }
  assert.deepEqual(pauses, [1, 1, 5, 10, 20, 30])
  assert.equal(different(mids(world)), 7, 'each copy is a frame of its own')
  assert.equal(different(world.sent.map(({ payload }) => toHex(payload))), 1, 'with the same bytes')
})

test('a copy that lies at the relay is not followed by another while it lives', async (t) => {
  const world = startWorld(t)
  await world.queue({ endsAtMs: e.start + 4 * e.hour })
  await world.receipt(0)
  await world.clock.advance(4 * e.hour - minute)
  assert.equal(world.sent.length, 1)
})

test('a full queue is tried again after a minute, then two', async (t) => {
  const world = startWorld(t)
  await world.queue()
  await world.receipt(2)
  await world.clock.advance(59 * second)
  assert.equal(world.sent.length, 1)
  await world.clock.advance(2 * second)
  assert.equal(world.sent.length, 2)
  await world.receipt(2)
  await world.clock.advance(minute)
  assert.equal(world.sent.length, 2)
  await world.clock.advance(minute + second)
  assert.equal(world.sent.length, 3)
})

test('what waits for the receipt alone is done with it', async (t) => {
  const world = startWorld(t)
  await world.queue({ until: 'receipt' })
  await world.receipt(0)
  await world.clock.advance(24 * e.hour)
  assert.equal(world.sent.length, 1)
  assert.equal((await world.env.store.deliveries.byKey(policy.key))?.state, 'answered')
})

test('a message over a dead route is not sent again', async (t) => {
  const world = startWorld(t)
  await world.queue({ of: 'm2', until: 'receipt', to: { token: new Uint8Array(44) } })
  await world.receipt(4)
  await world.clock.advance(24 * e.hour)
  assert.equal(world.sent.length, 1)
})

test('at the end of its life a message is given up, and its activation says so', async (t) => {
  const world = startWorld(t)
  await begin(world, 8)
  await world.queue({ txn: e.txn, endsAtMs: e.start + e.hour })
  await world.receipt(1)
  await world.clock.advance(2 * e.hour)
  assert.equal((await world.env.store.deliveries.byKey(policy.key))?.state, 'given_up')
  assert.equal((await world.env.store.activations.find(e.txn))?.code, 'packet.undelivered')
})

test('a long packet goes out in parts that make it whole again', async (t) => {
  const world = startWorld(t)
  const packet = encodePacket({ header: new Uint8Array([1]), body: new Uint8Array(120_000).fill(7) })
  await world.queue({ payload: encodePayload({ kind: 'packet', bytes: packet }) })
  const parts = world.sent.map(({ payload }) => {
    const decoded = decodePayload(payload)
    assert(decoded.ok && decoded.value.kind === 'part')
    const part = decodePart(decoded.value.bytes)
    assert(part.ok)
    return part.value
  })
  assert.deepEqual(
    parts.map(({ index, count }) => [index, count]),
    [
      [0, 3],
      [1, 3],
      [2, 3],
    ],
  )
  assert.deepEqual(concat(...parts.map(({ chunk }) => chunk)), packet)
  assert.deepEqual(parts[0]?.id, sha256(packet).subarray(0, 16))
  assert.equal(different(mids(world)), 3)
})

test('the receipt of M2 ties the run to the PIN it names, and other runs of that PIN are looked at', async (t) => {
  for (const others of [true, false]) {
    const world = startWorld(t)
    await begin(world, 3)
    if (others) await begin(world, 3, e.otherTxn)
    await world.queue({ key: `m2:${e.txn}`, txn: e.txn, of: 'm2', until: 'receipt' })
    const mid = world.sent.at(-1)?.mid
    assert(mid)
    await takeReceipt(world.env, { type: 'receipt', mid, status: 0, pin: e.pin })
    const { activations } = world.env.store
    assert.equal((await activations.find(e.txn))?.pin, e.pin)
    assert.equal((await activations.find(e.txn))?.stage, 'verifying_encryption')
    const work = await activations.workOf(e.txn)
    assert.equal(
      work.some(({ kind }) => kind === 'supersede_others'),
      others,
    )
    await takeReceipt(world.env, { type: 'receipt', mid, status: 1, pin: e.otherPin })
    assert.equal((await activations.find(e.txn))?.pin, e.pin, 'for good')
  }
})

test('a late word on an older copy says nothing of the copy that is on its way', async (t) => {
  const world = startWorld(t)
  await world.queue({ endsAtMs: e.start + 7 * 24 * e.hour })
  await world.receipt(1)
  await world.clock.advance(minute + second)
  assert.equal(world.sent.length, 2)
  const before = await world.env.store.deliveries.byKey(policy.key)
  const [first] = world.sent
  assert(first)
  await takeReceipt(world.env, { type: 'receipt', mid: first.mid, status: 6 })
  assert.deepEqual(await world.env.store.deliveries.byKey(policy.key), before)
})

test('what is asked for again goes out again, though the relay only now says that the first copy arrived', async (t) => {
  const world = startWorld(t)
  await world.queue({ until: 'receipt' })
  await world.receipt(0)
  world.online = false
  await world.queue({ until: 'receipt' })
  await world.receipt(1)
  world.online = true
  await world.poke()
  assert.equal(world.sent.length, 2)
  assert.equal(different(mids(world)), 2)
})

test('a receipt for a frame nobody knows changes nothing', async (t) => {
  const world = startWorld(t)
  await world.queue()
  const before = await world.env.store.deliveries.byKey(policy.key)
  await takeReceipt(world.env, { type: 'receipt', mid: new Uint8Array(16), status: 0, pin: e.pin })
  assert.deepEqual(await world.env.store.deliveries.byKey(policy.key), before)
})

/** The activation as it stands after so many events of the good run. */
async function begin({ env }: World, count: number, txn = e.txn): Promise<void> {
  const events = e.goodRun.slice(0, count)
  const next = fold(txn, events)
  assert(next)
  const activation = { next, expectedVersion: 0, userId: null, events }
  await env.store.activations.commit({ nowMs: e.start, activation })
}
