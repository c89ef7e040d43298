/** Mailboxes of the embedded mail server. */
import { Fault } from '#kernel/fault.ts'
import { generatePassword, showPassword } from '#protocol/canonical.ts'
import type { MailboxCases } from '../admin.ts'
import { findUser } from '../lookup.ts'
import type { AdminParts } from '../ports.ts'

export const mailboxCases = ({
  store,
  mail,
  random,
  log,
}: Pick<AdminParts, 'store' | 'mail' | 'random' | 'log'>): MailboxCases => ({
  generatePassword: async (typed) => {
    const { address } = await findUser(store.users, typed)
    // Mail clients take it as it is shown, hyphens included.
    const password = showPassword(generatePassword(random))
    if (!(await mail?.setPassword(address, password))) throw new Fault('mailbox.not_embedded', address)
    log.info({ user: address }, 'mailbox password set')
    return { address, password }
  },
})
