/** Grants, what waits under them, and the deny list. */
import assert from 'node:assert/strict'
import type { ActivationId, Pin } from '#kernel/brand.ts'
import * as e from '../unit/activation/events.ts'
import { alice, bytes, type CheckStore, openGrant, runUnder, withUser } from './store-support.ts'

export function grants(check: CheckStore): void {
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

  check(
    'an approval is kept with the live grant and queued to the proofs that wait for it',
    async (store) => {
      const id = await withUser(store)
      assert.equal(await store.users.approve(id, e.pin, e.start), null)
      const grantId = await openGrant(store, id)
      const run = runUnder(grantId, id)
      assert(run.activation)
      const kept = { ...run.activation.next, pin: e.pin, code: 'proof.guarded' as const }
      await store.activations.commit({ ...run, activation: { ...run.activation, next: kept } })
      assert.equal(await store.users.approve(id, e.otherPin, e.start), 0)
      assert.equal(await store.users.approve(id, e.pin, e.start + 1), 1)
      assert.deepEqual((await store.users.grant(grantId))?.grant.approved, [e.otherPin, e.pin])
      const due = await store.activations.dueWork(e.start + 1, 10)
      assert.deepEqual(
        due.map(({ kind, txn }) => [kind, txn]),
        [['approve_run', e.txn]],
      )
      const seen = await store.activations.pinsUnder({ userId: id, grantId }, 100)
      assert.deepEqual(seen, [{ pin: e.pin, atMs: kept.startedAtMs, waiting: true }])
      await openGrant(store, id, e.start + 2)
      assert.equal((await store.users.newestGrant(id))?.grant.approved, undefined)
    },
  )

  check(
    'who waits for an approval comes first, then who came last, though times have whole seconds',
    async (store) => {
      const id = await withUser(store)
      const grantId = await openGrant(store, id)
      const run = runUnder(grantId, id)
      assert(run.activation)
      const { activation } = run
      const waiting = { code: 'proof.guarded', pin: e.otherPin } as const
      const pins = [{ pin: e.pin }, waiting, { pin: '2100000C' as Pin }, { pin: '2100000D' as Pin }]
      for (const [i, of] of pins.entries()) {
        const txn = i.toString(16).padStart(32, '0') as ActivationId
        const events = activation.events.map((event) => ({ ...event, txn }))
        const next = { ...activation.next, ...of, txn }
        await store.activations.commit({ ...run, activation: { ...activation, next, events } })
      }
      const seen = await store.activations.pinsUnder({ userId: id, grantId }, 100)
      assert.deepEqual(
        seen.map(({ pin, waiting }) => [pin, waiting]),
        [
          [e.otherPin, true],
          ['2100000D', false],
          ['2100000C', false],
          [e.pin, false],
        ],
      )
    },
  )

  check('the deny list keeps each rule once, and knows PINs and models', async (store) => {
    const pin = { kind: 'pin', pin: e.pin } as const
    const model = { kind: 'model', words: 'acme 90' } as const
    await store.access.deny(model, 'ACME 90', e.start)
    await store.access.deny(pin, e.pin, e.start + 1)
    await store.access.deny(model, 'Acme 90', e.start + 2)
    assert.deepEqual(await store.access.list(), [
      { rule: pin, shown: e.pin, createdAtMs: e.start + 1 },
      { rule: model, shown: 'ACME 90', createdAtMs: e.start },
    ])
    assert.deepEqual(await store.access.deniedModels(), ['acme 90'])
    assert.equal(await store.access.deniesPin(e.pin), true)
    assert.equal(await store.access.deniesPin(e.otherPin), false)
    assert.equal((await store.access.allow(pin))?.shown, e.pin)
    assert.equal(await store.access.allow(pin), null)
    assert.equal(await store.access.deniesPin(e.pin), false)
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
