/** From what a person typed to the row it means. */
import { type Grant, grantStateAt, isGuarded, totalFails } from '#activation/grant.ts'
import { type MailAddress, type Pin, parsePin } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import { limits } from '#kernel/limits.ts'
import { canonicalEmail } from '#protocol/canonical.ts'
import type { Store } from '#store/store.ts'
import type { User, UserStore } from '#store/users.ts'
import type { PasswordView, UserView } from './views.ts'

/** @throws Fault address.invalid */
export function addressOf(typed: string): MailAddress {
  const address = canonicalEmail(typed)
  if (address.ok) return address.value
  throw new Fault('address.invalid', shortened(typed))
}

/** By main address or alias. @throws Fault address.invalid, user.unknown */
export async function findUser(users: UserStore, typed: string): Promise<User> {
  const address = addressOf(typed)
  const user = await users.byAddress(address)
  if (user) return user
  throw new Fault('user.unknown', address)
}

/** A PIN as people write it: any case, spaces or hyphens between. Null where it is none. */
export const typedPin = (typed: string): Pin | null => parsePin(typed.replace(/[\s-]/g, '').toUpperCase())

/** Whatever was typed, short enough for an error. */
export const shortened = (typed: string): string => (typed.length > 80 ? `${typed.slice(0, 80)}…` : typed)

export async function viewUser(
  { users, groups }: Pick<Store, 'users' | 'groups'>,
  user: User,
  nowMs: number,
): Promise<UserView> {
  const kept = await users.newestGrant(user.id)
  return userView(user, kept?.grant ?? null, groupNames(await groups.ofUser(user.id)), nowMs)
}

export const groupNames = (groups: readonly { readonly name: string }[]): string[] =>
  groups.map(({ name }) => name)

export const userView = (
  user: User,
  grant: Grant | null,
  groups: readonly string[],
  nowMs: number,
): UserView => ({
  address: user.address,
  displayName: user.displayName,
  aliases: user.aliases,
  organisation: user.organisation,
  groups,
  disabled: user.disabled,
  redirect: user.redirect,
  directory: user.directory?.dn ?? null,
  createdAtMs: user.createdAtMs,
  password: grant ? passwordView(grant, nowMs) : null,
})

const passwordView = (grant: Grant, nowMs: number): PasswordView => ({
  state: grantStateAt(grant, nowMs),
  origin: grant.origin,
  createdAtMs: grant.createdAtMs,
  expiresAtMs: grant.expiresAtMs,
  notBeforeMs: grant.notBeforeMs ?? null,
  triesPerHandheld: grant.tries ?? limits.triesPerPin,
  boundTo: grant.boundTo ?? null,
  claimedBy: grant.claim?.pin ?? null,
  wrongTries: totalFails(grant),
  guarded: isGuarded(grant),
  closedAtMs: grant.closedAtMs ?? null,
})
