/** Users as a directory says: who is added, followed, left alone, and never lost by mistake. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { SyncNote, SyncOptions, SyncResult } from '#admin/people/people.ts'
import type { DirectoryPerson } from '#directory/directory.ts'
import { Fault } from '#kernel/fault.ts'
import { type Installation, openInstallation } from './installation.ts'

let people: DirectoryPerson[]
let breaksOff: boolean
let closed: number
let site: Installation

beforeEach(() => {
  people = []
  breaksOff = false
  closed = 0
  site = openInstallation({
    directory: async () => ({
      people: async function* () {
        yield people.slice(0, 2)
        if (breaksOff) throw new Fault('ldap.unreachable', 'in the middle')
        yield people.slice(2)
      },
      close: async () => {
        closed += 1
      },
    }),
  })
})
afterEach(() => site.close())

const person = (uid: string, more: Partial<DirectoryPerson> = {}): DirectoryPerson => ({
  dn: `uid=${uid},dc=x`,
  id: `id-${uid}`,
  addresses: [`${uid}@example.test`],
  aliases: [],
  name: uid.toUpperCase(),
  organisation: null,
  groups: null,
  ...more,
})

async function notes(options: SyncOptions = {}): Promise<SyncNote[]> {
  return Array.fromAsync(site.admin.directory.sync(options))
}

async function sync(options: SyncOptions = {}): Promise<SyncResult[]> {
  return (await notes(options)).flatMap((note) => (note.kind === 'result' ? [note.result] : []))
}

const brief = (results: readonly SyncResult[]) =>
  results.map(({ address, outcome, changes, fault }) =>
    [address, outcome, ...changes.map(({ field }) => field), ...(fault ? [fault.code] : [])].join(' '),
  )

/** Of a user who is there already. */
const news = (results: readonly SyncResult[]) =>
  brief(results.filter(({ outcome }) => outcome !== 'unchanged'))

const faultOf = async (options: SyncOptions = {}) => {
  try {
    await sync(options)
    return null
  } catch (error) {
    assert(error instanceof Fault)
    return error.code
  }
}

const five = () => ['a', 'b', 'c', 'd', 'e'].map((uid) => person(uid))

test('everybody is read before anything is changed: an answer that breaks off changes nothing', async () => {
  people = five()
  breaksOff = true
  assert.equal(await faultOf(), 'ldap.unreachable')
  assert.equal(await site.store.users.count(), 0)
  assert.equal(closed, 1)
})

test('a dry run says what the run after it does, and changes nothing', async () => {
  people = [
    person('a', { aliases: ['al@example.test', 'a@elsewhere.test'], groups: ['Sales'], organisation: 'N' }),
  ]
  const dry = await sync({ dryRun: true })
  assert.deepEqual(brief(dry), ['a@example.test added address name aliases organisation directory groups'])
  assert.equal(await site.store.users.count(), 0)
  assert.deepEqual(await site.admin.groups.list(), [])
  assert.deepEqual(await sync(), dry)
  const user = await site.admin.users.show('al@example.test')
  assert.deepEqual([user.groups, user.organisation, user.directory], [['Sales'], 'N', 'uid=a,dc=x'])
  assert.deepEqual(news(await sync()), [])
})

test('an entry is known by its id: a new address or name is the same user', async () => {
  people = five()
  await sync()
  const before = await site.store.users.byAddress('a@example.test' as never)
  people = [person('a', { dn: 'uid=married,dc=x', addresses: ['married@example.test'] }), ...five().slice(1)]
  assert.deepEqual(news(await sync()), ['married@example.test changed address directory'])
  assert.equal((await site.store.users.byAddress('married@example.test' as never))?.id, before?.id)
})

test('an entry made anew under the same address is the same user', async () => {
  people = five()
  await sync()
  people = [person('a', { id: 'another' }), ...five().slice(1)]
  assert.deepEqual(news(await sync()), ['a@example.test changed directory'])
  assert.equal(await site.store.users.count(), 5)
})

test('an address that one gives up another takes in the same run, whoever comes first', async () => {
  people = five()
  await sync()
  people = [
    person('new', { addresses: ['a@example.test'] }),
    person('a', { addresses: ['a2@example.test'] }),
    ...five().slice(1),
  ]
  assert.deepEqual(news(await sync()).sort(), [
    'a2@example.test changed address',
    'a@example.test added address name directory',
  ])
})

test('of several addresses the one that is the main one stays it, in whatever order they come', async () => {
  people = [
    person('a', {
      addresses: ['a@example.test', 'z@example.test'],
      aliases: ['a@example.test', 'z@example.test'],
    }),
  ]
  await sync()
  people = [
    person('a', {
      addresses: ['z@example.test', 'a@example.test'],
      aliases: ['z@example.test', 'a@example.test'],
    }),
  ]
  assert.deepEqual(news(await sync()), [])
})

