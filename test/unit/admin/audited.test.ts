import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { type Caller, owner } from '#admin/access/caller.ts'
import { operationRoles } from '#admin/access/roles.ts'
import { pick, reads } from '#admin/audit/rule.ts'
import { auditRules } from '#admin/audit/rules.ts'
import { Fault } from '#kernel/fault.ts'
import type { AuditStore } from '#store/audit.ts'
import { call, operationNames } from './call.ts'
import { everyOperation } from './every-operation.ts'
import { addHandheld } from './handheld-at-work.ts'
import { type Installation, openInstallation, startMs } from './installation.ts'
import { fakeMail, fakeRelay, fakeRotation } from './neighbours.ts'

const alice = 'alice@example.test'
const root = owner('root', 'socket')

let site: Installation
beforeEach(() => {
  site = openInstallation({ mail: fakeMail(), relay: fakeRelay(), rotateStorageKey: fakeRotation })
})
afterEach(() => site.close())

const lines = () => site.store.audit.lines(0, 10_000)
const acts = () => site.admin.audit.list()
const hasCode = (code: string) => (error: unknown) => error instanceof Fault && error.code === code

async function prepare(name: string): Promise<void> {
  if (everyOperation[name]?.handheld) await addHandheld(site.store, startMs)
  for (const [first, ...args] of everyOperation[name]?.first ?? []) await call(site.admin, first, args)
}

test('every operation has a rule of the audit log or is said to read only, a row of roles, and a line in these tests', () => {
  const missing = operationNames.flatMap((name) => [
    ...(Object.hasOwn(auditRules, name) ? [] : [`${name}: no row in src/admin/audit/rules.ts`]),
    ...(Object.hasOwn(operationRoles, name) ? [] : [`${name}: no row in src/admin/access/roles.ts`]),
    ...(Object.hasOwn(everyOperation, name) ? [] : [`${name}: no row in test/unit/admin/every-operation.ts`]),
  ])
  assert.deepEqual(missing, [])
  const known = new Set(operationNames)
  for (const table of [auditRules, operationRoles, everyOperation])
    assert.deepEqual(
      Object.keys(table).filter((name) => !known.has(name)),
      [],
      'rows of no operation',
    )
})

for (const name of operationNames)
  test(`${name} ${auditRules[name] === reads ? 'changes nothing, and leaves no line' : 'leaves an intent and its outcome'}`, async () => {
    await prepare(name)
    const before = await changeMarks()
    const earlier = (await lines()).length
    const done = call(site.desk.admin(root), name, everyOperation[name]?.args('a secret of ours') ?? [])
    const outcome = await done.then(
      () => 'ok',
      (error: Fault) => error.code,
    )
    const written = (await lines()).slice(earlier)
    if (auditRules[name] === reads) {
      assert.deepEqual(written, [])
      assert.deepEqual(await changeMarks(), before, 'it reads only')
      return
    }
    assert.equal(outcome, 'ok', 'it can be done')
    const [intent] = written
    const answer = written.find(({ answers }) => answers === intent?.seq)
    assert.deepEqual(
      [intent?.what, intent?.who, intent?.role, intent?.from, intent?.outcome, answer?.outcome],
      [name, 'os:root', 'owner', 'socket', 'begun', 'ok'],
    )
    assert.equal((await site.admin.audit.verify()).good, true)
  })

test('a lock says what was asked for as a wipe does, and nothing of the password', async () => {
  const { pin } = await addHandheld(site.store, startMs)
  const admin = site.desk.admin(root)
  await admin.handhelds.lock(pin, { password: 'a secret of ours', ownerText: 'Please call' })
  await admin.handhelds.lock(pin)
  await admin.handhelds.setOwner(pin, 'Acme')
  await admin.handhelds.wipe(pin, { afterMinutes: 5 })
  assert.deepEqual(
    (await acts()).filter(({ what }) => what.startsWith('handhelds.')).map(({ change }) => change.asked),
    [
      { newPassword: true, ownerText: 'Please call' },
      { newPassword: false, ownerText: null },
      { ownerText: 'Acme' },
      { afterMinutes: 5 },
    ],
  )
  assert(!JSON.stringify(await acts()).includes('a secret'))
})

