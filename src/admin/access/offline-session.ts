/** The use cases for a command that has the database open itself. */
import type { AdminSession } from '../admin.ts'
import type { Credentials, Desk, Door } from './desk.ts'

/** Whoever can open the database owns it; a token that is brought all the same counts instead. */
const door: Door = { from: 'store', ownersAlone: true }

/** @throws Fault admin.unauthenticated */
export async function offlineSession(
  desk: Desk,
  credentials: Credentials,
  close: () => Promise<void>,
): Promise<AdminSession> {
  const caller = await desk.identify(credentials, door)
  return {
    ...desk.admin(caller),
    via: 'store',
    whoami: async () => ({ who: caller.who, role: caller.role }),
    mayDo: (operation, on) => desk.allow(caller, operation, on),
    login: (account, password) => desk.login(account, password, door.from),
    logout: () => desk.logout(credentials.token ?? '', door.from),
    close,
  }
}
