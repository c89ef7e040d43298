/** What every store must do, whatever keeps it: one line per backend in store.test.ts. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Activation } from '#activation/activation.ts'
import { fold } from '#activation/reduce.ts'
import type { ActivationId } from '#kernel/brand.ts'
import type { WorkKind } from '#store/activations.ts'
import type { NewDelivery } from '#store/deliveries.ts'
import type { Store } from '#store/store.ts'
import * as e from '../unit/activation/events.ts'
import { accounts, audit, restored } from './store-audit.ts'
import { deliveries } from './store-deliveries.ts'
import { grants } from './store-grants.ts'
import { groups } from './store-groups.ts'
import { handhelds, rest } from './store-handhelds.ts'
import { policies } from './store-policies.ts'
import { queueRaces } from './store-queue.ts'
import { queue } from './store-queue-items.ts'
import { retention } from './store-retention.ts'
import {
  alias,
  alice,
  bytes,
  type CheckStore,
  openGrant,
  runUnder,
  state,
  withUser,
} from './store-support.ts'
import { usersInBulk } from './store-users.ts'

export type OpenStore = (t: TestContext) => Promise<Store>

export function storeContract(name: string, open: OpenStore): void {
  const check = (sentence: string, body: (store: Store) => Promise<void>) =>
    test(`${name}: ${sentence}`, async (t) => body(await open(t)))
  users(check)
  groups(check)
  usersInBulk(check)
  grants(check)
  commits(check)
  deliveries(check)
  handhelds(check)
  rest(check)
  policies(check)
  queue(check)
  queueRaces(check)
  retention(check)
  audit(check)
  accounts(check)
  restored(check)
}

function users(check: CheckStore): void {
  check('a user is found by every address, and an address is taken once', async (store) => {
    const id = await withUser(store)
    assert.equal((await store.users.byAddress(alias))?.id, id)
    assert.deepEqual((await store.users.byAddress(alice))?.aliases, [alias])
    const again = await store.users.add({ address: alias, displayName: '', aliases: [], nowMs: e.start })
    assert.equal(again, null)
    assert.equal(await store.users.count(), 1)
  })

  check('a removed user takes grants, records and watch along', async (store) => {
    const id = await withUser(store)
    const grantId = await openGrant(store, id)
    await store.watches.move([{ owner: alice, folder: 'INBOX', uidValidity: 1, nextUid: 5 }], e.start)
    await store.users.remove(id, e.start)
    assert.equal(await store.users.byAddress(alice), null)
    assert.equal(await store.users.grant(grantId), null)
    assert.equal(await store.users.record(grantId, alice, 1), null)
    assert.equal(await store.watches.find(alice, 'INBOX'), null)
  })

  check("a removed user is told to each run that is open, and its id is nobody else's", async (store) => {
    const id = await withUser(store)
    await store.activations.commit(runUnder(await openGrant(store, id), id))
    await store.users.remove(id, e.start)
    const due = await store.activations.dueWork(e.start, 10)
    assert.deepEqual(
      due.map(({ kind, lastCode }) => [kind, lastCode]),
      [['close_run', 'user.removed']],
    )
    assert.notEqual(await withUser(store), id)
  })

  check('why a run is to end is kept when the word could not be taken at once', async (store) => {
    const id = await withUser(store)
    await store.activations.commit(runUnder(await openGrant(store, id), id))
    await store.users.remove(id, e.start)
    const [word] = await store.activations.dueWork(e.start, 1)
    assert(word)
    await store.activations.putOffWork(word.key, e.start, 'store.unavailable')
    const [again] = await store.activations.dueWork(e.start, 1)
    assert.deepEqual([again?.lastCode, again?.tries], ['user.removed', 1])
  })

  check(
    'an erased user leaves no activation, handheld or message behind, and nobody else loses one',
    async (store) => {
      const id = await withUser(store)
      const addDeliveries = [e.txn, e.otherTxn].map((txn) => policyFor(txn))
      await store.activations.commit({ ...runUnder(await openGrant(store, id), id), addDeliveries })
      await store.users.erase(id, e.start)
      assert.equal(await store.users.byAddress(alice), null)
      assert.deepEqual(await store.activations.list({ limit: 10 }), [])
      assert.deepEqual(await store.activations.events(e.txn), [])
      assert.deepEqual(await store.activations.dueWork(e.start, 10), [])
      const left = await store.deliveries.due(e.start, 10)
      assert.deepEqual(
        left.map(({ txn }) => txn),
        [e.otherTxn],
      )
    },
  )

  check(
    "the password of a user's mailbox is kept sealed, replaced, dropped, and goes with the user",
    async (store) => {
      const id = await withUser(store)
      assert.equal(await store.users.mailboxPassword(alice), null)
      await store.users.keepMailboxPassword(id, bytes(1, 2, 3), e.start)
      await store.users.keepMailboxPassword(id, bytes(4, 5), e.start)
      assert.deepEqual(await store.users.mailboxPassword(alice), bytes(4, 5))
      assert.equal(await store.users.mailboxPassword(alias), null, 'by the main address alone')
      assert.equal(await store.users.dropMailboxPassword(id), true)
      assert.equal(await store.users.dropMailboxPassword(id), false)
      assert.equal(await store.users.mailboxPassword(alice), null)
      await store.users.keepMailboxPassword(id, bytes(6), e.start)
      await store.users.remove(id, e.start)
      await withUser(store)
      assert.equal(await store.users.mailboxPassword(alice), null)
    },
  )

  check('work that is finished and asked for again in one commit stays', async (store) => {
    const addWork = [{ key: 'w', txn: e.txn, kind: 'make_answer', dueAtMs: e.start }] as const
    await store.activations.commit({ nowMs: e.start, addWork })
    await store.activations.commit({ nowMs: e.start, finishWork: ['w'], addWork })
    assert.equal((await store.activations.dueWork(e.start, 10)).length, 1)
  })

  check('work that was put off under a date that was ahead is due once the date is right', async (store) => {
    const day = 24 * e.hour
    const { activation } = runUnder(await openGrant(store, await withUser(store)), 1)
    assert(activation)
    const next = { ...activation.next, sinceMs: e.start + day }
    const work = (key: string, kind: WorkKind, dueAtMs: number, txn = e.otherTxn) =>
      ({ key, txn, kind, dueAtMs }) as const
    await store.activations.commit({
      nowMs: e.start,
      activation: { ...activation, next },
      addWork: [
        work('asked later', 'send_policy', e.start + day + 60_000, e.txn),
        work('failed later', 'make_answer', e.start),
        work('failed now', 'judge_proof', e.start),
        work('asked now', 'send_books', e.start + day),
        work('a date', 'wake', e.start + day, e.txn),
      ],
    })
    await store.activations.putOffWork('failed later', e.start + day, 'smtp.unreachable')
    await store.activations.putOffWork('failed now', e.start + 60_000, 'smtp.unreachable')
    assert.equal(await store.activations.bringBack(e.start, 300_000), 2)
    const due = (await store.activations.dueWork(e.start, 10)).map(({ key }) => key)
    assert.deepEqual(due.toSorted(), ['asked later', 'failed later'])
  })
}

const policyFor = (txn: ActivationId): NewDelivery => ({
  key: `policy:${txn}`,
  txn,
  of: 'policy',
  to: { token: bytes(7) },
  payload: bytes(1),
  until: 'answer',
  firstAtMs: e.start,
  endsAtMs: e.start + e.hour,
})

function commits(check: CheckStore): void {
  check('events come back in order, and folding them gives the kept state', async (store) => {
    for (const [i, event] of e.goodRun.entries()) {
      const activation = { expectedVersion: i, next: state(i + 1), userId: null, events: [event] }
      assert.equal(await store.activations.commit({ nowMs: e.start, activation }), 'done')
    }
    assert.deepEqual(await store.activations.events(e.txn), e.goodRun)
    assert.deepEqual(await store.activations.find(e.txn), state(e.goodRun.length))
  })

  check('of two activations of one second the one that was known later is the newer', async (store) => {
    const txns = ['ff', '0a', '5c'].map((byte) => byte.repeat(16) as Activation['txn'])
    for (const txn of txns) {
      const begun = fold(e.txn, e.goodRun.slice(0, 1))
      assert(begun)
      const activation = { next: { ...begun, txn }, expectedVersion: 0, userId: null, events: [] }
      await store.activations.commit({ nowMs: e.start, activation })
    }
    const listed = await store.activations.list({ limit: 3 })
    assert.deepEqual(
      listed.map(({ txn }) => txn),
      txns.toReversed(),
    )
  })

  check('a stale version undoes the whole change', async (store) => {
    const activation = { expectedVersion: 0, next: state(1), userId: null, events: e.goodRun.slice(0, 1) }
    assert.equal(await store.activations.commit({ nowMs: e.start, activation }), 'done')
    const cursor = { owner: alice, folder: 'INBOX', uidValidity: 1, nextUid: 9 }
    const addWork = [{ key: 'w', txn: e.txn, kind: 'make_answer', dueAtMs: e.start }] as const
    assert.equal(await store.activations.commit({ nowMs: e.start, activation, cursor, addWork }), 'conflict')
    assert.equal(await store.watches.find(alice, 'INBOX'), null)
    assert.deepEqual(await store.activations.dueWork(e.start, 10), [])
  })

  check('two writers of one version: exactly one is first', async (store) => {
    const activation = { expectedVersion: 0, next: state(1), userId: null, events: e.goodRun.slice(0, 1) }
    const both = await Promise.all([1, 2].map(() => store.activations.commit({ nowMs: e.start, activation })))
    assert.deepEqual(both.sort(), ['conflict', 'done'])
  })

  check('a cursor never goes back within one UIDVALIDITY', async (store) => {
    const at = (uidValidity: number, nextUid: number) =>
      store.watches.move([{ owner: alice, folder: 'INBOX', uidValidity, nextUid }], e.start)
    await at(1, 9)
    await at(1, 4)
    assert.equal((await store.watches.find(alice, 'INBOX'))?.nextUid, 9)
    await at(2, 3)
    assert.equal((await store.watches.find(alice, 'INBOX'))?.nextUid, 3)
  })

  check('work that is for others is queued only where there are others', async (store) => {
    const id = await withUser(store)
    const grantId = await openGrant(store, id)
    const work = {
      key: 'o',
      txn: e.txn,
      kind: 'supersede_others',
      dueAtMs: e.start,
      ifOthersUnder: grantId,
    } as const
    const due = async () => (await store.activations.dueWork(e.start, 10)).map(({ key }) => key)
    await store.activations.commit({ ...runUnder(grantId, id), addWork: [work] })
    assert.deepEqual(await due(), [])
    const run = runUnder(grantId, id)
    assert(run.activation)
    const next = { ...run.activation.next, txn: e.otherTxn }
    await store.activations.commit({ ...run, activation: { ...run.activation, next } })
    await store.activations.commit({ nowMs: e.start, addWork: [work] })
    assert.deepEqual(await due(), ['o'])
  })

  check('work is added once, put off with its reason, and finished', async (store) => {
    const addWork = [{ key: 'w', txn: e.txn, kind: 'make_answer', dueAtMs: e.start }] as const
    await store.activations.commit({ nowMs: e.start, addWork })
    await store.activations.commit({ nowMs: e.start, addWork })
    await store.activations.putOffWork('w', e.start + 100, 'imap.unreachable')
    assert.deepEqual(await store.activations.dueWork(e.start + 99, 10), [])
    const [item] = await store.activations.dueWork(e.start + 100, 10)
    assert.deepEqual([item?.tries, item?.lastCode], [1, 'imap.unreachable'])
    await store.activations.finishWork('w')
    assert.equal(await store.activations.nextWorkAtMs(), null)
  })
}
