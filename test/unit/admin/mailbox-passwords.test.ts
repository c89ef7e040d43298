import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMailboxPassword } from '#crypto/mailbox-password.ts'
import type { MailAddress } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import { openInstallation } from './installation.ts'

const alice = 'alice@example.test' as MailAddress

const refusedWith = (code: string) => (error: unknown) => error instanceof Fault && error.code === code

test("the password of a mailbox at the site's own server is kept sealed and shown nowhere", async (t) => {
  const site = openInstallation()
  t.after(() => site.close())
  await site.admin.users.add({ address: alice, aliases: ['al@example.test'] })
  assert.equal((await site.admin.users.show(alice)).mailboxPassword, false)
  const password = 'pass word with "ümlaut" and \\'
  const answered = await site.admin.users.setMailboxPassword('al@example.test', password)
  assert(!JSON.stringify([answered, await site.admin.users.show(alice)]).includes('ümlaut'))
  assert.equal((await site.admin.users.show(alice)).mailboxPassword, true)
  const sealed = await site.store.users.mailboxPassword(alice)
  assert(sealed)
  assert.equal(openMailboxPassword(site.parts.vault, alice, sealed), password)
  assert.equal(openMailboxPassword(site.parts.vault, 'bob@example.test' as MailAddress, sealed), null)

  for (const unusable of ['', 'two\nlines', 'a\u0000b', 'x'.repeat(1_025)])
    await assert.rejects(site.admin.users.setMailboxPassword(alice, unusable), refusedWith('admin.usage'))
  const nobody = site.admin.users.setMailboxPassword('bob@example.test', 'x')
  await assert.rejects(nobody, refusedWith('user.unknown'))
  await site.admin.users.removeMailboxPassword(alice)
  await assert.rejects(site.admin.users.removeMailboxPassword(alice), refusedWith('imap.no_password'))
})
