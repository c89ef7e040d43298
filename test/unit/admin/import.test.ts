/** Users in numbers, through the use cases. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { ImportResult } from '#admin/people/people.ts'
import { openMailboxPassword } from '#crypto/mailbox-password.ts'
import type { MailAddress } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import { type Installation, openInstallation } from './installation.ts'

const alice = 'alice@example.test'

let site: Installation
beforeEach(() => {
  site = openInstallation()
})
afterEach(() => site.close())

test('an import sets a bad row aside with its code and goes on', async () => {
  const results: ImportResult[] = []
  const rows = [
    { address: alice },
    { address: 'nobody' },
    { address: alice },
    { address: 'bob@example.test' },
  ]
  for await (const result of site.admin.users.import(rows, { passwords: {} })) results.push(result)
  assert.deepEqual(
    results.map(({ index, outcome, password, fault }) => [
      index,
      outcome,
      password !== null,
      fault?.code ?? null,
    ]),
    [
      [0, 'added', true, null],
      [1, 'set_aside', false, 'address.invalid'],
      [2, 'set_aside', false, 'user.exists'],
      [3, 'added', true, null],
    ],
  )
  assert.equal(await site.store.users.count(), 2)
})

test('with the embedded mail server each user gets a mailbox, and one whose mailbox is another account is set aside', async () => {
  const calls: string[] = []
  const other = openInstallation({
    mail: {
      create: async (accounts) =>
        accounts.map(({ address }) => {
          calls.push(`create ${address}`)
          return address.startsWith('taken') ? address : null
        }),
      readdress: async (address, main, aliases) => {
        calls.push(`readdress ${address} ${main} ${aliases.join()}`)
        if (aliases.length > 0) throw new Fault('user.exists', aliases[0])
      },
      remove: async () => true,
      setPassword: async () => true,
    },
  })
  const results = await Array.fromAsync(
    other.admin.users.import([{ address: alice }, { address: 'taken@example.test' }]),
  )
  assert.deepEqual(
    results.map(({ outcome, fault }) => [outcome, fault?.code ?? null]),
    [
      ['added', null],
      ['set_aside', 'user.exists'],
    ],
  )
  assert.equal(await other.store.users.count(), 1)
  const [again] = await Array.fromAsync(
    other.admin.users.import([{ address: alice, aliases: ['al@example.test'] }]),
  )
  assert.equal(again?.fault?.code, 'user.exists')
  assert.deepEqual((await other.admin.users.show(alice)).aliases, [], 'nothing half done')
  await other.admin.users.change(alice, { displayName: 'Alice' })
  assert.deepEqual(calls, [
    'create alice@example.test',
    'create taken@example.test',
    'readdress alice@example.test alice@example.test al@example.test',
  ])
  await other.close()
})

test("the password of a user's mailbox goes along with another main address", async () => {
  await site.admin.users.add({ address: alice })
  await site.admin.users.setMailboxPassword(alice, 'its password')
  const before = await site.store.users.mailboxPassword(alice as MailAddress)
  const married = 'alice.hargreaves@example.test'
  await site.admin.users.change(alice, { address: married })
  const sealed = await site.store.users.mailboxPassword(married as MailAddress)
  assert(sealed)
  assert.notDeepEqual(sealed, before)
  assert.equal(openMailboxPassword(site.parts.vault, married as MailAddress, sealed), 'its password')
})
