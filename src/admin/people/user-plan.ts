/** What is to be written so that a user is as somebody wants it; nothing where the user is so already. */
import type { MailAddress } from '#kernel/brand.ts'
import { foldedName } from '#kernel/folded.ts'
import type { DirectoryEntry, Disabler, User, UserFields } from '#store/users.ts'
import type { FieldChange, FieldName, FieldValue } from './people.ts'

/** A user as wanted; what is absent stays as it is. */
export interface WantedUser {
  readonly address: MailAddress
  readonly displayName?: string
  /** Sorted. */
  readonly aliases?: readonly MailAddress[]
  readonly organisation?: string
  readonly enabled?: boolean
  readonly redirect?: boolean
  /** Names of groups; the directory speaks for those it made alone. */
  readonly groups?: readonly string[]
  readonly directory?: DirectoryEntry
}

export interface KnownGroup {
  readonly id: number
  readonly name: string
  readonly byDirectory: boolean
}

export interface KnownUser {
  readonly user: User
  readonly groups: readonly KnownGroup[]
}

export interface UserPlan {
  readonly id: number | null
  readonly set: UserFields
  /** Names, since the group may have to be made. */
  readonly join: readonly string[]
  readonly leave: readonly number[]
  readonly changes: readonly FieldChange[]
}

/** @param by who wants it */
export function planUser(known: KnownUser | null, wanted: WantedUser, by: Disabler): UserPlan {
  const user = known?.user ?? null
  const fields = changedFields(user, wanted, by)
  const { join, leave, change } = planGroups(known?.groups ?? [], wanted.groups, by)
  return {
    id: user?.id ?? null,
    set: Object.assign({}, ...fields.map(({ set }) => set)) as UserFields,
    join,
    leave,
    changes: [...fields.map(({ change: one }) => one), ...change],
  }
}

interface Changed {
  readonly set: UserFields
  readonly change: FieldChange
}

function changedFields(user: User | null, wanted: WantedUser, by: Disabler): Changed[] {
  const { address, displayName, organisation, redirect } = wanted
  // A main address that was an alias is one no longer.
  const kept = user?.aliases.filter((alias) => alias !== address)
  const aliases = wanted.aliases ?? (kept?.length === user?.aliases.length ? undefined : kept)
  return [
    ...changed('address', user?.address ?? '', address, { address }),
    ...(displayName === undefined
      ? []
      : changed('name', user?.displayName ?? '', displayName, { displayName })),
    ...(aliases === undefined ? [] : changed('aliases', user?.aliases ?? [], aliases, { aliases })),
    ...(organisation === undefined
      ? []
      : changed('organisation', user?.organisation ?? '', organisation, { organisation })),
    ...(redirect === undefined ? [] : changed('redirect', user?.redirect ?? true, redirect, { redirect })),
    ...changedState(user, wanted.enabled, by),
    ...changedEntry(user, wanted.directory),
  ]
}

/** What an administrator has disabled the directory does not enable. */
function changedState(user: User | null, enabled: boolean | undefined, by: Disabler): Changed[] {
  const now = user?.disabled ?? null
  if (enabled === undefined || enabled === (now === null)) return []
  if (enabled && by === 'directory' && now?.by !== 'directory') return []
  return changed('enabled', !enabled, enabled, { disabledBy: enabled ? null : by })
}

function changedEntry(user: User | null, directory: DirectoryEntry | undefined): Changed[] {
  const now = user?.directory ?? null
  if (!directory || (now?.id === directory.id && now.dn === directory.dn)) return []
  // A new entry under the old name shows by its id alone.
  const show = (entry: DirectoryEntry): string => (now?.dn === directory.dn ? entry.id : entry.dn)
  return changed('directory', now ? show(now) : '', show(directory), { directory })
}

function changed(field: FieldName, from: FieldValue, to: FieldValue, set: UserFields): Changed[] {
  return same(from, to) ? [] : [{ set, change: { field, from, to } }]
}

const same = (a: FieldValue, b: FieldValue): boolean => JSON.stringify(a) === JSON.stringify(b)

function planGroups(known: readonly KnownGroup[], wanted: readonly string[] | undefined, by: Disabler) {
  if (wanted === undefined) return { join: [], leave: [], change: [] }
  const names = new Map(wanted.map((name) => [foldedName(name), name]))
  const has = new Set(known.map(({ name }) => foldedName(name)))
  const join = [...names].filter(([folded]) => !has.has(folded)).map(([, name]) => name)
  const gone = known.filter(
    ({ name, byDirectory }) => !names.has(foldedName(name)) && (by === 'administrator' || byDirectory),
  )
  const before = known.map(({ name }) => name)
  const after = [...before.filter((name) => !gone.some((one) => one.name === name)), ...join]
  const sorted = (all: readonly string[]) => all.toSorted((a, b) => (foldedName(a) < foldedName(b) ? -1 : 1))
  return {
    join,
    leave: gone.map(({ id }) => id),
    change:
      join.length + gone.length === 0
        ? []
        : [{ field: 'groups' as const, from: sorted(before), to: sorted(after) }],
  }
}
