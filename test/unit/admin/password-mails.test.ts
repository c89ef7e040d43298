/** Terms of passwords, passwords by mail, and passwords for many, as the use cases give them. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { BulkPasswordResult, PasswordTerms } from '#admin/admin.ts'
import { Fault } from '#kernel/fault.ts'
import { invitationContext } from '#store/invitations.ts'
import { type Installation, openInstallation, startMs } from './installation.ts'

const alice = 'alice@example.test'
const hour = 3_600_000

let site: Installation
beforeEach(async () => {
  site = openInstallation()
  await site.admin.users.add({ address: alice, displayName: 'Alice' })
})
afterEach(() => site.close())

const faultOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error) => (error instanceof Fault ? error.code : String(error)),
  )

test('a password that begins later lives from then on', async () => {
  const notBeforeMs = startMs + 10 * hour
  const issued = await site.admin.passwords.generate(alice, { notBeforeMs, hours: 4, tries: 2 })
  assert.equal(issued.expiresAtMs, notBeforeMs + 4 * hour)
  const { password } = await site.admin.users.show(alice)
  assert.deepEqual(
    [password?.state, password?.notBeforeMs, password?.triesPerHandheld],
    ['open', notBeforeMs, 2],
  )
  const explained = await site.admin.activations.explain(alice)
  assert.equal(explained.explanation.retryAtMs, notBeforeMs)
})

test('terms outside what is possible are refused', async () => {
  const refused: readonly PasswordTerms[] = [
    { hours: 0 },
    { hours: 721 },
    { tries: 0 },
    { tries: 6 },
    { notBeforeMs: startMs - 2 * 60_000 },
    { notBeforeMs: startMs + 400 * 24 * hour },
    { pin: '12' },
    { send: { to: 'nobody' } },
  ]
  for (const terms of refused)
    assert.match(
      await faultOf(site.admin.passwords.generate(alice, terms)),
      /^(admin\.usage|address\.invalid)$/,
    )
  assert.equal(
    await faultOf(site.admin.passwords.generate(alice, { send: { language: 'xx' } })),
    'invitation.template',
  )
  assert.equal((await site.admin.users.show(alice)).password, null)
})

test('what is mailed is queued with the password sealed, and told to nobody else', async () => {
  const issued = await site.admin.passwords.send(alice, {
    send: { to: 'boss@elsewhere.test', language: 'de' },
  })
  assert.deepEqual([issued.password, issued.code], [null, null])
  assert.deepEqual(issued.mailedTo, [
    { part: 'instructions', to: alice },
    { part: 'password', to: 'boss@elsewhere.test' },
  ])
  const due = await site.store.invitations.due(startMs, 10)
  assert.deepEqual(
    due.map(({ language }) => language),
    ['de', 'de'],
  )
  const sealed = await site.store.invitations.sealed(due[1]?.id ?? 0)
  assert(sealed)
  const plain = site.parts.vault.open(invitationContext(due[1]?.messageId ?? ''), sealed)
  assert.match(Buffer.from(plain ?? []).toString(), /^\w{4}-\w{4}-\w{4}$/)
  assert.equal(await site.store.invitations.sealed(due[0]?.id ?? 0), null)
  const { mails } = await site.admin.users.show(alice)
  assert.deepEqual(
    mails.map(({ state, code }) => [state, code]),
    [
      ['queued', 'invitation.queued'],
      ['queued', 'invitation.queued'],
    ],
  )
  assert.equal((await site.admin.activations.explain(alice)).explanation.code, 'invitation.queued')
})

test('a new password withdraws the mails of the one before', async () => {
  await site.admin.passwords.send(alice)
  await site.admin.passwords.generate(alice)
  assert.equal(await site.store.invitations.nextAtMs(), null)
  assert.deepEqual((await site.admin.users.show(alice)).mails, [])
})

test('without a sender no password is mailed, and none is set', async () => {
  await site.close()
  site = openInstallation({ invitations: null })
  await site.admin.users.add({ address: alice })
  assert.equal(await faultOf(site.admin.passwords.send(alice)), 'invitation.no_sender')
  assert.equal((await site.admin.users.show(alice)).password, null)
})

test('mails that are stuck are said in the status', async () => {
  await site.admin.passwords.send(alice)
  const named = async () => (await site.admin.status()).checks.find(({ name }) => name === 'invitations')
  assert.equal(await named(), undefined)
  const [mail] = await site.store.invitations.due(startMs, 1)
  await site.store.invitations.putOff(mail?.id ?? 0, startMs + 10_000, '451 later', 'invitation.put_off')
  assert.deepEqual([(await named())?.health, (await named())?.code], ['attention', 'invitation.put_off'])
})

async function all(results: AsyncIterable<BulkPasswordResult>): Promise<BulkPasswordResult[]> {
  const found: BulkPasswordResult[] = []
  for await (const result of results) found.push(result)
  return found
}

test('many get theirs in order, faults set aside, live ones kept unless they are replaced', async () => {
  const bob = 'bob@example.test'
  await site.admin.users.add({ address: bob })
  await site.admin.passwords.generate(bob)
  const rows = [{ address: alice, pin: '2100ab3f' }, { address: 'nobody@example.test' }, { address: bob }]
  const results = await all(site.admin.passwords.generateMany(rows, { hours: 3 }))
  assert.deepEqual(
    results.map(({ index, outcome, fault }) => [index, outcome, fault?.code ?? null]),
    [
      [0, 'issued', null],
      [1, 'failed', 'user.unknown'],
      [2, 'kept', null],
    ],
  )
  assert.equal((await site.admin.users.show(alice)).password?.boundTo, '2100AB3F')
  const again = await all(
    site.admin.passwords.generateMany([{ address: bob }], { replace: true, send: {}, hide: true }),
  )
  assert.deepEqual([again[0]?.outcome, again[0]?.password?.password], ['issued', null])
})

test('everybody in a group has a row', async () => {
  const { groups, users } = site.store
  const id = await groups.create({ name: 'Sales', description: '', nowMs: startMs })
  const user = await users.byAddress(alice as never)
  assert(id !== null && user)
  await groups.addMembers(id, [user.id])
  assert.deepEqual(await site.admin.passwords.rowsOfGroup(' sales '), [{ address: alice }])
  assert.equal(await faultOf(site.admin.passwords.rowsOfGroup('nobody')), 'group.unknown')
})
