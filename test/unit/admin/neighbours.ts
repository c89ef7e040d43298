/** A mail server and a relay of which the use cases see the port alone. */
import type { MailAccounts, RelayNames } from '#admin/ports.ts'
import type { SrpView } from '#admin/views.ts'
import { Fault } from '#kernel/fault.ts'
import { startMs } from './installation.ts'

export const fakeMail = (): MailAccounts => ({
  create: async (accounts) => accounts.map(() => null),
  readdress: async () => {},
  remove: async () => true,
  setPassword: async () => true,
})

export function fakeRelay(): RelayNames {
  const servers = new Map<string, SrpView>()
  return {
    register: async (srpId, _srpKey, domains) =>
      void servers.set(srpId, { srpId, domains, suspendedBecause: null, createdAtMs: startMs }),
    list: async () => [...servers.values()],
    resume: async (srpId) => {
      if (!servers.has(srpId)) throw new Fault('srp.unknown', srpId)
    },
  }
}

/** A storage key that is replaced in no time. */
export const fakeRotation = async (): Promise<{ rows: number }> => ({ rows: 3 })
