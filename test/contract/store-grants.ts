/** Grants, what waits under them, and the access list. */
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

  check(
    'the access list keeps one rule about each thing, and finds those that concern a PIN',
    async (store) => {
      const { access } = store
      const pin = { kind: 'pin', pin: e.pin, verdict: 'deny' } as const
      const range = {
        kind: 'range',
        from: '21000000' as Pin,
        to: '2100FFFF' as Pin,
        verdict: 'allow',
      } as const
      const model = { kind: 'model', words: 'acme 90', verdict: 'deny' } as const
      await access.put(model, 'Acme 90', e.start)
      await access.put({ ...pin, verdict: 'allow' }, e.pin, e.start)
      await access.put(range, '21000000-2100FFFF', e.start)
      await access.put({ kind: 'pin', pin: e.otherPin, verdict: 'deny' }, e.otherPin, e.start)
      await access.put(pin, e.pin, e.start + 1)
      const listed = await access.list()
      assert.deepEqual(
        listed.map(({ rule }) => rule.kind),
        ['pin', 'pin', 'range', 'model'],
      )
      assert.deepEqual(listed[0], { rule: pin, shown: e.pin, createdAtMs: e.start + 1 })
      assert.equal(await access.fallback(), 'allow')
      await access.setFallback('deny', e.start)
      const { fallback, rules } = await access.concerning(e.pin)
      assert.equal(fallback, 'deny')
      assert.deepEqual(new Set(rules), new Set([pin, range, model]))
      assert.deepEqual((await access.concerning('30000000' as Pin)).rules, [model])
      assert.equal((await access.remove(pin))?.shown, e.pin)
      assert.equal(await access.remove(pin), null)
      assert.equal((await access.list()).length, 3)
    },
  )

  check('a password that begins later is live, and nobody is looked for until then', async (store) => {
    const id = await withUser(store)
    const notBeforeMs = e.start + e.hour
    await openGrant(store, id, e.start, { notBeforeMs, tries: 2 })
    const kept = (await store.users.newestGrant(id))?.grant
    assert.deepEqual([kept?.state, kept?.notBeforeMs, kept?.tries], ['open', notBeforeMs, 2])
    assert.deepEqual(await store.users.withLiveGrant(notBeforeMs - 1), [])
    assert.deepEqual(await store.users.withLiveGrant(notBeforeMs), [alice])
  })

  check('mails of a password wait with it sealed, and lose it when they are over', async (store) => {
    const id = await withUser(store)
    const sealed = new Uint8Array([1, 2, 3])
    const mail = (part: 'instructions' | 'password', messageId: string) =>
      ({ part, to: alice, language: 'en', messageId, sealed: part === 'password' ? sealed : null }) as const
    const mails = [mail('instructions', 'a'), mail('password', 'b')]
    const grantId = await openGrant(store, id, e.start, { invitations: mails })
    const due = await store.invitations.due(e.start, 10)
    assert.deepEqual(
      due.map(({ part, state, tries }) => [part, state, tries]),
      [
        ['instructions', 'queued', 0],
        ['password', 'queued', 0],
      ],
    )
    const [first, second] = due
    assert(first && second)
    assert.deepEqual(await store.invitations.sealed(second.id), sealed)
    await store.invitations.putOff(second.id, e.start + 10_000, 'not now', 'invitation.put_off')
    assert.deepEqual(await store.invitations.troubled(), { putOff: 1, refused: 0, sinceMs: e.start })
    await store.invitations.end(first.id, { state: 'sent', answer: 'ok', code: null, nowMs: e.start + 5 })
    assert.equal(await store.invitations.nextAtMs(), e.start + 10_000)
    await store.invitations.bringForward(10_000)
    assert.equal((await store.invitations.due(e.start, 10))[0]?.id, second.id)
    await store.invitations.putOff(second.id, e.start + 24 * e.hour, 'not now', 'invitation.put_off')
    assert.equal(await store.invitations.bringBack(e.start, 900_000), 1)
    assert.equal(await store.invitations.nextAtMs(), e.start)
    await store.invitations.putOff(second.id, e.start + 900_000, 'not now', 'invitation.put_off')
    assert.equal(await store.invitations.bringBack(e.start, 900_000), 0)
    assert.equal(await store.users.revokeGrant(id, e.start + 20_000), true)
    assert.equal(await store.invitations.sealed(second.id), null)
    assert.equal(await store.invitations.nextAtMs(), null)
    assert.deepEqual(
      (await store.invitations.ofGrant(grantId)).map(({ state }) => state),
      ['sent', 'withdrawn'],
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
