/** The directory behind LDAP: people by a filter, their groups from their own entries or from the groups'. */
import type { Entry } from 'ldapts'
import { Fault } from '#kernel/fault.ts'
import type { Directory, DirectoryPerson } from './directory.ts'
import { sameDn } from './dn.ts'
import { connectLdap, type LdapClient, type LdapServer } from './ldap-client.ts'
import { attributesOf, type LdapMapping, longList, personOf, textValues } from './ldap-entry.ts'

export interface LdapSettings extends LdapServer, LdapMapping {
  readonly baseDn: string
  readonly filter: string
  readonly pageSize: number
  readonly groupFilter: string
  readonly groupNameAttribute: string
  readonly groupMemberAttribute: string
}

/** Memberships read at most, of all groups together. */
const membershipsMax = 2_000_000

/** @throws Fault ldap.*, tls.* */
export async function openLdapDirectory(settings: LdapSettings, signal: AbortSignal): Promise<Directory> {
  const client = await connectLdap(settings, signal)
  return { people: () => people(client, settings), close: () => client.close() }
}

async function* people(
  client: LdapClient,
  settings: LdapSettings,
): AsyncGenerator<readonly DirectoryPerson[]> {
  const { baseDn, filter, pageSize, idAttribute } = settings
  const groups = settings.groups === 'search' ? await groupsByMember(client, settings) : new Map()
  const groupsOf = (names: readonly string[]): string[] =>
    names.flatMap((name) => groups.get(sameDn(name)) ?? [])
  const search = { baseDn, filter, pageSize, attributes: attributesOf(settings), binary: [idAttribute] }
  for await (const entries of client.search(search))
    yield entries.map((entry) => personOf(entry, settings, groupsOf))
}

/** The names of groups by what they call their members: distinguished names, or log-in names. */
async function groupsByMember(
  client: LdapClient,
  { baseDn, groupBaseDn, groupFilter, groupNameAttribute, groupMemberAttribute, pageSize }: LdapSettings,
): Promise<Map<string, string[]>> {
  const groups = new Map<string, string[]>()
  let count = 0
  const take = (entry: Entry): void => {
    const [name] = textValues(entry, groupNameAttribute)
    if (name === undefined) return
    const members = longList(entry, groupMemberAttribute)
    count += members.length
    if (count > membershipsMax) throw new Fault('ldap.too_many', `${membershipsMax} members of groups`)
    for (const member of new Set(members.map(sameDn))) {
      const known = groups.get(member)
      if (known) known.push(name)
      else groups.set(member, [name])
    }
  }
  const search = {
    baseDn: groupBaseDn || baseDn,
    filter: groupFilter,
    pageSize,
    attributes: [groupNameAttribute, groupMemberAttribute],
  }
  for await (const entries of client.search(search)) for (const entry of entries) take(entry)
  return groups
}
