/** One entry as the client reads it, and what it says of a person: bounded text, whatever was sent. */
import type { Entry } from 'ldapts'
import type { DirectoryPerson } from './directory.ts'
import { entryName, isBelow } from './dn.ts'

export interface LdapMapping {
  readonly idAttribute: string
  readonly addressAttribute: string
  /** The first that has a value. */
  readonly nameAttributes: readonly string[]
  readonly aliasAttributes: readonly string[]
  /** Empty: no organisation is read. */
  readonly organisationAttribute: string
  readonly groups: 'none' | 'member_of' | 'search'
  /** Groups of `memberOf` count below it alone. */
  readonly groupBaseDn: string
}

/** How members of groups are named besides by their distinguished names (posixGroup). */
export const loginAttribute = 'uid'
const memberOf = 'memberOf'

const valuesMax = 1_000
const valueLengthMax = 2_048
const idBytesMax = 128

/** Attributes to be asked for. */
export const attributesOf = (mapping: LdapMapping): string[] => [
  ...new Set([
    mapping.idAttribute,
    mapping.addressAttribute,
    ...mapping.nameAttributes,
    ...mapping.aliasAttributes,
    ...(mapping.organisationAttribute ? [mapping.organisationAttribute] : []),
    ...(mapping.groups === 'member_of' ? [memberOf] : []),
    ...(mapping.groups === 'search' ? [loginAttribute] : []),
  ]),
]

/** @param groupsOf the groups that name this entry among their members */
export function personOf(
  entry: Entry,
  mapping: LdapMapping,
  groupsOf: (names: readonly string[]) => readonly string[],
): DirectoryPerson {
  const dn = dnOf(entry)
  const addresses = textValues(entry, mapping.addressAttribute)
  return {
    dn,
    id: idOf(entry, mapping.idAttribute),
    addresses,
    aliases: [
      ...addresses,
      ...mapping.aliasAttributes.flatMap((name) => textValues(entry, name)).flatMap(mailAddress),
    ],
    name: mapping.nameAttributes.flatMap((name) => textValues(entry, name))[0] ?? '',
    organisation: mapping.organisationAttribute
      ? (textValues(entry, mapping.organisationAttribute)[0] ?? '')
      : null,
    groups: groupNames(entry, dn, mapping, groupsOf),
  }
}

function groupNames(
  entry: Entry,
  dn: string,
  { groups, groupBaseDn }: LdapMapping,
  groupsOf: (names: readonly string[]) => readonly string[],
): readonly string[] | null {
  if (groups === 'none') return null
  if (groups === 'search') return groupsOf([dn, ...textValues(entry, loginAttribute)])
  return textValues(entry, memberOf)
    .filter((group) => isBelow(group, groupBaseDn))
    .flatMap((group) => entryName(group) ?? [])
}

export const dnOf = ({ dn }: Entry): string => String(dn).slice(0, valueLengthMax)

/** `smtp:` before an address is Exchange's; what has another word there is no mail address. */
function mailAddress(value: string): string[] {
  const [, kind, rest = ''] = /^([a-z0-9]+):(.*)$/is.exec(value) ?? []
  if (kind === undefined) return [value]
  return kind.toLowerCase() === 'smtp' ? [rest] : []
}

/** Values that are text, the first thousand; an attribute is found in any case. */
export function textValues(entry: Entry, attribute: string): string[] {
  return valuesOf(entry, attribute)
    .filter((value) => typeof value === 'string')
    .map((value) => value.slice(0, valueLengthMax))
}

/** All of them: the members of a group. */
export const longList = (entry: Entry, attribute: string): string[] =>
  allValues(entry, attribute).flatMap((value) =>
    typeof value === 'string' ? [value.slice(0, valueLengthMax)] : [],
  )

const valuesOf = (entry: Entry, attribute: string): (string | Buffer)[] =>
  allValues(entry, attribute).slice(0, valuesMax)

function allValues(entry: Entry, attribute: string): (string | Buffer)[] {
  const wanted = attribute.toLowerCase()
  const found = Object.entries(entry).find(([name]) => name.toLowerCase() === wanted)?.[1]
  if (found === undefined) return []
  return Array.isArray(found) ? found : [found]
}

/** A readable id as it is (entryUUID), bytes in hex (objectGUID). */
function idOf(entry: Entry, attribute: string): string | null {
  const [value] = valuesOf(entry, attribute)
  if (value === undefined || value.length === 0 || value.length > idBytesMax) return null
  if (typeof value === 'string') return value
  const text = value.toString('latin1')
  return /^[!-~]+$/.test(text) ? text : value.toString('hex')
}
