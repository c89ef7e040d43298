/** A site with everybody who takes part in it: mailboxes with passwords, users to activate, a server at the relay. */
import assert from 'node:assert/strict'
import type { AdminSession } from '#admin/admin.ts'
import { parseSrpId, type SrpId } from '#kernel/brand.ts'
import { startPostkey } from '../support/postkey.ts'
import type { Scope } from '../support/store.ts'
import type { User } from './load-activations.ts'
import type { Mailbox } from './load-mail.ts'

export interface Prepared {
  readonly data: string
  readonly mailboxes: readonly Mailbox[]
  readonly users: readonly User[]
  readonly server: { readonly srpId: SrpId; readonly srpKey: string }
}

const mailboxCount = 3

export async function prepare(t: Scope, userCount: number): Promise<Prepared> {
  const postkey = await startPostkey(t)
  const admin = await postkey.admin()
  const mailboxes: Mailbox[] = []
  for (let i = 0; i < mailboxCount; i += 1) {
    const address = `mailbox${i}@example.test`
    await admin.users.add({ address })
    mailboxes.push(await admin.mailboxes.generatePassword(address))
  }
  const users = await addUsers(admin, userCount)
  const { srpId, srpKey } = await admin.srp.add('S00000077', ['torture.test'])
  const parsed = parseSrpId(srpId)
  assert(parsed)
  await admin.close()
  await postkey.stop()
  return { data: postkey.data, mailboxes, users, server: { srpId: parsed, srpKey } }
}

async function addUsers(admin: AdminSession, count: number): Promise<User[]> {
  const rows = Array.from({ length: count }, (_, i) => ({ address: `user${i}@example.test` }))
  const users: User[] = []
  for await (const { address, password } of admin.users.import(rows, { passwords: {} })) {
    assert(password?.password, `${address} has no password`)
    users.push({ address, password: password.password })
  }
  return users
}