test('who vanishes is disabled, comes back enabled, and is removed only where that is asked for', async () => {
  people = five()
  await sync()
  people = five().slice(0, 4)
  assert.deepEqual(news(await sync()), ['e@example.test disabled enabled'])
  assert.equal((await site.admin.users.show('e@example.test')).disabled?.by, 'directory')
  assert.deepEqual(news(await sync()), [])
  people = five()
  assert.deepEqual(news(await sync()), ['e@example.test changed enabled'])
  people = five().slice(0, 4)
  assert.deepEqual(news(await sync({ removeMissing: true, dryRun: true })), ['e@example.test removed'])
  assert.deepEqual(news(await sync({ removeMissing: true })), ['e@example.test removed'])
  assert.equal(await site.store.users.count(), 4)
})

test('what an administrator disabled the directory does not enable', async () => {
  people = five()
  await sync()
  await site.admin.users.change('a@example.test', { enabled: false })
  assert.deepEqual(news(await sync()), [])
  people = five().slice(1)
  await sync()
  people = five()
  assert.deepEqual(news(await sync()), [])
  assert.equal((await site.admin.users.show('a@example.test')).disabled?.by, 'administrator')
})

test('more than a fifth of them gone at once is refused, unless forced; a dry run says so', async () => {
  people = five()
  await sync()
  people = [person('a', { name: 'Other' }), ...five().slice(1, 3)]
  assert.equal(await faultOf(), 'ldap.vanishing')
  assert.equal((await site.admin.users.show('a@example.test')).displayName, 'A', 'nothing at all was changed')
  const dry = await notes({ dryRun: true })
  assert.deepEqual(
    dry.filter(({ kind }) => kind === 'guard'),
    [{ kind: 'guard', vanishing: 2, of: 5 }],
  )
  assert.deepEqual(news(await sync({ force: true })), [
    'a@example.test changed name',
    'd@example.test disabled enabled',
    'e@example.test disabled enabled',
  ])
})

test('a user made by hand is not touched, until the directory is told to adopt them', async () => {
  await site.admin.users.add({ address: 'a@example.test', displayName: 'By hand' })
  await site.admin.users.add({ address: 'hand@example.test' })
  people = five()
  assert.deepEqual(news(await sync())[0], 'a@example.test set_aside ldap.by_hand')
  assert.equal((await site.admin.users.show('a@example.test')).displayName, 'By hand')
  assert.deepEqual(news(await sync({ adopt: true })), ['a@example.test changed name directory'])
  assert.equal(await site.store.users.count(), 6, 'a user whom no entry means stays')
})

test('a group the directory made it also ends; one that was joined by hand stays', async () => {
  people = [person('a', { groups: ['Sales', 'North; west'] })]
  await sync()
  await site.admin.groups.add('Mine')
  await site.admin.groups.addUsers('Mine', ['a@example.test'])
  people = [person('a', { groups: ['north, west'] })]
  assert.deepEqual(news(await sync()), ['a@example.test changed groups'])
  assert.deepEqual((await site.admin.users.show('a@example.test')).groups, ['Mine', 'North, west'])
  people = [person('a')]
  assert.deepEqual(news(await sync()), [], 'a directory that says nothing of groups')
})

test('entries that cannot be used are named with their code, and the others go on', async () => {
  people = [
    person('a', { addresses: [] }),
    person('b', { id: null }),
    person('c', { addresses: ['c@elsewhere.test'] }),
    person('d', { addresses: ['no address'] }),
    person('e', { addresses: ['same@example.test'] }),
    person('f', { addresses: ['same@example.test'] }),
    person('g', { id: 'id-h' }),
    person('h'),
    person('i', { name: `x\u001b[2J${'y'.repeat(500)}` }),
  ]
  assert.deepEqual(brief(await sync()), [
    ' set_aside ldap.no_address',
    'b@example.test set_aside ldap.no_id',
    'c@elsewhere.test set_aside address.foreign_domain',
    'no address set_aside address.invalid',
    'same@example.test set_aside ldap.twice',
    'same@example.test set_aside ldap.twice',
    'g@example.test set_aside ldap.twice',
    'h@example.test set_aside ldap.twice',
    'i@example.test added address name directory',
  ])
  const { displayName } = await site.admin.users.show('i@example.test')
  assert(displayName.length === 128 && displayName.startsWith('x [2J'), displayName)
})

test('an entry that is set aside is there all the same: its user is not taken for gone', async () => {
  people = [...five(), ...['f', 'g'].map((uid) => person(uid))]
  await sync()
  people = [...five().slice(1), ...['f', 'g'].map((uid) => person(uid)), person('a', { addresses: [] })]
  assert.deepEqual(news(await sync()), ['a@example.test set_aside ldap.no_address'])
  assert.equal((await site.admin.users.show('a@example.test')).disabled, null)
})

test('nobody found, no attribute anywhere, no directory configured: each has its code', async () => {
  assert.equal(await faultOf(), 'ldap.nobody')
  people = five().map((one) => ({ ...one, id: null }))
  assert.equal(await faultOf(), 'ldap.attributes')
  people = five().map((one) => ({ ...one, addresses: [] }))
  assert.equal(await faultOf(), 'ldap.attributes')
  const other = openInstallation({ directory: null })
  await assert.rejects(Array.fromAsync(other.admin.directory.sync()), { code: 'ldap.not_configured' })
  await other.close()
})
