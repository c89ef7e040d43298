/** One user changed: names, addresses, organisation, enabled or not, redirect on or off. */
import type { MailAddress } from '#kernel/brand.ts'
import { findUser, viewUser } from '../lookup.ts'
import type { AdminParts } from '../ports.ts'
import type { ChangedUser, UserChanges } from './people.ts'
import { applyPlans, withGroups } from './user-apply.ts'
import { planUser, type WantedUser } from './user-plan.ts'
import { aliasesOf, displayNameOf, organisationOf, servedAddress } from './user-words.ts'

/** @throws Fault user.unknown, user.exists, address.*, admin.usage */
export async function changeUser(parts: AdminParts, which: string, to: UserChanges): Promise<ChangedUser> {
  const { store, clock } = parts
  const user = await findUser(store.users, which)
  const [known = null] = await withGroups(parts, [user])
  const plan = planUser(known, wantedOf(parts.domains, user, to), 'administrator')
  if (plan.changes.length > 0) {
    const [applied] = await applyPlans(parts, [plan], () => user, 'administrator')
    if (applied?.fault) throw applied.fault
  }
  const now = (await store.users.byId(user.id)) ?? user
  return { user: await viewUser(store, now, clock.nowMs()), changes: plan.changes }
}

function wantedOf(
  domains: readonly string[],
  user: { readonly address: MailAddress; readonly aliases: readonly MailAddress[] },
  to: UserChanges,
): WantedUser {
  const address = to.address === undefined ? user.address : servedAddress(domains, to.address)
  const { displayName, organisation, enabled, redirect } = to
  return {
    address,
    ...aliasesWanted(domains, user.aliases, address, to),
    ...(displayName === undefined ? {} : { displayName: displayNameOf(displayName) }),
    ...(organisation === undefined ? {} : { organisation: organisationOf(organisation) }),
    ...(enabled === undefined ? {} : { enabled }),
    ...(redirect === undefined ? {} : { redirect }),
  }
}

function aliasesWanted(
  domains: readonly string[],
  before: readonly MailAddress[],
  main: MailAddress,
  { aliases, addAliases = [], removeAliases = [] }: UserChanges,
): Pick<WantedUser, 'aliases'> {
  if (!aliases && addAliases.length + removeAliases.length === 0) return {}
  const gone = new Set(aliasesOf(domains, removeAliases, null))
  // What is listed from earlier stays, also where its domain is no longer served.
  const kept = (aliases ? aliasesOf(domains, aliases, main) : before).filter((alias) => !gone.has(alias))
  const added = aliasesOf(domains, addAliases, main)
  const all = new Set([...kept, ...added])
  all.delete(main)
  return { aliases: [...all].sort() }
}
