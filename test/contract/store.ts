/** What every store must do, whatever keeps it: one line per backend in store.test.ts. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Activation } from '#activation/activation.ts'
import { fold } from '#activation/reduce.ts'
import type { MailAddress, Pin } from '#kernel/brand.ts'
import type { Change } from '#store/activations.ts'
import type { NewDelivery } from '#store/deliveries.ts'
import type { Store } from '#store/store.ts'
import * as e from '../unit/activation/events.ts'

export type OpenStore = (t: TestContext) => Promise<Store>

const alice = 'alice@example.test' as MailAddress
const alias = 'al@example.test' as MailAddress
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

export function storeContract(name: string, open: OpenStore): void {
  const check = (sentence: string, body: (store: Store) => Promise<void>) =>
    test(`${name}: ${sentence}`, async (t) => body(await open(t)))
  users(check)
  grants(check)
  commits(check)
  deliveries(check)
  handhelds(check)
  rest(check)
}

type CheckStore = (sentence: string, body: (store: Store) => Promise<void>) => void

async function withUser(store: Store): Promise<number> {
  const id = await store.users.add({ address: alice, displayName: 'Alice', aliases: [alias], nowMs: e.start })
  assert(id !== null)
  return id
}

const openGrant = (store: Store, userId: number, nowMs = e.start) =>
  store.users.openGrant({
    userId,
    origin: 'generated',
    expiresAtMs: nowMs + 48 * e.hour,
    records: [{ address: alice, profile: 1, sealed: bytes(1, 2) }],
    nowMs,
  })

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
    await store.users.remove(id)
    assert.equal(await store.users.byAddress(alice), null)
    assert.equal(await store.users.grant(grantId), null)
    assert.equal(await store.users.record(grantId, alice, 1), null)
    assert.equal(await store.watches.find(alice, 'INBOX'), null)
  })
}

function grants(check: CheckStore): void {
  check('a new grant replaces the live one and erases its records', async (store) => {
    const id = await withUser(store)
    const first = await openGrant(store, id)
    const second = await openGrant(store, id, e.start + 1)
    assert.equal((await store.users.grant(first))?.grant.state, 'replaced')
    assert.equal(await store.users.record(first, alice, 1), null)
    assert.deepEqual(await store.users.record(second, alice, 1), bytes(1, 2))
    assert.equal((await store.users.newestGrant(id))?.grant.id, second)
  })

  check('closing a grant queues the word to each run that is open under it', async (store) => {
    const id = await withUser(store)
    const grantId = await openGrant(store, id)
    await store.activations.commit(runUnder(grantId, id))
    assert.equal(await store.users.revokeGrant(id, e.start + 5), true)
    const due = await store.activations.dueWork(e.start + 5, 10)
    assert.deepEqual(
      due.map(({ kind, txn, lastCode }) => [kind, txn, lastCode]),
      [['close_run', e.txn, 'grant.revoked']],
    )
  })

  check('grants run out by themselves and are no longer live', async (store) => {
    const id = await withUser(store)
    await openGrant(store, id)
    assert.deepEqual(await store.users.withLiveGrant(e.start), [alice])
    assert.deepEqual(await store.users.withLiveGrant(e.start + 48 * e.hour), [])
    assert.equal(await store.users.expireGrants(e.start + 48 * e.hour), 1)
    assert.equal((await store.users.newestGrant(id))?.grant.state, 'expired')
    assert.equal(await store.users.expireGrants(e.start + 48 * e.hour), 0)
  })
}

function state(count: number): Activation {
  const folded = fold(e.txn, e.goodRun.slice(0, count))
  assert(folded)
  return folded
}

const runUnder = (grantId: number, userId: number): Change => ({
  nowMs: e.start,
  activation: {
    expectedVersion: 0,
    next: { ...state(1), grantId },
    userId,
    events: e.goodRun.slice(0, 1),
  },
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

const delivery = (over: Partial<NewDelivery> = {}): NewDelivery => ({
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

function deliveries(check: CheckStore): void {
  const add = (store: Store, ...addDeliveries: NewDelivery[]) =>
    store.activations.commit({ nowMs: e.start, addDeliveries })

  check('a delivery is found by frame and by packet, and its answer ends it', async (store) => {
    await add(store, delivery())
    const [due] = await store.deliveries.due(e.start, 10)
    assert(due)
    await store.deliveries.attempted(due.id, [bytes(5)], e.start, e.start + 15_000)
    assert.equal((await store.deliveries.byMid(bytes(5)))?.id, due.id)
    assert.equal((await store.deliveries.byPacket(e.pin, 7, 3))?.id, due.id)
    await store.deliveries.receipted(due.id, 1, e.start + 10, e.start + 60_000)
    assert.equal((await store.deliveries.byKey(due.key))?.state, 'running')
    await store.activations.commit({ nowMs: e.start, ack: { deliveryId: due.id } })
    assert.equal((await store.deliveries.byKey(due.key))?.state, 'answered')
    assert.equal(await store.deliveries.nextDueAtMs(), null)
  })

  check(
    'a delivery that waits for its receipt only ends with it, and goes out again when asked for',
    async (store) => {
      const m2 = delivery({ key: 'm2:x', of: 'm2', to: { token: bytes(4) }, until: 'receipt' })
      await add(store, m2)
      const [due] = await store.deliveries.due(e.start, 10)
      assert(due)
      await store.deliveries.attempted(due.id, [bytes(6)], e.start, e.start + 15_000)
      await store.deliveries.receipted(due.id, 0, e.start + 10, null)
      assert.equal((await store.deliveries.byKey('m2:x'))?.state, 'answered')
      await add(store, { ...m2, to: { token: bytes(8) } })
      const [again] = await store.deliveries.due(e.start, 10)
      assert.deepEqual(again?.to, { token: bytes(8) })
      assert.deepEqual(again?.payload, bytes(1, 2, 3))
    },
  )

  check('a receipt remembers since when the relay has said the same', async (store) => {
    await add(store, delivery())
    const [due] = await store.deliveries.due(e.start, 10)
    assert(due)
    for (const [status, at] of [
      [3, 10],
      [3, 20],
      [0, 30],
    ] as const)
      await store.deliveries.receipted(due.id, status, e.start + at, null)
    const kept = await store.deliveries.byKey(due.key)
    assert.deepEqual([kept?.receiptAtMs, kept?.receiptSinceMs], [e.start + 30, e.start + 30])
  })
}

function handhelds(check: CheckStore): void {
  const key = (kid: number) => ({
    pin: e.pin,
    kid,
    suite: 1 as const,
    txn: e.txn,
    sealed: bytes(kid),
    window: bytes(0),
    nextSeq: 1,
  })
  const activated = (userId: number, pin: Pin, atMs: number): Change => ({
    nowMs: atMs,
    account: {
      kind: 'activated',
      perUserMax: 1,
      account: {
        pin,
        userId,
        txn: e.txn,
        model: 'm',
        software: 's',
        platform: 'p',
        deviceKey: '00',
        activatedAtMs: atMs,
      },
    },
  })

  check('a key becomes current and its elders go', async (store) => {
    await store.activations.commit({ nowMs: e.start, addKey: key(7) })
    await store.activations.commit({ nowMs: e.start, keyCurrent: { pin: e.pin, kid: 7 } })
    await store.activations.commit({ nowMs: e.start, addKey: key(8) })
    assert.equal((await store.handhelds.currentKey(e.pin))?.kid, 7)
    await store.activations.commit({ nowMs: e.start, keyCurrent: { pin: e.pin, kid: 8 } })
    assert.deepEqual(
      (await store.handhelds.keys(e.pin)).map(({ kid, state }) => [kid, state]),
      [[8, 'current']],
    )
  })

  check('packet numbers are never given out twice, also after a restore', async (store) => {
    await store.activations.commit({ nowMs: e.start, addKey: key(7) })
    assert.equal(await store.handhelds.reserveSeq(e.pin, 7, 64), 1)
    assert.equal(await store.handhelds.reserveSeq(e.pin, 7, 64), 65)
    await store.installation.raiseGeneration()
    assert.equal(await store.handhelds.reserveSeq(e.pin, 7, 64), 2 ** 32)
  })

  check("a further handheld replaces the user's oldest, and a handheld has one account", async (store) => {
    await store.activations.commit(activated(1, e.pin, e.start))
    await store.activations.commit(activated(1, e.otherPin, e.start + 1))
    await store.activations.commit(activated(2, e.otherPin, e.start + 2))
    const all = await store.handhelds.list()
    assert.deepEqual(
      all.map(({ pin, userId, state }) => [pin, userId, state]),
      [
        [e.otherPin, 2, 'active'],
        [e.otherPin, 1, 'replaced'],
        [e.pin, 1, 'replaced'],
      ],
    )
    assert.deepEqual(await store.handhelds.servedPins(), [e.otherPin])
  })

  check('an answer given is given again, until its number leaves the window', async (store) => {
    await store.activations.commit({ nowMs: e.start, addKey: key(7) })
    const mark = (seq: number): Change => ({
      nowMs: e.start,
      inbound: {
        pin: e.pin,
        kid: 7,
        seq,
        window: bytes(seq % 256),
        heardAtMs: e.start,
        answer: { tag: bytes(1), status: 7 },
      },
    })
    await store.activations.commit(mark(1))
    assert.deepEqual(await store.handhelds.answerGiven(e.pin, 7, 1), { tag: bytes(1), status: 7 })
    await store.activations.commit(mark(5_000))
    assert.equal(await store.handhelds.answerGiven(e.pin, 7, 1), null)
  })
}

function rest(check: CheckStore): void {
  check('numbers rise, and jump past everything after a restore', async (store) => {
    assert.equal(await store.installation.nextNumber('n'), 1)
    assert.equal(await store.installation.nextNumber('n'), 2)
    await store.installation.raiseGeneration()
    assert.equal(await store.installation.nextNumber('n'), 2 ** 32 + 1)
    assert.equal(await store.installation.nextNumber('n'), 2 ** 32 + 2)
  })

  check('what is kept first stays', async (store) => {
    assert.deepEqual(await store.installation.keepFirst('k', bytes(1)), bytes(1))
    assert.deepEqual(await store.installation.keepFirst('k', bytes(2)), bytes(1))
  })

  check('listeners hear which aggregate changed, after the commit', async (store) => {
    const heard: string[] = []
    const stop = store.onCommit((changed) => heard.push(...changed))
    await store.installation.put('k', bytes(1))
    stop()
    await store.installation.put('k', bytes(2))
    assert.deepEqual(heard, ['installation'])
  })
}
