/** Users in bulk: made, changed, found page by page. */
import assert from 'node:assert/strict'
import type { MailAddress } from '#kernel/brand.ts'
import type { Store } from '#store/store.ts'
import type { User, UserFields, UserFilter, UserWrite } from '#store/users.ts'
import * as e from '../unit/activation/events.ts'
import { newGroup } from './store-groups.ts'
import { alias, alice, type CheckStore, openGrant, withUser } from './store-support.ts'

const nowMs = e.start
const bob = 'bob@example.test' as MailAddress
const carol = 'carol@example.test' as MailAddress

async function write(store: Store, id: number | null, set: UserFields, more: Partial<UserWrite> = {}) {
  const [written] = await store.users.write([{ id, set, ...more }], nowMs)
  assert(written)
  return written
}

async function made(store: Store, set: UserFields, more: Partial<UserWrite> = {}): Promise<number> {
  const written = await write(store, null, set, more)
  assert(written.kind === 'done')
  return written.id
}

async function found(store: Store, filter: UserFilter): Promise<MailAddress[]> {
  const users = await store.users.find(filter, { limit: 10 })
  assert.equal(await store.users.count(filter), users.length)
  return users.map(({ address }) => address)
}

export function usersInBulk(check: CheckStore): void {
  check('a new user has what was said of them, and is enabled with redirect on', async (store) => {
    const id = await made(store, { address: bob })
    const expected: User = {
      id,
      address: bob,
      displayName: '',
      aliases: [],
      organisation: '',
      disabled: null,
      redirect: true,
      directory: null,
      createdAtMs: nowMs,
    }
    assert.deepEqual(await store.users.byId(id), expected)
    const directory = { id: 'b1', dn: 'uid=bob' }
    const set = { displayName: 'Bob', organisation: 'Sales', redirect: false, directory }
    await write(store, id, { ...set, disabledBy: 'directory' })
    const disabled = { by: 'directory', atMs: nowMs } as const
    assert.deepEqual(await store.users.byId(id), { ...expected, ...set, disabled })
    await write(store, id, { disabledBy: null, directory: null })
    assert.deepEqual(await store.users.byId(id), { ...expected, ...set, directory: null })
  })

  check('who is disabled already stays disabled since then', async (store) => {
    const id = await made(store, { address: bob, disabledBy: 'administrator' })
    await store.users.write([{ id, set: { disabledBy: 'administrator' } }], nowMs + 5)
    assert.equal((await store.users.byId(id))?.disabled?.atMs, nowMs)
  })

  check('a write that cannot be done leaves nothing, and the others are done', async (store) => {
    await withUser(store)
    const bobs = await made(store, { address: bob })
    const written = await store.users.write(
      [
        { id: null, set: { address: carol, aliases: [alias] } },
        { id: bobs, set: { displayName: 'Bob', aliases: [alice] } },
        { id: 999, set: { displayName: 'Nobody' } },
        { id: bobs, set: { organisation: 'Sales' } },
      ],
      nowMs,
    )
    assert.deepEqual(written, [
      { kind: 'taken', address: alias },
      { kind: 'taken', address: alice },
      { kind: 'unknown' },
      { kind: 'done', id: bobs },
    ])
    const now = await store.users.byId(bobs)
    assert.deepEqual([now?.displayName, now?.organisation], ['', 'Sales'])
    assert.equal(await store.users.count(), 2)
  })

  check('an address that one user gives up another can take in the same transaction', async (store) => {
    const id = await withUser(store)
    const written = await store.users.write(
      [
        { id, set: { aliases: [] } },
        { id: null, set: { address: alias } },
      ],
      nowMs,
    )
    assert.deepEqual(
      written.map(({ kind }) => kind),
      ['done', 'done'],
    )
  })

  check('another main address is another mailbox, and the old one can stay an alias', async (store) => {
    const id = await withUser(store)
    const grantId = await openGrant(store, id)
    await store.watches.move([{ owner: alice, folder: 'INBOX', uidValidity: 1, nextUid: 5 }], nowMs)
    await write(store, id, { address: bob, aliases: [alice] })
    const user = await store.users.byAddress(alice)
    assert.deepEqual([user?.id, user?.address, user?.aliases], [id, bob, [alice]])
    assert.equal(await store.watches.find(alice, 'INBOX'), null)
    assert.equal(await store.users.hasRecord(grantId, alice), true, 'a listed address keeps its record')
  })

  check('an address that is taken from a user no longer activates', async (store) => {
    const id = await withUser(store)
    const grantId = await openGrant(store, id)
    await write(store, id, { address: alias, aliases: [] })
    assert.equal(await store.users.hasRecord(grantId, alice), false)
    assert.equal(await store.users.byAddress(alice), null)
  })

  check('a grant tells whether its user is disabled', async (store) => {
    const id = await withUser(store)
    const grantId = await openGrant(store, id)
    assert.equal((await store.users.grant(grantId))?.disabled, false)
    await write(store, id, { disabledBy: 'administrator' })
    assert.equal((await store.users.grant(grantId))?.disabled, true)
    assert.equal((await store.users.newestGrant(id))?.disabled, true)
  })

  check('memberships are made and ended with the user, and know whose they are', async (store) => {
    const [a, b] = [await newGroup(store, 'a'), await newGroup(store, 'b')]
    const id = await made(store, { address: bob }, { join: [a], byDirectory: true })
    await write(store, id, {}, { join: [a, b] })
    assert.deepEqual(await store.groups.memberships([id, 999]), [
      { userId: id, groupId: a, byDirectory: true },
      { userId: id, groupId: b, byDirectory: false },
    ])
    await write(store, id, {}, { leave: [a] })
    assert.deepEqual(await store.groups.userIds(a), [])
  })

  check('users are found by group, organisation, state, origin and part of a name', async (store) => {
    const group = await newGroup(store, 'staff')
    await made(
      store,
      { address: alice, displayName: 'Alice 100%_', organisation: 'Sales' },
      { join: [group] },
    )
    await made(store, { address: bob, aliases: [alias], disabledBy: 'administrator' }, { join: [group] })
    await made(store, { address: carol, organisation: 'Sales', directory: { id: 'c', dn: 'uid=c' } })
    assert.deepEqual(await found(store, {}), [alice, bob, carol])
    assert.deepEqual(await found(store, { groupId: group }), [alice, bob])
    assert.deepEqual(await found(store, { organisation: 'Sales' }), [alice, carol])
    assert.deepEqual(await found(store, { organisation: 'Sales', disabled: false, groupId: group }), [alice])
    assert.deepEqual(await found(store, { disabled: true }), [bob])
    assert.deepEqual(await found(store, { directory: true }), [carol])
    assert.deepEqual(await found(store, { search: 'AL@' }), [bob], 'by an alias')
    assert.deepEqual(await found(store, { search: '0%_' }), [alice], 'signs stand for themselves')
    assert.deepEqual(await found(store, { search: '\\' }), [])
    const page = await store.users.find({}, { after: alice, limit: 1 })
    assert.deepEqual(
      page.map(({ address }) => address),
      [bob],
    )
  })
}