/** Everything an operation could change. */
async function changeMarks(): Promise<unknown> {
  const { users, access, accounts, relay, policies, queue, handhelds } = site.store
  return [
    await users.list(),
    await users.newestGrants(),
    await access.list(),
    await accounts.list(),
    await accounts.tokens(),
    await relay.listServers(),
    await policies.list(),
    await policies.assignments(),
    await queue.list({ limit: 100 }),
    await handhelds.list(),
  ]
}

/** What operations are given and give that nobody else may learn. */
const planted = 'planted-Secret-7f3a9c'

test('no secret that an operation is given or gives is in the audit log', async () => {
  const secrets = new Set<string>([planted])
  const keep = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [field, inner] of Object.entries(value)) {
      const isSecret = ['password', 'srpKey', 'token'].includes(field) && typeof inner === 'string'
      if (isSecret) secrets.add(inner)
      else keep(inner)
    }
  }
  for (const name of operationNames) {
    site = openInstallation({ mail: fakeMail(), relay: fakeRelay(), rotateStorageKey: fakeRotation })
    await prepare(name)
    const args = everyOperation[name]?.args(planted) ?? []
    // A secret where none belongs: a field more in each object, and a fault that quotes it.
    const strange = args.map((arg) =>
      isPlainObject(arg) ? { ...arg, password: planted, token: planted } : arg,
    )
    const admin = site.desk.admin(root)
    for (const given of [args, strange, [...args, planted]])
      await callPlain(admin, name, given).then(
        (values) => values.forEach(keep),
        () => {},
      )
    const text = JSON.stringify(await acts()) + (await call(site.admin, 'audit.export', [])).join('')
    for (const secret of secrets) assert(!text.includes(secret), `${name} wrote ${secret}`)
    await site.close()
  }
  assert(secrets.size > 5, [...secrets].join(' '))
  site = openInstallation()
})

const isPlainObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Without the checks of the wire, as code in this process could. */
async function callPlain(admin: object, name: string, args: readonly unknown[]): Promise<unknown[]> {
  const [group = '', method] = name.split('.')
  const cases: unknown = Reflect.get(admin, group)
  const found: unknown = method === undefined ? cases : Reflect.get(Object(cases), method)
  assert(typeof found === 'function', name)
  if (name === 'activations.watch') return []
  const result: unknown = found(...args)
  if (typeof result === 'object' && result !== null && Symbol.asyncIterator in result) {
    const values: unknown[] = []
    for await (const value of result as AsyncIterable<unknown>) values.push(value)
    return values
  }
  return [await result]
}

test('a line says who, from where, on whom, what was, what was asked and what is', async () => {
  const bob: Caller = { who: 'account:bob', role: 'administrator', from: 'socket' }
  const admin = site.desk.admin(bob)
  await admin.users.add({ address: ' Alice@Example.TEST', aliases: ['al@example.test'] })
  site.clock.advance(1_000)
  await admin.users.remove('al@example.test')
  const [added, removed] = await acts()
  assert.deepEqual(
    [added?.who, added?.role, added?.from, added?.what, added?.on, added?.outcome, added?.atMs],
    ['account:bob', 'administrator', 'socket', 'users.add', alice, 'ok', startMs],
  )
  assert.deepEqual(added?.change, {
    asked: { address: ' Alice@Example.TEST', aliases: ['al@example.test'] },
    after: { address: alice, displayName: '', aliases: ['al@example.test'] },
  })
  assert.equal(removed?.on, alice, 'by the main address, though an alias was typed')
  assert.deepEqual(removed?.change.before, { address: alice, displayName: '', aliases: ['al@example.test'] })
  assert.equal((await site.admin.audit.list({ on: 'AL@example.test' })).length, 2, 'both name it')
})

