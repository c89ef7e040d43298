/** Policies, who gets them, and what waits for handhelds. */
import assert from 'node:assert/strict'
import type { MailAddress, Pin } from '#kernel/brand.ts'
import { layersFor } from '#policy/layers.ts'
import type { Store } from '#store/store.ts'
import * as e from '../unit/activation/events.ts'
import { addHandheld } from '../unit/admin/handheld-at-work.ts'
import { type CheckStore, withUser } from './store-support.ts'

const nowMs = e.start
const pin = '2100AB3F' as Pin

const create = async (store: Store, name: string, rules = {}): Promise<number> => {
  const id = await store.policies.create({ name, rules, note: 'new', nowMs })
  assert(id !== null)
  return id
}

const names = async (store: Store) => (await store.policies.list()).map(({ name }) => name)

export function policies(check: CheckStore): void {
  check('there is a default policy, weaker than every other and never removed', async (store) => {
    const id = await create(store, 'sales')
    const fallback = await store.policies.find('default')
    assert.deepEqual([fallback?.rank, fallback?.revision, fallback?.rules], [null, 1, {}])
    await store.policies.remove(fallback?.id ?? 0)
    assert.deepEqual(await names(store), ['sales', 'default'])
    await store.policies.remove(id)
    assert.deepEqual(await names(store), ['default'])
  })

  check('a policy has one name, and the newest is the weakest until it is ranked', async (store) => {
    const [one, two, three] = [await create(store, 'a'), await create(store, 'b'), await create(store, 'c')]
    assert.equal(await store.policies.create({ name: 'b', rules: {}, note: '', nowMs }), null)
    assert.equal(await store.policies.rename(one, 'c'), false)
    await store.policies.setRank(three, 1)
    assert.deepEqual(await names(store), ['c', 'a', 'b', 'default'])
    await store.policies.setRank(one, 99)
    assert.deepEqual(await names(store), ['c', 'b', 'a', 'default'])
    assert.deepEqual(
      (await store.policies.list()).map(({ rank }) => rank),
      [1, 2, 3, null],
    )
    assert.notEqual(two, three)
  })

  check(
    'each change is a revision, and of two changes to one revision the second is refused',
    async (store) => {
      const id = await create(store, 'sales', { allow_browser: false })
      const change = { id, expected: 1, rules: { allow_browser: true }, note: 'why', nowMs: nowMs + 5 }
      assert.equal(await store.policies.change(change), true)
      assert.equal(await store.policies.change({ ...change, rules: {} }), false)
      const [newest, first] = await store.policies.revisions(id)
      assert.deepEqual(newest, { revision: 2, rules: { allow_browser: true }, atMs: nowMs + 5, note: 'why' })
      assert.deepEqual(first?.rules, { allow_browser: false })
      assert.equal((await store.policies.find('sales'))?.revision, 2)
    },
  )

  check(
    "a user's own policy is stronger than a group's, and of the groups' the rank decides",
    async (store) => {
      const userId = await withUser(store)
      const group = await store.groups.create({ name: 'field', description: '', nowMs })
      assert(group !== null)
      await store.groups.addMembers(group, [userId])
      const [weak, strong, own] = [
        await create(store, 'weak'),
        await create(store, 'strong'),
        await create(store, 'own'),
      ]
      await store.policies.setRank(strong, 1)
      for (const id of [weak, strong])
        assert.equal(await store.policies.assign(id, { kind: 'group', name: 'field' }), true)
      assert.equal(await store.policies.assign(own, { kind: 'user', userId }), true)
      assert.equal(await store.policies.assign(own, { kind: 'user', userId }), false)
      assert.equal(await store.policies.assign(own, { kind: 'group', name: 'nobody' }), null)
      const reach = await store.policies.reachOf(userId)
      assert.deepEqual(
        reach.policies.toSorted((a, b) => a.id - b.id),
        [
          { id: weak, group: 'field' },
          { id: strong, group: 'field' },
          { id: own, group: null },
        ],
      )
      assert.equal(await store.policies.unassign(own, { kind: 'user', userId }), true)
      assert.deepEqual(
        layersFor(await store.policies.list(), (await store.policies.reachOf(userId)).policies).map(
          ({ name, via }) => [name, via.kind],
        ),
        [
          ['strong', 'group'],
          ['weak', 'group'],
          ['default', 'default'],
        ],
      )
    },
  )

  check(
    'how many handhelds a policy reaches counts each once, and the default reaches all',
    async (store) => {
      const { userId } = await addHandheld(store, nowMs, pin)
      await addHandheld(store, nowMs, '2100AB40' as Pin, 'other@example.test' as MailAddress)
      const sales = await create(store, 'sales')
      const group = await store.groups.create({ name: 'field', description: '', nowMs })
      assert(group !== null)
      await store.groups.addMembers(group, [userId])
      await store.policies.assign(sales, { kind: 'group', name: 'field' })
      await store.policies.assign(sales, { kind: 'user', userId })
      assert.equal(await store.policies.handheldsReached(sales), 1)
      const fallback = await store.policies.find('default')
      assert.equal(await store.policies.handheldsReached(fallback?.id ?? 0), 2)
    },
  )

  check('a service book is taken away and given back', async (store) => {
    const userId = await withUser(store)
    assert.equal(await store.policies.setBookRemoved(userId, 'CICAL', true), true)
    assert.equal(await store.policies.setBookRemoved(userId, 'CICAL', true), false)
    assert.deepEqual((await store.policies.reachOf(userId)).removedBooks, ['CICAL'])
    assert.equal(await store.policies.setBookRemoved(userId, 'CICAL', false), true)
    assert.deepEqual((await store.policies.reachOf(userId)).removedBooks, [])
  })
}
