/** Several processes, and dates that are put right, at the queue of what handhelds are due. */
import assert from 'node:assert/strict'
import type { Pin } from '#kernel/brand.ts'
import type { NewItem } from '#store/queue.ts'
import type { Store } from '#store/store.ts'
import * as e from '../unit/activation/events.ts'
import { addHandheld } from '../unit/admin/handheld-at-work.ts'
import { added } from './store-queue-items.ts'
import type { CheckStore } from './store-support.ts'

const nowMs = e.start
const pin = '2100AB3F' as Pin
const policyFor = (userId: number): NewItem => ({ pin, userId, kind: 'policy', digest: 'd', nowMs })

const dayMs = 86_400_000
const wipeWaitMs = 600_000

/** A wipe was ordered with a wait, and acknowledged at that time. */
async function wipeTaken(store: Store, atMs: number): Promise<void> {
  const { userId } = await addHandheld(store, nowMs, pin)
  const wipe = { ...policyFor(userId), kind: 'command', command: 'wipe', sealed: new Uint8Array(1) } as const
  const [id = 0] = await added(store, [wipe])
  await store.activations.commit({
    nowMs: atMs,
    item: { id, nowMs: atMs, state: 'done' },
    account: { kind: 'wipe', pin, item: id, atMs: atMs + wipeWaitMs },
  })
}

export function queueRaces(check: CheckStore): void {
  check('of two processes that send one item one does, and nothing of the other is kept', async (store) => {
    const { userId } = await addHandheld(store, nowMs, pin)
    const [id = 0] = await added(store, [policyFor(userId)])
    const [item] = await store.queue.due(nowMs, 10)
    assert(item)
    const send = (number: number) =>
      store.activations.commit({
        nowMs,
        item: {
          id,
          nowMs,
          state: 'out',
          number,
          deliveryKey: `item:${number}`,
          tried: 'sent',
          ifWaiting: item,
        },
        account: { kind: 'sent', pin, what: 'policy', number, digest: `of ${number}` },
      })
    assert.deepEqual([await send(5), await send(6)], ['done', 'conflict'])
    const kept = await store.queue.find(id)
    assert.deepEqual([kept?.number, kept?.tries], [5, 1])
    assert.equal((await store.handhelds.byPin(pin))[0]?.policy.sent, 5)
  })

  check('what was cancelled while it was being sealed does not go', async (store) => {
    const { userId } = await addHandheld(store, nowMs, pin)
    const [id = 0] = await added(store, [policyFor(userId)])
    const [item] = await store.queue.due(nowMs, 10)
    assert(item)
    assert.equal(await store.queue.cancel(id, nowMs), true)
    const sent = {
      id,
      nowMs,
      state: 'out',
      number: 5,
      deliveryKey: 'item:5',
      tried: 'sent',
      ifWaiting: item,
    } as const
    assert.equal(await store.activations.commit({ nowMs, item: sent }), 'conflict')
    assert.equal((await store.queue.find(id))?.state, 'cancelled')
  })

  check('nothing is queued for a handheld that has stopped working, nor begun again', async (store) => {
    const { userId } = await addHandheld(store, nowMs, pin)
    const [id = 0] = await added(store, [policyFor(userId)])
    await store.queue.cancel(id, nowMs)
    await store.handhelds.end(pin, 'removed', nowMs)
    assert.deepEqual(await store.queue.add([policyFor(userId)]), [null])
    assert.equal(await store.queue.again(id, nowMs), false)
    assert.deepEqual(await store.queue.live(pin), [])
  })

  check('what came to wait under a date that was ahead is due once the date is right', async (store) => {
    const { userId } = await addHandheld(store, nowMs, pin)
    const laterMs = nowMs + 26 * 3_600_000
    const [id = 0] = await added(store, [{ ...policyFor(userId), nowMs: laterMs }])
    assert.deepEqual(await store.queue.due(nowMs, 10), [])
    await store.queue.bringBack(nowMs)
    assert.deepEqual(
      (await store.queue.due(nowMs, 10)).map((item) => item.id),
      [id],
    )
    await store.queue.change({ id, nowMs, state: 'out' })
    await store.queue.change({ id, nowMs, state: 'waiting', dueAtMs: nowMs + 60_000 })
    await store.queue.bringBack(nowMs)
    assert.deepEqual(await store.queue.due(nowMs, 10), [], 'a pause that was asked for is kept')
  })

  check(
    'a wipe taken under a date that was ahead ends as long after that, once, whoever saw it',
    async (store) => {
      await wipeTaken(store, nowMs + dayMs)
      await store.queue.bringForward(dayMs, nowMs)
      await store.queue.bringForward(dayMs, nowMs)
      assert.equal(await store.queue.nextWipeAtMs(), nowMs + wipeWaitMs, 'two agents have seen it')
      await store.queue.bringBack(nowMs)
      assert.equal(await store.queue.nextWipeAtMs(), nowMs + wipeWaitMs, 'and one is started again')
    },
  )

  check('and where nobody saw it, too', async (store) => {
    await wipeTaken(store, nowMs + dayMs)
    await store.queue.bringBack(nowMs)
    await store.queue.bringBack(nowMs + 1_000)
    assert.equal(await store.queue.nextWipeAtMs(), nowMs + wipeWaitMs)
  })

  check('of two acknowledgements that come in the wrong order the higher number counts', async (store) => {
    await addHandheld(store, nowMs, pin)
    for (const number of [66, 65])
      await store.activations.commit({ nowMs, account: { kind: 'applied', pin, what: 'policy', number } })
    assert.equal((await store.handhelds.byPin(pin))[0]?.policy.applied, 66)
  })
}
