/** Passwords of users' mailboxes at the site's own mail server: kept sealed, for the agent's log-ins alone. */
import { sealMailboxPassword } from '#crypto/mailbox-password.ts'
import { Fault } from '#kernel/fault.ts'
import type { UserCases } from '../admin.ts'
import { findUser, viewUser } from '../lookup.ts'
import type { AdminParts } from '../ports.ts'

/** Log-ins with longer ones are cut by some servers. */
const bytesMax = 1_024

type Cases = Pick<UserCases, 'setMailboxPassword' | 'removeMailboxPassword'>

export function mailboxPasswordCases({
  store,
  clock,
  log,
  vault,
}: Pick<AdminParts, 'store' | 'clock' | 'log' | 'vault'>): Cases {
  return {
    setMailboxPassword: async (address, password) => {
      const user = await findUser(store.users, address)
      const sealed = sealMailboxPassword(vault, user.address, usable(password))
      await store.users.keepMailboxPassword(user.id, sealed, clock.nowMs())
      log.info({ user: user.address }, 'password of a mailbox kept')
      return viewUser(store, user, clock.nowMs())
    },
    removeMailboxPassword: async (address) => {
      const user = await findUser(store.users, address)
      if (!(await store.users.dropMailboxPassword(user.id))) throw new Fault('imap.no_password', user.address)
      log.info({ user: user.address }, 'password of a mailbox forgotten')
      return viewUser(store, user, clock.nowMs())
    },
  }
}

/** As it is: unlike an activation password it is the mail server's, which may tell any two apart. */
function usable(password: string): string {
  const fits = Buffer.byteLength(password) <= bytesMax && /^\P{Cc}+$/u.test(password)
  if (fits) return password
  throw new Fault('admin.usage', `a mailbox's password has 1 to ${bytesMax} bytes and no control characters`)
}