test('an act that fails leaves its code, and so does one that the role does not allow', async () => {
  const admin = site.desk.admin(root)
  await assert.rejects(admin.users.show(alice), hasCode('user.unknown'))
  await assert.rejects(admin.passwords.revoke(alice), hasCode('user.unknown'))
  const helpdesk = site.desk.admin({ who: 'token:ci', role: 'helpdesk', from: 'socket' })
  await assert.rejects(helpdesk.users.add({ address: alice }), hasCode('admin.not_allowed'))
  await assert.rejects(async () => {
    for await (const _ of helpdesk.users.import([{ address: alice }])) assert.fail('a row was added')
  }, hasCode('admin.not_allowed'))
  assert.deepEqual(
    (await acts()).map(({ who, what, on, outcome }) => [who, what, on, outcome]),
    [
      ['os:root', 'passwords.revoke', alice, 'user.unknown'],
      ['token:ci', 'users.add', alice, 'admin.not_allowed'],
      ['token:ci', 'users.import', '', 'admin.not_allowed'],
    ],
  )
  assert.equal(await site.store.users.count(), 0)
})

test('an act whose intent cannot be written is not done', async () => {
  const append: AuditStore['append'] = async () => {
    throw new Fault('store.full')
  }
  const { audit } = site.store
  const store = { ...site.store, audit: { ...bound(audit), append } }
  const other = openInstallation({ store })
  await assert.rejects(other.desk.admin(root).users.add({ address: alice }), hasCode('store.full'))
  await assert.rejects(other.desk.admin(root).accounts.remove('sue'), hasCode('store.full'))
  assert.equal(await site.store.users.count(), 0)
  await other.close()
})

test('the act stands when its outcome cannot be written: the intent then has none', async () => {
  let calls = 0
  const { audit } = site.store
  const append: AuditStore['append'] = async (entries) => {
    calls += 1
    if (calls > 1) throw new Fault('store.full')
    return audit.append(entries)
  }
  const other = openInstallation({ store: { ...site.store, audit: { ...bound(audit), append } } })
  await other.desk.admin(root).users.add({ address: alice })
  assert.deepEqual(
    (await acts()).map(({ what, outcome }) => [what, outcome]),
    [['users.add', null]],
  )
  await other.close()
})

const bound = (audit: AuditStore): AuditStore => ({
  append: (entries) => audit.append(entries),
  acts: (filter) => audit.acts(filter),
  lines: (after, limit) => audit.lines(after, limit),
  head: () => audit.head(),
})

test('each row of an import has a line, also where whoever asked went away', async () => {
  const rows = Array.from({ length: 250 }, (_, i) => ({ address: `user${i}@example.test` }))
  let seen = 0
  for await (const _ of site.desk.admin(root).users.import(rows)) if (++seen === 130) break
  const all = await site.admin.audit.list({ limit: 1_000 })
  assert.equal(all.length, 131)
  assert.deepEqual(
    [all[0]?.outcome, all[0]?.change.asked],
    [
      'broken_off',
      {
        rows: 250,
        passwords: null,
        digest: all[0]?.change.asked && Reflect.get(Object(all[0].change.asked), 'digest'),
      },
    ],
  )
  assert.deepEqual(all.at(-1)?.on, 'user129@example.test')
  assert.equal((await site.admin.audit.verify()).lines, 132)
})

test('picking takes plain values by name and nothing else', () => {
  const value = { a: 1, b: { secret: 1 }, c: ['x'], d: [{ secret: 1 }], e: null, f: () => 1 }
  assert.deepEqual(pick(value, 'a', 'b', 'c', 'd', 'e', 'f', 'g'), { a: 1, c: ['x'], e: null })
  assert.equal(pick('text', 'length'), null)
})
