/** Which user each entry of a directory means, and what it says of them; what cannot be used is named and set aside. */
import type { DirectoryPerson } from '#directory/directory.ts'
import type { MailAddress } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import { canonicalEmail } from '#protocol/canonical.ts'
import type { DirectoryEntry } from '#store/users.ts'
import type { RowFault } from './people.ts'
import { rowFault } from './user-import.ts'
import type { KnownUser, WantedUser } from './user-plan.ts'
import {
  aliasesMax,
  displayNameLengthMax,
  groupNameLengthMax,
  groupsPerUserMax,
  isServed,
  oneLine,
  organisationLengthMax,
  servedAddress,
} from './user-words.ts'

export type JudgedEntry =
  | {
      readonly dn: string
      readonly wanted: WantedUser & { readonly directory: DirectoryEntry }
      readonly known: KnownUser | null
    }
  | { readonly dn: string; readonly address: string; readonly fault: RowFault }

/** @param adopt whether users of the same address whom an administrator made become the directory's */
export function judgeEntries(
  domains: readonly string[],
  people: readonly DirectoryPerson[],
  users: readonly KnownUser[],
  adopt: boolean,
): JudgedEntry[] {
  const byId = new Map(users.flatMap((one) => (one.user.directory ? [[one.user.directory.id, one]] : [])))
  const byAddress = new Map(
    users.flatMap((one) => [one.user.address, ...one.user.aliases].map((address) => [address, one])),
  )
  const ids = new Set(people.map(({ id }) => id))
  const twice = namedTwice(people)
  return people.map((person) => {
    try {
      const current = person.id === null ? undefined : byId.get(person.id)?.user.address
      const wanted = wantedOf(domains, person, twice, current)
      const same = byAddress.get(wanted.address)
      const known = byId.get(wanted.directory.id) ?? meantBy(same, wanted, { ids, adopt })
      return { dn: person.dn, wanted, known }
    } catch (error) {
      const address =
        (person.id === null ? null : byId.get(person.id)?.user.address) ?? person.addresses[0] ?? ''
      return { dn: person.dn, address: oneLine(address), fault: rowFault(error) }
    }
  })
}

/** Addresses and ids that more than one entry has, as they are kept. */
function namedTwice(people: readonly DirectoryPerson[]): ReadonlySet<string> {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const { id, addresses } of people)
    for (const one of new Set([...(id === null ? [] : [id]), ...addresses.flatMap(canonical)])) {
      if (seen.has(one)) twice.add(one)
      seen.add(one)
    }
  return twice
}

/** @throws Fault ldap.no_id, ldap.no_address, ldap.twice, address.* */
function wantedOf(
  domains: readonly string[],
  { dn, id, addresses, aliases, name, organisation, groups }: DirectoryPerson,
  twice: ReadonlySet<string>,
  current: MailAddress | undefined,
): WantedUser & { readonly directory: DirectoryEntry } {
  if (id === null) throw new Fault('ldap.no_id')
  const [first] = addresses
  if (first === undefined) throw new Fault('ldap.no_address')
  // The order of values means nothing: the one that is the main address already stays it.
  const stays = current !== undefined && addresses.flatMap(canonical).includes(current)
  const address = servedAddress(domains, stays ? current : (servedFirst(domains, addresses) ?? first.trim()))
  for (const one of [id, address]) if (twice.has(one)) throw new Fault('ldap.twice', one)
  return {
    address,
    displayName: oneLine(name).slice(0, displayNameLengthMax).trimEnd(),
    aliases: servedAliases(domains, aliases, address),
    enabled: true,
    directory: { id, dn },
    ...(organisation === null
      ? {}
      : { organisation: oneLine(organisation).slice(0, organisationLengthMax).trimEnd() }),
    ...(groups === null ? {} : { groups: groups.map(groupName).filter(Boolean).slice(0, groupsPerUserMax) }),
  }
}

const canonical = (said: string): MailAddress[] => {
  const address = canonicalEmail(said.trim())
  return address.ok ? [address.value] : []
}

const servedFirst = (domains: readonly string[], said: readonly string[]): MailAddress | undefined =>
  said.flatMap(canonical).find((address) => isServed(domains, address))

const groupName = (said: string): string =>
  oneLine(said.replaceAll(';', ',')).slice(0, groupNameLengthMax).trimEnd()

/** A directory knows addresses that are no business of this server: other domains', and no addresses at all. */
function servedAliases(
  domains: readonly string[],
  said: readonly string[],
  main: MailAddress,
): MailAddress[] {
  const served = said.flatMap(canonical).filter((address) => address !== main && isServed(domains, address))
  return [...new Set(served)].sort().slice(0, aliasesMax)
}

/**
 * The user an entry means whose id is new: somebody who has its address. An entry that was made anew under the same
 * address is the same person's; where the other entry is still there, the address is given up by it in this reading.
 * @throws Fault ldap.by_hand
 */
function meantBy(
  same: KnownUser | undefined,
  wanted: WantedUser,
  { ids, adopt }: { readonly ids: ReadonlySet<string | null>; readonly adopt: boolean },
): KnownUser | null {
  if (!same) return null
  const { directory, address } = same.user
  if (directory) return address === wanted.address && !ids.has(directory.id) ? same : null
  if (adopt) return same
  throw new Fault('ldap.by_hand', address)
}
