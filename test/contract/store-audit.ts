/** The store contract: the audit log, the notes of keys in it, accounts and tokens. */
import assert from 'node:assert/strict'
import { checkChain } from '#audit/chain.ts'
import type { AuditEntry } from '#audit/line.ts'
import type { Pin } from '#kernel/brand.ts'
import type { Store } from '#store/store.ts'
import * as e from '../unit/activation/events.ts'
import { bytes, type CheckStore } from './store-support.ts'

export const entry = (changed: Partial<AuditEntry> = {}): AuditEntry => ({
  atMs: e.start,
  who: 'os:root',
  role: 'owner',
  from: 'socket',
  what: 'users.add',
  on: 'alice@example.test',
  change: '{}',
  outcome: 'ok',
  answers: null,
  ...changed,
})

async function assertWhole(store: Store): Promise<void> {
  const check = checkChain()
  for (const line of await store.audit.lines(0, 10_000)) assert.equal(check.next(line), null)
  assert.equal(check.end(await store.audit.head()), null)
}

const said = async (store: Store): Promise<string[]> =>
  (await store.audit.lines(0, 1_000)).map(({ what, on }) => `${what} ${on}`)

export function audit(check: CheckStore): void {
  check(
    'lines are numbered without a gap, chained, and found by who, on whom, what and since',
    async (store) => {
      assert.equal(
        await store.audit.append([entry(), entry({ who: 'account:bob', what: 'passwords.set' })]),
        1,
      )
      assert.equal(await store.audit.append([entry({ on: '2100AB3F', atMs: e.start + 9 })]), 3)
      await assertWhole(store)
      const found = async (filter: object) =>
        (await store.audit.acts({ limit: 10, ...filter })).map(({ line }) => line.seq)
      assert.deepEqual(await found({}), [1, 2, 3])
      assert.deepEqual(await found({ limit: 2 }), [2, 3])
      assert.deepEqual(await found({ who: 'bob' }), [2])
      assert.deepEqual(await found({ who: 'account:bob' }), [2])
      assert.deepEqual(await found({ who: 'account' }), [])
      assert.deepEqual(await found({ what: 'users' }), [1, 3])
      assert.deepEqual(await found({ what: 'users.add' }), [1, 3])
      assert.deepEqual(await found({ what: 'user' }), [])
      assert.deepEqual(await found({ on: ['2100AB3F'] }), [3])
      assert.deepEqual(await found({ sinceMs: e.start + 1 }), [3])
    },
  )

  check('an outcome stands beside its intent, which is found by either subject', async (store) => {
    const intent = await store.audit.append([entry({ outcome: 'begun', on: 'al@example.test' })])
    await store.audit.append([entry({ answers: intent, outcome: 'user.exists' })])
    const [act, ...more] = await store.audit.acts({ limit: 10, on: ['alice@example.test'] })
    assert.deepEqual(more, [])
    assert.deepEqual([act?.line.seq, act?.answer?.outcome], [1, 'user.exists'])
    await assert.rejects(store.audit.append([entry({ answers: intent })]), 'answered once')
    await assertWhole(store)
  })

  check('lines appended side by side make one chain', async (store) => {
    await Promise.all(Array.from({ length: 40 }, (_, i) => store.audit.append([entry({ on: String(i) })])))
    assert.equal((await store.audit.head()).seq, 40)
    await assertWhole(store)
  })

  check('whatever makes, activates, supersedes or erases a key leaves a line', async (store) => {
    const pin = '2100AB3F' as Pin
    const key = (kid: number) => ({
      pin,
      kid,
      suite: 1 as const,
      txn: e.txn,
      sealed: bytes(9),
      window: bytes(0),
      nextSeq: 1,
    })
    await store.activations.commit({ nowMs: e.start, addKey: key(1) })
    await store.activations.commit({ nowMs: e.start, keyCurrent: { pin, kid: 1 } })
    await store.activations.commit({ nowMs: e.start, addKey: key(2), keyCurrent: { pin, kid: 2 } })
    await store.activations.commit({ nowMs: e.start, addKey: key(3), erasePendingKeys: { pin, txn: e.txn } })
    const lines = await store.audit.lines(0, 100)
    assert.deepEqual(
      lines.map(({ what, change }) => {
        const { before, after } = JSON.parse(change)
        return [what, before?.kid ?? null, after?.kid ?? null]
      }),
      [
        ['key.made', null, 1],
        ['key.activated', 1, 1],
        ['key.made', null, 2],
        ['key.erased', 1, null],
        ['key.activated', 2, 2],
        ['key.made', null, 3],
        ['key.erased', 3, null],
      ],
    )
    assert(lines.every(({ who, on, outcome }) => who === 'system' && on === pin && outcome === 'ok'))
    await assertWhole(store)
  })

  check(
    "the installation's keys leave a line when they are made and renewed, and no other fact does",
    async (store) => {
      const { installation } = store
      await installation.keepFirst('credential/ca', bytes(1))
      await installation.keepFirst('credential/ca', bytes(2))
      await installation.put('credential/policy_signer', bytes(1))
      await installation.put('credential/policy_signer', bytes(2))
      await installation.put('credential/policy_signer', bytes(2))
      await installation.keepFirst('secret/srp_key/S00000001', bytes(1))
      await installation.put('storage_key_check', bytes(1))
      await installation.put('storage_key_check', bytes(2))
      await installation.put('probe', bytes(2))
      await installation.takeNumbers('policy', 1)
      await store.relay.putServer('S00000001' as never, bytes(1), ['example.test'], e.start)
      await store.relay.putServer('S00000001' as never, bytes(2), ['example.test'], e.start)
      assert.deepEqual(await said(store), [
        'certificate.made ca',
        'certificate.made policy_signer',
        'certificate.renewed policy_signer',
        'secret.made srp_key/S00000001',
        'storage_key.made ',
        'storage_key.rotated ',
        'srp_key.made S00000001',
      ])
      await assertWhole(store)
    },
  )
}

