/** What is on its way to handhelds, and what the relay says of it. */
import assert from 'node:assert/strict'
import type { NewDelivery } from '#store/deliveries.ts'
import type { Store } from '#store/store.ts'
import * as e from '../unit/activation/events.ts'
import { bytes, type CheckStore } from './store-support.ts'

export const delivery = (over: Partial<NewDelivery> = {}): NewDelivery => ({
  key: 'policy:2100000A:41',
  txn: e.txn,
  of: 'policy',
  to: { pin: e.pin },
  payload: bytes(1, 2, 3),
  until: 'answer',
  firstAtMs: e.start,
  endsAtMs: e.start + 100 * e.hour,
  packet: { kid: 7, seq: 3, tag: bytes(9, 9) },
  ...over,
})

export function deliveries(check: CheckStore): void {
  const add = (store: Store, ...addDeliveries: NewDelivery[]) =>
    store.activations.commit({ nowMs: e.start, addDeliveries })
  const note = (
    store: Store,
    deliveryId: number,
    status: number,
    at: number,
    nextAtMs: number | null = null,
  ) =>
    store.activations.commit({
      nowMs: e.start + at,
      receipts: [{ deliveryId, status, atMs: e.start + at, nextAtMs }],
    })

  check('a delivery is found by frame and by packet, and its answer ends it', async (store) => {
    await add(store, delivery())
    const [due] = await store.deliveries.due(e.start, 10)
    assert(due)
    await store.deliveries.attempted(due.id, [bytes(5)], e.start, e.start + 15_000)
    assert.equal((await store.deliveries.byMid(bytes(5)))?.id, due.id)
    assert.equal((await store.deliveries.byPacket(e.pin, 7, 3))?.id, due.id)
    await note(store, due.id, 1, 10, e.start + 60_000)
    assert.equal((await store.deliveries.byKey(due.key))?.state, 'running')
    await store.activations.commit({ nowMs: e.start, ack: { deliveryId: due.id } })
    assert.equal((await store.deliveries.byKey(due.key))?.state, 'answered')
    assert.equal(await store.deliveries.nextDueAtMs(), null)
  })

  check(
    'the receipt of the newest copy is known as that, and older ones are not, whatever the date',
    async (store) => {
      await add(store, delivery())
      const [due] = await store.deliveries.due(e.start, 10)
      assert(due)
      const isAnswered = async () => {
        const kept = await store.deliveries.byKey(due.key)
        return kept?.receiptAtMs != null && kept.receiptAtMs >= (kept.sentAtMs ?? 0)
      }
      await store.deliveries.attempted(due.id, [bytes(5)], e.start + e.hour, e.start + e.hour)
      assert.equal(await isAnswered(), false)
      await note(store, due.id, 6, 10)
      assert.equal(await isAnswered(), true, 'though the date was set back between sending and receipt')
      await store.deliveries.attempted(due.id, [bytes(6)], e.start + 20, e.start + 20)
      assert.equal(await isAnswered(), false, 'though the copy before was sent an hour later by its date')
      await note(store, due.id, 1, 20)
      assert.equal(await isAnswered(), true)
    },
  )

  check(
    'a delivery that waits for its receipt only ends with it, and goes out again when asked for',
    async (store) => {
      const m2 = delivery({ key: 'm2:x', of: 'm2', to: { token: bytes(4) }, until: 'receipt' })
      await add(store, m2)
      const [due] = await store.deliveries.due(e.start, 10)
      assert(due)
      await store.deliveries.attempted(due.id, [bytes(6)], e.start, e.start + 15_000)
      await note(store, due.id, 0, 10)
      assert.equal((await store.deliveries.byKey('m2:x'))?.state, 'answered')
      await add(store, { ...m2, to: { token: bytes(8) } })
      const [again] = await store.deliveries.due(e.start, 10)
      assert.deepEqual(again?.to, { token: bytes(8) })
      assert.deepEqual(again?.payload, bytes(1, 2, 3))
    },
  )

  check('what is asked for again after its end lives on, and is never cut short by it', async (store) => {
    await add(store, delivery({ endsAtMs: e.start + e.hour }))
    const [sent] = await store.deliveries.due(e.start, 10)
    assert(sent)
    await store.deliveries.end(sent.id, 'given_up')
    const atMs = e.start + 2 * e.hour
    await store.deliveries.again(sent.key, atMs, atMs + e.hour)
    const [again] = await store.deliveries.due(atMs, 10)
    assert.deepEqual([again?.state, again?.endsAtMs], ['running', atMs + e.hour])
    await store.deliveries.again(sent.key, atMs, atMs)
    assert.equal((await store.deliveries.byKey(sent.key))?.endsAtMs, atMs + e.hour)
  })

  check('a receipt remembers since when the relay has said the same', async (store) => {
    await add(store, delivery())
    const [due] = await store.deliveries.due(e.start, 10)
    assert(due)
    for (const [status, at] of [
      [3, 10],
      [3, 20],
      [0, 30],
    ] as const)
      await note(store, due.id, status, at)
    const kept = await store.deliveries.byKey(due.key)
    assert.deepEqual([kept?.receiptAtMs, kept?.receiptSinceMs], [e.start + 30, e.start + 30])
  })

  check('a delivery that takes another route takes other frame ids', async (store) => {
    const m2 = delivery({ key: 'm2:y', of: 'm2', to: { token: bytes(4) }, until: 'receipt' })
    await add(store, m2)
    const [due] = await store.deliveries.due(e.start, 10)
    assert(due)
    await store.deliveries.attempted(due.id, [bytes(6)], e.start, e.start + 15_000)
    await add(store, m2)
    assert.deepEqual((await store.deliveries.byKey('m2:y'))?.mids, [bytes(6)])
    await add(store, { ...m2, to: { token: bytes(8) } })
    assert.deepEqual((await store.deliveries.byKey('m2:y'))?.mids, [])
  })

  check(
    'at a log-in what has no receipt is due, and what was stored is asked about under its own id',
    async (store) => {
      await add(
        store,
        delivery(),
        delivery({ key: 'books:2100000A:42', packet: { kid: 7, seq: 4, tag: bytes(1) } }),
      )
      const [policy, books] = await store.deliveries.due(e.start, 10)
      assert(policy && books)
      await store.deliveries.attempted(policy.id, [bytes(5)], e.start, e.start + 15_000)
      await store.deliveries.attempted(books.id, [bytes(6)], e.start, e.start + 15_000)
      await note(store, books.id, 1, 10, e.start + 60_000)
      await store.deliveries.hurryAtLogin(e.start + 100)
      assert.deepEqual(
        (await store.deliveries.due(e.start + 100, 10)).map(({ key }) => key),
        [policy.key],
      )
      await note(store, books.id, 0, 10, e.start + 60_000)
      await store.deliveries.hurryAtLogin(e.start + 100)
      const asked = (await store.deliveries.due(e.start + 100, 10)).find(({ id }) => id === books.id)
      assert.deepEqual([asked?.mids, asked?.receiptAtMs], [[bytes(6)], null])
    },
  )

  check(
    'what was queued under a date that was ahead, and never sent, is due at the next log-in',
    async (store) => {
      await add(store, delivery({ firstAtMs: e.start + 26 * 3_600_000 }))
      assert.deepEqual(await store.deliveries.due(e.start, 10), [])
      await store.deliveries.hurryAtLogin(e.start)
      assert.equal((await store.deliveries.due(e.start, 10)).length, 1)
    },
  )

  check('what was refused as fenced or not listed is due again at the next log-in', async (store) => {
    await add(store, delivery())
    const [policy] = await store.deliveries.due(e.start, 10)
    assert(policy)
    for (const [status, due] of [
      [5, 1],
      [3, 1],
      [4, 0],
      [7, 0],
    ] as const) {
      await note(store, policy.id, status, 10, policy.endsAtMs)
      await store.deliveries.attempted(policy.id, [bytes(status)], e.start, policy.endsAtMs)
      await note(store, policy.id, status, 10, policy.endsAtMs)
      await store.deliveries.hurryAtLogin(e.start + 100)
      assert.equal((await store.deliveries.due(e.start + 100, 10)).length, due, `receipt ${status}`)
    }
  })

  check('what was delivered before the date was set back is due again at the next log-in', async (store) => {
    await add(store, delivery())
    const [policy] = await store.deliveries.due(e.start, 10)
    assert(policy)
    await store.deliveries.attempted(policy.id, [bytes(1)], e.start + 100, e.start + 26 * e.hour)
    await note(store, policy.id, 1, 110, e.start + 26 * e.hour)
    await store.deliveries.hurryAtLogin(e.start + 200)
    assert.equal((await store.deliveries.due(e.start + 200, 10)).length, 0)
    await store.deliveries.hurryAtLogin(e.start + 50)
    assert.equal((await store.deliveries.due(e.start + 50, 10)).length, 1)
  })

  check(
    'what was sent in time and told of under a date that was ahead is due at the next log-in',
    async (store) => {
      await add(store, delivery())
      const [policy] = await store.deliveries.due(e.start, 10)
      assert(policy)
      await store.deliveries.attempted(policy.id, [bytes(1)], e.start, e.start + 100)
      await note(store, policy.id, 1, 26 * e.hour, e.start + 27 * e.hour)
      await store.deliveries.hurryAtLogin(e.start + 200)
      assert.equal((await store.deliveries.due(e.start + 200, 10)).length, 1)
    },
  )
}
