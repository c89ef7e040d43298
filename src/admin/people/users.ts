/** Users: who may activate, with which addresses. */
import type { MailAddress } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import type { User } from '#store/users.ts'
import { activationView } from '../activation-view.ts'
import type { NewUserInput, UserCases } from '../admin.ts'
import { handheldView } from '../handhelds/handhelds.ts'
import { locksTaken } from '../handhelds/lock-view.ts'
import { findUser, viewUser } from '../lookup.ts'
import { guardView } from '../passwords/guard.ts'
import { invitationViews } from '../passwords/invitations.ts'
import type { AdminParts } from '../ports.ts'
import type { UserDetail } from '../views.ts'
import { groupByName } from './groups.ts'
import { mailboxPasswordCases } from './mailbox-passwords.ts'
import { applyPlans } from './user-apply.ts'
import { changeUser } from './user-changes.ts'
import { importUsers } from './user-import.ts'
import { countUsers, listUsers } from './user-list.ts'
import { planUser, type WantedUser } from './user-plan.ts'
import { aliasesOf, displayNameOf, organisationOf, servedAddress } from './user-words.ts'

const activationsShown = 20

export function userCases(parts: AdminParts): UserCases {
  const { store, clock, log } = parts
  return {
    add: async (input) => viewUser(store, await addUser(parts, input), clock.nowMs()),
    list: (query = {}) => listUsers(parts, query),
    count: (query = {}) => countUsers(parts, query),
    change: (address, to) => changeUser(parts, address, to),
    show: async (address) => detail(parts, await findUser(store.users, address)),
    remove: async (address) => {
      const user = await findUser(store.users, address)
      const last = await viewUser(store, user, clock.nowMs())
      await store.users.remove(user.id, clock.nowMs())
      await parts.mail?.remove(user.address)
      log.info({ user: user.address }, 'user removed')
      return last
    },
    ...mailboxPasswordCases(parts),
    import: (rows, options = {}) => importUsers(parts, rows, options),
  }
}

async function addUser(parts: AdminParts, input: NewUserInput): Promise<User> {
  const { store, domains } = parts
  const address = servedAddress(domains, input.address)
  const aliases = aliasesOf(domains, input.aliases ?? [], address)
  const wanted: WantedUser = {
    address,
    aliases,
    displayName: displayNameOf(input.displayName ?? ''),
    organisation: organisationOf(input.organisation ?? ''),
    groups: await existing(parts, input.groups ?? []),
  }
  const taken = await takenAmong(parts, [address, ...aliases])
  if (taken) throw new Fault('user.exists', taken)
  const [applied] = await applyPlans(
    parts,
    [planUser(null, wanted, 'administrator')],
    () => null,
    'administrator',
  )
  if (applied?.fault) throw applied.fault
  const user = applied ? await store.users.byId(applied.userId) : null
  if (user) return user
  throw new Fault('user.unknown', address)
}

/** A misspelt group of one user is a mistake; only a list makes groups. @throws Fault group.unknown */
async function existing(parts: AdminParts, names: readonly string[]): Promise<string[]> {
  const groups = []
  for (const name of names) groups.push((await groupByName(parts, name)).name)
  return groups
}

async function takenAmong(
  { store }: AdminParts,
  addresses: readonly MailAddress[],
): Promise<MailAddress | null> {
  for (const address of addresses) if (await store.users.byAddress(address)) return address
  return null
}

async function detail({ store, clock }: AdminParts, user: User): Promise<UserDetail> {
  const nowMs = clock.nowMs()
  const runs = await store.activations.list({ userId: user.id, limit: activationsShown })
  const accounts = await store.handhelds.byUser(user.id)
  const locks = await Promise.all(accounts.map(({ pin }) => locksTaken({ store }, accounts, pin)))
  const kept = await store.users.newestGrant(user.id)
  return {
    ...(await viewUser(store, user, nowMs)),
    activations: runs.map((run) => activationView(run, nowMs)),
    handhelds: accounts.map((account, i) => handheldView(account, user.address, locks[i]?.get(account))),
    mailboxPassword: (await store.users.mailboxPassword(user.address)) !== null,
    mails: await invitationViews({ store }, kept),
    guard: await guardView({ store, clock }, kept),
  }
}
