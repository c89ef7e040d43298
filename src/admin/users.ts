/** Users: who may activate, with which addresses. */
import type { MailAddress } from '#kernel/brand.ts'
import { Fault, faultCodeOf } from '#kernel/fault.ts'
import type { User } from '#store/users.ts'
import { activationView } from './activation-view.ts'
import type { ImportResult, NewUserInput, PasswordTerms, UserCases } from './admin.ts'
import { guardView } from './guard.ts'
import { handheldView } from './handhelds.ts'
import { invitationViews } from './invitations.ts'
import { issueGenerated } from './issue-password.ts'
import { addressOf, findUser, userView, viewUser } from './lookup.ts'
import { mailboxPasswordCases } from './mailbox-passwords.ts'
import type { AdminParts } from './ports.ts'
import type { UserDetail } from './views.ts'

const displayNameLengthMax = 128
const aliasesMax = 32
const activationsShown = 20

export function userCases(parts: AdminParts): UserCases {
  const { store, clock, log } = parts
  return {
    add: async (input) => viewUser(store.users, await addUser(parts, input), clock.nowMs()),
    list: async () => {
      const grants = new Map((await store.users.newestGrants()).map((kept) => [kept.userId, kept.grant]))
      const nowMs = clock.nowMs()
      return (await store.users.list()).map((user) => userView(user, grants.get(user.id) ?? null, nowMs))
    },
    show: async (address) => detail(parts, await findUser(store.users, address)),
    remove: async (address) => {
      const user = await findUser(store.users, address)
      const last = await viewUser(store.users, user, clock.nowMs())
      await store.users.remove(user.id)
      await parts.mail?.remove(user.address)
      log.info({ user: user.address }, 'user removed')
      return last
    },
    ...mailboxPasswordCases(parts),
    import: (rows, passwords) => importUsers(parts, rows, passwords),
  }
}

async function addUser(parts: AdminParts, input: NewUserInput): Promise<User> {
  const { store, clock, log, mail } = parts
  const address = servedAddress(parts, input.address)
  const aliases = [...new Set((input.aliases ?? []).map((alias) => servedAddress(parts, alias)))]
  if (aliases.length > aliasesMax) throw new Fault('admin.usage', `a user has at most ${aliasesMax} aliases`)
  const displayName = (input.displayName ?? '').trim()
  if (displayName.length > displayNameLengthMax)
    throw new Fault('admin.usage', `a display name has at most ${displayNameLengthMax} characters`)
  const id = await store.users.add({ address, displayName, aliases, nowMs: clock.nowMs() })
  if (id === null) throw new Fault('user.exists', await takenAmong(parts, [address, ...aliases]))
  await withUndo(
    async () => mail?.create(address, aliases),
    () => store.users.remove(id),
  )
  log.info({ user: address, aliases: aliases.length }, 'user added')
  const user = await store.users.byId(id)
  if (user) return user
  throw new Fault('user.unknown', address)
}

/** @throws Fault address.invalid, address.foreign_domain */
function servedAddress({ domains }: AdminParts, typed: string): MailAddress {
  const address = addressOf(typed)
  if (domains.includes(address.slice(address.lastIndexOf('@') + 1))) return address
  throw new Fault('address.foreign_domain', address)
}

async function takenAmong({ store }: AdminParts, addresses: readonly MailAddress[]): Promise<string> {
  for (const address of addresses) if (await store.users.byAddress(address)) return address
  return addresses.join(', ')
}

async function withUndo(work: () => Promise<unknown>, undo: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    await undo()
    throw error
  }
}

async function detail({ store, clock }: AdminParts, user: User): Promise<UserDetail> {
  const nowMs = clock.nowMs()
  const runs = await store.activations.list({ userId: user.id, limit: activationsShown })
  const accounts = await store.handhelds.byUser(user.id)
  const kept = await store.users.newestGrant(user.id)
  return {
    ...(await viewUser(store.users, user, nowMs)),
    activations: runs.map((run) => activationView(run, nowMs)),
    handhelds: accounts.map((account) => handheldView(account, user.address)),
    mailboxPassword: (await store.users.mailboxPassword(user.address)) !== null,
    mails: await invitationViews({ store }, kept),
    guard: await guardView({ store, clock }, kept),
  }
}

/** A row that cannot be added is set aside with its code, and the rows after it go on. */
async function* importUsers(
  parts: AdminParts,
  rows: readonly NewUserInput[],
  passwords: PasswordTerms | undefined,
): AsyncGenerator<ImportResult> {
  for (const [index, row] of rows.entries()) {
    const result = { index, address: row.address, added: false, password: null, fault: null }
    let added = false
    try {
      const user = await addUser(parts, row)
      added = true
      const password = passwords ? await issueGenerated(parts, user, passwords) : null
      yield { ...result, address: user.address, added, password }
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      yield { ...result, added, fault: { code: faultCodeOf(error), detail: error.detail } }
    }
  }
}
