/** Handhelds and their keys, and the installation. */
import assert from 'node:assert/strict'
import type { Pin } from '#kernel/brand.ts'
import type { Change } from '#store/activations.ts'
import * as e from '../unit/activation/events.ts'
import { delivery } from './store-deliveries.ts'
import { bytes, type CheckStore } from './store-support.ts'

export function handhelds(check: CheckStore): void {
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
    await assert.rejects(store.handhelds.reserveSeq(e.pin, 8, 64), { code: 'handheld.not_active' })
  })

  check("a further handheld replaces the user's oldest, and a handheld has one account", async (store) => {
    await store.activations.commit(activated(1, e.pin, e.start))
    await store.activations.commit(activated(1, e.otherPin, e.start + 1))
    await store.activations.commit(activated(2, e.otherPin, e.start + 2))
    const all = await store.handhelds.list()
    assert.deepEqual(
      all.map(({ pin, userId, state, replacedBy }) => [pin, userId, state, replacedBy]),
      [
        [e.otherPin, 2, 'active', null],
        [e.otherPin, 1, 'replaced', null],
        [e.pin, 1, 'replaced', e.otherPin],
      ],
    )
    assert.deepEqual(await store.handhelds.servedPins(), [e.otherPin])
  })

  check('a handheld that is being activated is served, and does not count as one at work', async (store) => {
    await store.activations.commit({ nowMs: e.start, addKey: key(7) })
    assert.deepEqual([await store.handhelds.countActive(), await store.handhelds.servedPins()], [0, [e.pin]])
    await store.activations.commit(activated(1, e.pin, e.start))
    assert.equal(await store.handhelds.countActive(), 1)
  })

  check('a rollover ends with the account of its handheld', async (store) => {
    await store.activations.commit(activated(1, e.pin, e.start))
    const none = { answer: null, heardSeq: null, doneSent: false, doneSeen: false, sealed: null }
    const payloads = { answerPayload: null, checkPayload: bytes(1), donePayload: null }
    const next = {
      pin: e.pin,
      txn: e.txn,
      side: 'proposer',
      phase: 'checking',
      oldKid: 7,
      newKid: 8,
    } as const
    const times = { startedAtMs: e.start, phaseAtMs: e.start }
    await store.activations.commit({
      nowMs: e.start,
      rollover: { before: null, next: { ...next, offer: bytes(2), ...none, ...payloads, ...times } },
    })
    assert.equal((await store.rollovers.unfinished()).length, 1)
    await store.handhelds.end(e.pin, 'removed', e.start + 1)
    assert.deepEqual(await store.rollovers.unfinished(), [])
  })

  check('an answer given is given again, until its number leaves the window', async (store) => {
    await store.activations.commit({ nowMs: e.start, addKey: key(7) })
    const mark = (seq: number, before: Uint8Array): Change => ({
      nowMs: e.start,
      inbound: {
        pin: e.pin,
        kid: 7,
        seq,
        before,
        window: bytes(seq % 256),
        heardAtMs: e.start,
        answer: { tag: bytes(1), status: 7 },
      },
    })
    assert.equal(await store.activations.commit(mark(1, key(7).window)), 'done')
    assert.deepEqual(await store.handhelds.answerGiven(e.pin, 7, 1), { tag: bytes(1), status: 7 })
    // Judged by the window as it was before the first: another process has taken that one meanwhile.
    const late = { ...mark(2, key(7).window), addDeliveries: [delivery({ key: 'late' })] }
    assert.equal(await store.activations.commit(late), 'window_moved')
    assert.equal(await store.handhelds.answerGiven(e.pin, 7, 2), null)
    assert.equal(await store.deliveries.byKey('late'), null)
    assert.equal(await store.activations.commit(mark(5_000, bytes(1))), 'done')
    assert.equal(await store.handhelds.answerGiven(e.pin, 7, 1), null)
  })
}

export function rest(check: CheckStore): void {
  check('numbers rise, and jump past everything after a restore', async (store) => {
    assert.equal(await store.installation.lastNumber('n'), 0)
    assert.equal(await store.installation.takeNumbers('n', 1), 1)
    assert.equal(await store.installation.lastNumber('n'), 1)
    assert.equal(await store.installation.takeNumbers('n', 1), 2)
    assert.equal(await store.installation.takeNumbers('n', 64), 3)
    assert.equal(await store.installation.takeNumbers('n', 1), 67)
    await store.installation.raiseGeneration()
    assert.equal(await store.installation.takeNumbers('n', 1), 2 ** 32 + 1)
    assert.equal(await store.installation.takeNumbers('n', 1), 2 ** 32 + 2)
  })

  check('a database that is no backup goes on as it was', async (store) => {
    const restore = { routeKeySealed: bytes(1), seenGeneration: 0, nowMs: 5 }
    assert.equal(await store.installation.continueAfterRestore(restore), false)
    assert.equal(await store.installation.generation(), 0)
  })

  check('a database older than what was seen of it goes on above that, once', async (store) => {
    const restore = { routeKeySealed: bytes(1), seenGeneration: 7, nowMs: 5 }
    assert.equal(await store.installation.continueAfterRestore(restore), true)
    assert.equal(await store.installation.generation(), 8)
    assert.equal(await store.installation.continueAfterRestore({ ...restore, seenGeneration: 8 }), false)
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
