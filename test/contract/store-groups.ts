/** Groups of users. */
import assert from 'node:assert/strict'
import type { MailAddress } from '#kernel/brand.ts'
import type { Store } from '#store/store.ts'
import * as e from '../unit/activation/events.ts'
import type { CheckStore } from './store-support.ts'

const nowMs = e.start

export async function newGroup(store: Store, name: string): Promise<number> {
  const id = await store.groups.create({ name, description: '', nowMs })
  assert(id !== null)
  return id
}

async function users(store: Store, count: number): Promise<number[]> {
  const ids: number[] = []
  for (let i = 0; i < count; i += 1) {
    const address = `u${String(i).padStart(3, '0')}@example.test` as MailAddress
    const id = await store.users.add({ address, displayName: '', aliases: [], nowMs })
    assert(id !== null)
    ids.push(id)
  }
  return ids
}

export function groups(check: CheckStore): void {
  check('a group is found by its name in any case, and a name is taken once', async (store) => {
    const id = await store.groups.create({ name: 'Außendienst', description: 'On the road', nowMs })
    assert.deepEqual(await store.groups.byName('außENDIENST'), {
      id,
      name: 'Außendienst',
      description: 'On the road',
      members: 0,
      createdAtMs: nowMs,
    })
    assert.equal(await store.groups.create({ name: 'AUßENDIENST', description: '', nowMs }), null)
    assert.equal(await store.groups.byName('Innendienst'), null)
  })

  check('a group is renamed and described, its users stay, and no two groups get one name', async (store) => {
    const [id, other] = [await newGroup(store, 'a'), await newGroup(store, 'b')]
    await store.groups.addMembers(id, await users(store, 2))
    assert.equal(await store.groups.change(id, { name: 'B' }), 'taken')
    assert.equal(await store.groups.change(id, { name: 'A', description: 'The first' }), 'done')
    assert.equal(await store.groups.change(id, { description: 'The very first' }), 'done')
    assert.equal(await store.groups.change(other + 1, { name: 'c' }), 'unknown')
    assert.deepEqual(
      (await store.groups.list()).map(({ name, description, members }) => [name, description, members]),
      [
        ['A', 'The very first', 2],
        ['b', '', 0],
      ],
    )
  })

  check('users come and go in bulk; who is in already, or is nobody, is passed over', async (store) => {
    const id = await newGroup(store, 'staff')
    const [first = 0, second = 0, third = 0] = await users(store, 3)
    assert.equal(await store.groups.addMembers(id, [first, second]), 2)
    assert.equal(await store.groups.addMembers(id, [second, third, 999]), 1)
    assert.deepEqual(await store.groups.userIds(id), [first, second, third])
    assert.equal(await store.groups.removeMembers(id, [first, 999]), 1)
    assert.deepEqual(await store.groups.userIds(id), [second, third])
    assert.equal(await store.groups.addMembers(id + 1, [first]), 0)
  })

  check('the users of a group come page by page in the order of their addresses', async (store) => {
    const id = await newGroup(store, 'staff')
    const ids = await users(store, 5)
    await store.groups.addMembers(id, ids.toReversed().slice(0, 4))
    const first = await store.groups.users(id, { limit: 3 })
    assert.deepEqual(
      first.map((user) => user.id),
      ids.slice(1, 4),
    )
    const after = first.at(-1)?.address
    assert(after)
    assert.deepEqual(
      (await store.groups.users(id, { after, limit: 3 })).map((user) => user.id),
      ids.slice(4),
    )
  })

  check("a removed user leaves every group, and a removed group's users stay", async (store) => {
    const [a, b] = [await newGroup(store, 'a'), await newGroup(store, 'b')]
    const [gone = 0, stays = 0] = await users(store, 2)
    for (const id of [a, b]) await store.groups.addMembers(id, [gone, stays])
    await store.users.remove(gone, e.start)
    assert.deepEqual(await store.groups.userIds(a), [stays])
    assert.equal(await store.groups.remove(a), true)
    assert.equal(await store.groups.remove(a), false)
    assert.deepEqual(
      (await store.groups.ofUser(stays)).map(({ name }) => name),
      ['b'],
    )
    assert.equal(await store.users.count(), 1)
    assert.notEqual(await newGroup(store, 'c'), a)
  })

  check('listeners hear of a change of groups', async (store) => {
    const heard: string[] = []
    const stop = store.onCommit((changed) => heard.push(...changed))
    await store.groups.addMembers(await newGroup(store, 'staff'), [])
    stop()
    assert.deepEqual(heard, ['groups', 'groups'])
  })
}
