/** What waits for handhelds: in which order, and until when. */
import assert from 'node:assert/strict'
import type { ActivationId, Pin } from '#kernel/brand.ts'
import type { NewDelivery } from '#store/deliveries.ts'
import type { NewItem } from '#store/queue.ts'
import type { Store } from '#store/store.ts'
import * as e from '../unit/activation/events.ts'
import { addHandheld } from '../unit/admin/handheld-at-work.ts'
import type { CheckStore } from './store-support.ts'

const nowMs = e.start
const pin = '2100AB3F' as Pin

/** Their ids; each was taken in. */
export const added = async (store: Store, items: readonly NewItem[]): Promise<number[]> =>
  (await store.queue.add(items)).map((id) => {
    assert(id !== null)
    return id
  })

const item = (userId: number, more: Partial<NewItem> = {}): NewItem => ({
  pin,
  userId,
  kind: 'policy',
  digest: 'd',
  nowMs,
  ...more,
})

const states = async (store: Store) =>
  (await store.queue.list({ pin, limit: 100 })).map(({ id, state }) => [id, state])

const command = (userId: number, name: string): NewItem =>
  item(userId, { kind: 'command', command: name, sealed: new Uint8Array([7]) })

/** Under a key it is a packet. */
const delivery = (key: string, to: Pin, kid?: number): NewDelivery => ({
  key,
  txn: null,
  of: 'policy',
  to: { pin: to },
  payload: new Uint8Array([1]),
  until: 'answer',
  firstAtMs: nowMs,
  endsAtMs: nowMs + 1_000_000,
  ...(kid === undefined ? {} : { packet: { kid, seq: 3, tag: new Uint8Array(8) } }),
})

