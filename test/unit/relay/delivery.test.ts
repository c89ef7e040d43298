import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { Pin, SrpId } from '#kernel/brand.ts'
import { startDelivery } from '#relay/delivery.ts'
import type { QueuedFrame, RelayStore } from '#store/relay.ts'

const receiver = '2100000A' as Pin
const queued = (id: number): QueuedFrame => ({
  id,
  sender: 'S00000001' as SrpId,
  mid: new Uint8Array(16).fill(id),
  tokenPin: null,
  payload: Uint8Array.of(id),
})

/** What is in the receiver's queue on disk, how often it was read, and what went out. */
let queue: number[] = []
let reads = 0
let sent: number[] = []
let choked = false
beforeEach(() => {
  queue = []
  reads = 0
  sent = []
  choked = false
})

const store = {
  listQueued: async (_receiver, afterId, limit) => {
    reads += 1
    const found = queue.filter((id) => id > afterId).slice(0, limit)
    await turn()
    return found.map(queued)
  },
} as Partial<RelayStore> as RelayStore

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const settle = async (): Promise<void> => {
  for (let i = 0; i < 8; i += 1) await turn()
}

function start(window = 32) {
  const delivery = startDelivery({
    store,
    receiver,
    window,
    deliver: ({ payload }) => sent.push(payload[0] ?? 0),
    isChoked: () => choked,
    failed: (error) => assert.fail(String(error)),
  })
  const offer = (id: number): void => {
    queue.push(id)
    delivery.offer(queued(id))
  }
  const ack = (id: number): void => {
    delivery.acked(new Uint8Array(16).fill(id))
    queue = queue.filter((one) => one !== id)
  }
  return { ...delivery, offer, ack }
}

test('once the queue was read to its end, a new frame goes out without another look', async () => {
  const { offer, ack, wake } = start()
  queue.push(1)
  wake()
  await settle()
  reads = 0
  offer(3)
  offer(4)
  ack(3)
  ack(4)
  offer(9)
  assert.deepEqual([sent, reads], [[1, 3, 4, 9], 0])
})

test('what waits before a frame is delivered first, whether or not anybody has looked', async () => {
  const { offer, wake } = start()
  queue.push(1)
  offer(2)
  await settle()
  queue.push(3)
  wake()
  offer(4)
  await settle()
  assert.deepEqual(sent, [1, 2, 3, 4])
})

test('what comes while the queue is being read goes out once, and in order', async () => {
  const { offer, wake } = start()
  queue.push(1, 2)
  wake()
  offer(3)
  await settle()
  offer(4)
  assert.deepEqual(sent, [1, 2, 3, 4])
})

test('a frame that was read already is not delivered again when it is offered', async () => {
  const { offer, wake } = start()
  queue.push(5)
  wake()
  await settle()
  queue.pop()
  offer(5)
  await settle()
  assert.deepEqual(sent, [5])
})

test('a full window and a line that is behind hold frames back until there is room', async () => {
  const { offer, ack, wake } = start(2)
  for (const id of [1, 2, 3, 4]) offer(id)
  await settle()
  assert.deepEqual(sent, [1, 2])
  ack(1)
  await settle()
  assert.deepEqual(sent, [1, 2, 3])
  choked = true
  ack(2)
  offer(5)
  await settle()
  assert.deepEqual(sent, [1, 2, 3])
  choked = false
  wake()
  await settle()
  assert.deepEqual(sent, [1, 2, 3, 4])
})

test('nothing is delivered once it has stopped', async () => {
  const { offer, stop } = start()
  stop()
  offer(1)
  await settle()
  assert.deepEqual([sent, reads], [[], 0])
})
