/** What a store forgets, and what it keeps whatever its age. */
import assert from 'node:assert/strict'
import type { Activation } from '#activation/activation.ts'
import { fold } from '#activation/reduce.ts'
import type { ActivationId, MailAddress } from '#kernel/brand.ts'
import type { NewDelivery } from '#store/deliveries.ts'
import type { ItemState } from '#store/queue.ts'
import type { Store } from '#store/store.ts'
import * as e from '../unit/activation/events.ts'
import { addHandheld } from '../unit/admin/handheld-at-work.ts'
import { bytes, type CheckStore } from './store-support.ts'

const day = 24 * e.hour
const later = e.start + 400 * day
const limit = 100

const forgetAll = (store: Store, nowMs: number, rows = limit) =>
  store.retention.forget({ messagesBeforeMs: nowMs - day, historyBeforeMs: nowMs - 365 * day, limit: rows })

const message = (key: string): NewDelivery => ({
  key,
  txn: null,
  of: 'error',
  to: { pin: e.pin },
  payload: bytes(1),
  until: 'receipt',
  firstAtMs: e.start,
  endsAtMs: e.start + day,
})

async function withRun(
  store: Store,
  txn: ActivationId,
  ended: boolean,
  grantId?: number,
): Promise<Activation> {
  const begun = fold(e.txn, e.goodRun.slice(0, 2))
  assert(begun)
  const { grantId: _, ...rest } = begun
  const own = { ...rest, txn, ...(grantId === undefined ? {} : { grantId }) }
  const next: Activation = ended ? { ...own, phase: 'stopped', stage: 'failed', code: 'grant.none' } : own
  const activation = { next, expectedVersion: 0, userId: null, events: e.goodRun.slice(0, 2) }
  assert.equal(await store.activations.commit({ nowMs: e.start, activation }), 'done')
  return next
}

const txnOf = (n: number) => n.toString(16).padStart(32, '0') as ActivationId

export function retention(check: CheckStore): void {
  check(
    'a message that was answered is forgotten a day after its life, one that runs is not',
    async (store) => {
      const addDeliveries = [message('answered'), message('running')]
      await store.activations.commit({ nowMs: e.start, addDeliveries })
      const answered = await store.deliveries.byKey('answered')
      assert(answered)
      await store.deliveries.attempted(answered.id, [bytes(7)], e.start, e.start)
      await store.deliveries.end(answered.id, 'answered')
      assert.equal(await forgetAll(store, e.start + 2 * day), 0)
      assert.equal(await forgetAll(store, e.start + 2 * day + 1), 1)
      assert.equal(await store.deliveries.byKey('answered'), null)
      assert.equal(await store.deliveries.byMid(bytes(7)), null)
      assert(await store.deliveries.byKey('running'))
    },
  )

  check(
    'an activation that ended is forgotten with its events when it is old, an open one is not',
    async (store) => {
      await withRun(store, txnOf(1), true)
      await withRun(store, txnOf(2), false)
      assert.equal(await forgetAll(store, e.start + 300 * day), 0)
      assert.ok((await forgetAll(store, later)) > 0)
      assert.equal(await store.activations.find(txnOf(1)), null)
      assert.deepEqual(await store.activations.events(txnOf(1)), [])
      assert(await store.activations.find(txnOf(2)))
      assert.equal((await store.activations.events(txnOf(2))).length, 2)
    },
  )

  check('old activations go in portions, the oldest first, until none is left', async (store) => {
    for (const n of [1, 2, 3]) await withRun(store, txnOf(n), true)
    await forgetAll(store, later, 2)
    assert.equal((await store.activations.list({ limit: 10 })).length, 1)
    await forgetAll(store, later, 2)
    assert.equal((await store.activations.list({ limit: 10 })).length, 0)
    assert.equal(await forgetAll(store, later, 2), 0)
  })

  check("the activation of a live handheld's key is kept whatever its age", async (store) => {
    const { pin } = e
    const key = {
      pin,
      kid: 7,
      suite: 1,
      txn: txnOf(1),
      sealed: bytes(1),
      window: bytes(),
      nextSeq: 0,
      state: 'pending',
    } as const
    await withRun(store, txnOf(1), true)
    await store.activations.commit({ nowMs: e.start, addKey: key })
    assert.equal(await forgetAll(store, later), 0)
    assert(await store.activations.find(txnOf(1)))
  })

  check('how far a mailbox was read is forgotten where it is nobody’s any more', async (store) => {
    const address = 'alice@example.test' as MailAddress
    await store.users.add({ address, displayName: '', aliases: [], nowMs: e.start })
    const cursor = { folder: 'INBOX', uidValidity: 1, nextUid: 5 }
    await store.watches.move(
      [
        { ...cursor, owner: address },
        { ...cursor, owner: 'gone@example.test' as MailAddress },
      ],
      e.start,
    )
    assert.equal(await forgetAll(store, e.start), 1)
    assert.deepEqual(
      (await store.watches.list()).map(({ owner }) => owner),
      [address],
    )
  })

  check('what a handheld was given long ago is forgotten, but for the newest of each kind', async (store) => {
    const { userId } = await addHandheld(store, e.start, e.pin)
    const add = async (kind: 'policy' | 'command', state: ItemState | null) => {
      const item = { pin: e.pin, userId, nowMs: e.start } as const
      const command = { ...item, kind: 'command', command: 'lock', sealed: bytes(1) } as const
      const [id] = await store.queue.add([kind === 'policy' ? { ...item, kind, digest: 'd' } : command])
      assert(id)
      if (state) await store.queue.change({ id, nowMs: e.start, state })
      return id
    }
    await add('policy', 'done')
    const newestDone = await add('policy', 'done')
    await add('policy', 'cancelled')
    const newest = await add('policy', 'cancelled')
    await add('command', 'done')
    const lock = await add('command', 'done')
    const refused = await add('command', 'refused')
    const live = await add('command', null)
    assert.equal(await forgetAll(store, e.start + 300 * day), 0)
    assert.equal(await forgetAll(store, later), 3)
    assert.deepEqual(
      (await store.queue.list({ limit: 10 })).map(({ id }) => id),
      [live, refused, lock, newest, newestDone],
    )
  })

  check("a user's closed passwords are forgotten when they are old, but for the newest", async (store) => {
    const address = 'alice@example.test' as MailAddress
    const userId = await store.users.add({ address, displayName: '', aliases: [], nowMs: e.start })
    assert(userId !== null)
    const open = () =>
      store.users.openGrant({
        userId,
        origin: 'typed',
        expiresAtMs: e.start + day,
        records: [],
        nowMs: e.start,
      })
    const [first, used, newest] = [await open(), await open(), await open()]
    await store.users.revokeGrant(userId, e.start)
    await withRun(store, txnOf(1), false, used)
    assert.equal(await forgetAll(store, later), 1)
    assert.equal(await store.users.grant(first), null)
    assert(await store.users.grant(used), 'an activation runs under it')
    assert(await store.users.grant(newest))
  })
}