export function queue(check: CheckStore): void {
  check(
    'a newer policy takes the place of one that is not acknowledged, and not of the books',
    async (store) => {
      const { userId } = await addHandheld(store, nowMs, pin)
      const [first, books] = await added(store, [item(userId), item(userId, { kind: 'books' })])
      const [second] = await added(store, [item(userId, { digest: 'e' })])
      assert.deepEqual(await states(store), [
        [second, 'waiting'],
        [books, 'waiting'],
        [first, 'replaced'],
      ])
      assert.equal((await store.queue.givenTo(pin))?.policyDigest, 'e', 'what is queued counts as given')
    },
  )

  check('commands stand in line, and a wipe takes the place of all before it', async (store) => {
    const { userId } = await addHandheld(store, nowMs, pin)
    const [lock, owner] = await added(store, [command(userId, 'lock'), command(userId, 'set_owner')])
    assert.deepEqual(
      (await store.queue.live(pin)).map(({ id }) => id),
      [lock, owner],
    )
    const [wipe] = await added(store, [command(userId, 'wipe')])
    assert.deepEqual(
      (await store.queue.live(pin)).map(({ id }) => id),
      [wipe],
    )
    assert.equal((await store.queue.find(lock ?? 0))?.sealed, null, 'what it said is forgotten')
  })

  check(
    'a policy is owed as long as the one whose place it took, and anew once one was applied',
    async (store) => {
      const { userId } = await addHandheld(store, nowMs, pin)
      const owedMs = async () => (await store.queue.live(pin)).map(({ owedSinceMs }) => owedSinceMs - nowMs)
      await added(store, [item(userId)])
      await added(store, [{ ...item(userId), nowMs: nowMs + 100 }])
      assert.deepEqual(await owedMs(), [0])
      assert.equal((await store.queue.troubled(nowMs + 50)).owed, 1)
      await store.activations.commit({
        nowMs: nowMs + 200,
        account: { kind: 'applied', pin, what: 'policy', number: 1 },
      })
      assert.deepEqual(await owedMs(), [200])
      assert.equal((await store.queue.troubled(nowMs + 50)).owed, 0)
    },
  )

  check('what could not be made was never owed', async (store) => {
    const { userId } = await addHandheld(store, nowMs, pin)
    const [id = 0] = await added(store, [item(userId)])
    await store.queue.change({ id, nowMs, state: 'set_aside', code: 'internal.invariant' })
    await added(store, [{ ...item(userId), nowMs: nowMs + 100 }])
    assert.deepEqual(
      (await store.queue.live(pin)).map(({ owedSinceMs }) => owedSinceMs),
      [nowMs + 100],
    )
  })

  check('what waits for another item is not due until that ends', async (store) => {
    const { userId } = await addHandheld(store, nowMs, pin)
    const [policy = 0, books = 0] = await added(store, [item(userId), item(userId, { kind: 'books' })])
    await store.queue.waitFor(books, policy)
    assert.deepEqual(
      (await store.queue.due(nowMs, 10)).map(({ id }) => id),
      [policy],
    )
    await store.queue.change({ id: policy, nowMs: nowMs + 1, state: 'done' })
    assert.deepEqual(
      (await store.queue.due(nowMs + 1, 10)).map(({ id }) => id),
      [books],
    )
    await store.queue.waitFor(books, policy)
    assert.equal((await store.queue.due(nowMs + 1, 10)).length, 1, 'one that has ended is not waited for')
  })

  check('an item that has ended stays as it ended, and one sent anew stops its old packet', async (store) => {
    const { userId } = await addHandheld(store, nowMs, pin)
    const [id = 0] = await added(store, [item(userId)])
    const delivery = (key: string) => ({
      key,
      txn: null,
      of: 'policy' as const,
      to: { pin },
      payload: new Uint8Array([1]),
      until: 'answer' as const,
      firstAtMs: nowMs,
      endsAtMs: nowMs + 1_000_000,
    })
    for (const key of ['item:1:5', 'item:1:6'])
      await store.activations.commit({
        nowMs,
        item: { id, nowMs, state: 'out', deliveryKey: key, number: 5, tried: 'sent' },
        addDeliveries: [delivery(key)],
      })
    assert.equal((await store.deliveries.byKey('item:1:5'))?.state, 'stopped')
    assert.equal((await store.deliveries.byKey('item:1:6'))?.state, 'running')
    assert.equal(await store.queue.cancel(id, nowMs), true)
    assert.equal((await store.deliveries.byKey('item:1:6'))?.state, 'stopped')
    await store.queue.change({ id, nowMs, state: 'done' })
    assert.equal((await store.queue.find(id))?.state, 'cancelled')
    assert.equal(await store.queue.cancel(id, nowMs), false)
    assert.equal(await store.queue.again(id, nowMs), true)
    const again = await store.queue.find(id)
    assert.deepEqual([again?.state, again?.tries, again?.dueAtMs], ['waiting', 0, nowMs])
  })

  check('a command that has ended cannot begin again: what it said is gone', async (store) => {
    const { userId } = await addHandheld(store, nowMs, pin)
    const [id = 0] = await added(store, [command(userId, 'lock')])
    await store.queue.change({ id, nowMs, state: 'done' })
    assert.equal(await store.queue.again(id, nowMs), false)
  })

  check('a new activation of the handheld clears its queue in the same commit', async (store) => {
    const { userId } = await addHandheld(store, nowMs, pin)
    await added(store, [item(userId), command(userId, 'lock')])
    await addHandheld(store, nowMs + 5, pin)
    assert.deepEqual(await store.queue.live(pin), [])
    assert.deepEqual(await store.queue.list({ pin, open: true, limit: 10 }), [])
  })

  check('a handheld whose wipe was acknowledged ends when it must be empty, with its keys', async (store) => {
    const { userId, kid } = await addHandheld(store, nowMs, pin)
    await added(store, [item(userId)])
    await store.activations.commit({ nowMs, account: { kind: 'wipe', pin, item: 1, atMs: nowMs + 60_000 } })
    assert.equal(await store.queue.nextWipeAtMs(), nowMs + 60_000)
    assert.notEqual(await store.queue.givenTo(pin), null, 'until then it is governed')
    assert.equal(await store.queue.endWiped(nowMs + 59_999), 0)
    assert.notEqual(await store.handhelds.key(pin, kid), null)
    assert.equal(await store.queue.endWiped(nowMs + 60_000), 1)
    assert.equal(await store.handhelds.key(pin, kid), null)
    assert.equal((await store.handhelds.byPin(pin))[0]?.state, 'wiped')
    assert.deepEqual(await store.queue.live(pin), [])
    assert.deepEqual(await store.handhelds.servedPins(), [])
  })

  check('a wipe that waits ends with the account it was ordered for', async (store) => {
    await addHandheld(store, nowMs, pin)
    await store.activations.commit({ nowMs, account: { kind: 'wipe', pin, item: 1, atMs: nowMs + 60_000 } })
    await addHandheld(store, nowMs + 5, pin)
    assert.equal(await store.queue.nextWipeAtMs(), null)
    assert.equal(await store.queue.endWiped(nowMs + 60_000), 0)
    assert.equal((await store.handhelds.byPin(pin))[0]?.state, 'active')
  })

  check('what is out under a key that is erased is sealed anew', async (store) => {
    const { userId, kid } = await addHandheld(store, nowMs, pin)
    const [id] = await store.queue.add([item(userId)])
    assert(id)
    await store.activations.commit({
      nowMs,
      item: { id, nowMs, state: 'out', deliveryKey: 'item:1:5', number: 5, tried: 'sent' },
      addDeliveries: [delivery('item:1:5', pin, kid)],
    })
    await store.activations.commit({ nowMs: nowMs + 9, eraseKeys: { pin, kids: [kid] } })
    const again = await store.queue.find(id)
    assert.deepEqual([again?.state, again?.dueAtMs], ['waiting', nowMs + 9])
    assert.equal((await store.deliveries.byKey('item:1:5'))?.state, 'stopped')
  })

  check(
    'a handheld that activates under a date that was set back takes the place of the older one',
    async (store) => {
      const one = await addHandheld(store, nowMs, pin)
      const other = '2100AB40' as Pin
      await addHandheld(store, nowMs - 3_600_000, other, undefined, undefined, 1)
      const states = (await store.handhelds.byUser(one.userId)).map((account) => [account.pin, account.state])
      assert.deepEqual(states.toSorted(), [
        [pin, 'replaced'],
        [other, 'active'],
      ])
      assert.notEqual(await store.handhelds.currentKey(other), null)
      assert.equal(await store.handhelds.currentKey(pin), null)
    },
  )

  check('what waits for the handhelds of a user who is removed goes with the user', async (store) => {
    const { userId, kid } = await addHandheld(store, nowMs, pin)
    const [id = 0] = await added(store, [item(userId)])
    await added(store, [command(userId, 'lock')])
    await store.activations.commit({
      nowMs,
      item: { id, nowMs, state: 'out', deliveryKey: 'item:1:5', number: 5, tried: 'sent' },
      addDeliveries: [delivery('item:1:5', pin, kid)],
    })
    await store.users.remove(userId, nowMs + 1)
    assert.deepEqual(await store.queue.list({ pin, open: true, limit: 10 }), [])
    assert.deepEqual(await store.deliveries.runningFor({ pin }), [])
    assert.equal(await store.queue.nextDueAtMs(), null)
  })

  check('an account that ends leaves the key of a run that is under way', async (store) => {
    await addHandheld(store, nowMs, pin)
    const txn = 'f'.repeat(32) as ActivationId
    const key = { pin, kid: 77, suite: 1, txn, sealed: new Uint8Array(1), nextSeq: 1 } as const
    await store.activations.commit({
      nowMs,
      addKey: { ...key, window: new Uint8Array() },
      addDeliveries: [{ ...delivery(`m4:${txn}`, pin), txn, of: 'm4' }, delivery('ack', pin)],
    })
    await store.handhelds.end(pin, 'removed', nowMs)
    const kids = (await store.handhelds.keys(pin)).map(({ kid }) => kid)
    assert.deepEqual(kids, [77])
    const left = (await store.deliveries.runningFor({ pin })).map(({ of }) => of)
    assert.deepEqual(left, ['m4'])
  })

  check('a removed handheld has no key, and nothing goes to it', async (store) => {
    await addHandheld(store, nowMs, pin)
    assert.equal(await store.handhelds.end(pin, 'removed', nowMs), true)
    assert.equal(await store.handhelds.end(pin, 'removed', nowMs), false)
    assert.equal(await store.handhelds.currentKey(pin), null)
    assert.deepEqual(await store.deliveries.runningFor({ pin }), [])
  })
}