export function restored(check: CheckStore): void {
  check('a restore has its line, once', async (store) => {
    const restore = { routeKeySealed: bytes(1), seenGeneration: 3, nowMs: e.start }
    assert.equal(await store.installation.continueAfterRestore(restore), true)
    assert.equal(await store.installation.continueAfterRestore(restore), false)
    assert.deepEqual(await said(store), ['installation.restored '])
    await assertWhole(store)
  })
}

const account = (name: string, role: 'security' | 'auditor' = 'security') => ({
  name,
  role,
  password: 'hash',
  createdAtMs: e.start,
})

const token = (id: string, changed: object = {}) => ({
  id,
  name: 'ci',
  role: 'auditor' as const,
  account: null,
  hash: bytes(1),
  createdAtMs: e.start,
  expiresAtMs: e.start + 100,
  ...changed,
})

export function accounts(check: CheckStore): void {
  check(
    'an account has its name alone; the last with the role security stays able to give rights',
    async (store) => {
      assert.equal(await store.accounts.add(account('sue')), true)
      assert.equal(await store.accounts.add(account('sue', 'auditor')), false)
      assert.equal(await store.accounts.add(account('ann', 'auditor')), true)
      for (const change of [{ disabled: true }, { role: 'auditor' as const }])
        assert.equal(await store.accounts.change('sue', change, e.start), 'last_security')
      assert.equal(await store.accounts.remove('sue'), 'last_security')
      assert.equal(await store.accounts.change('sue', { password: 'other' }, e.start + 1), 'done')
      assert.equal(await store.accounts.change('ann', { role: 'security' }, e.start), 'done')
      assert.equal(await store.accounts.change('ann', { disabled: true }, e.start), 'done')
      assert.equal(await store.accounts.remove('sue'), 'last_security', 'a disabled one gives no rights')
      assert.equal(await store.accounts.change('ann', { disabled: false }, e.start), 'done')
      assert.equal(await store.accounts.remove('sue'), 'done')
      assert.equal(await store.accounts.remove('sue'), 'unknown')
      assert.deepEqual(
        (await store.accounts.list()).map(({ name, role, disabled }) => [name, role, disabled]),
        [['ann', 'security', false]],
      )
    },
  )

  check('a token is good until it is revoked or runs out; a session ends with its account', async (store) => {
    await store.accounts.addToken(token('a'))
    assert.equal((await store.accounts.token('a'))?.name, 'ci')
    assert.equal(await store.accounts.token('b'), null)
    assert.equal(await store.accounts.revokeToken('a', e.start + 100), false, 'it has run out')
    assert.equal(await store.accounts.revokeToken('a', e.start + 1), true)
    assert.equal(await store.accounts.revokeToken('a', e.start + 1), false)
    assert.equal((await store.accounts.token('a'))?.revokedAtMs, e.start + 1)
    await store.accounts.add(account('sue'))
    await store.accounts.add(account('ann', 'auditor'))
    for (const id of ['s1', 's2'])
      await store.accounts.addToken(token(id, { role: null, account: id === 's1' ? 'sue' : 'ann' }))
    assert.deepEqual(
      (await store.accounts.tokens()).map(({ id }) => id),
      ['a'],
    )
    await store.accounts.change('sue', { password: 'other' }, e.start)
    assert.equal(await store.accounts.token('s1'), null)
    await store.accounts.remove('ann')
    assert.equal(await store.accounts.token('s2'), null)
    await store.accounts.addToken(token('late', { createdAtMs: e.start + 100, expiresAtMs: e.start + 200 }))
    assert.deepEqual(
      (await store.accounts.tokens()).map(({ id }) => id),
      ['late'],
      'what ran out is gone',
    )
  })
}
