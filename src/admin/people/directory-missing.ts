/** Users whose entry is gone from the directory: disabled or removed, and never too many at once by mistake. */
import type { DirectoryPerson } from '#directory/directory.ts'
import type { User } from '#store/users.ts'
import type { AdminParts } from '../ports.ts'
import type { JudgedEntry } from './directory-entries.ts'
import type { FieldChange, SyncOptions } from './people.ts'
import { applyPlans } from './user-apply.ts'
import { type KnownUser, planUser } from './user-plan.ts'

export interface Missing {
  readonly user: User
  /** Disabled already, by the directory or by hand. */
  readonly again: boolean
}

/** An entry that was set aside is there all the same. */
export function missingUsers(
  users: readonly KnownUser[],
  people: readonly DirectoryPerson[],
  entries: readonly JudgedEntry[],
): Missing[] {
  const ids = new Set(people.map(({ id }) => id))
  const meant = new Set(entries.flatMap((entry) => ('known' in entry ? [entry.known?.user.id] : [])))
  return users.flatMap(({ user }) =>
    user.directory && !ids.has(user.directory.id) && !meant.has(user.id)
      ? [{ user, again: user.disabled !== null }]
      : [],
  )
}

/** How many vanish of how many, where that is more than `percentMax`; null where it is not. */
export function guardOf(
  users: readonly KnownUser[],
  missing: readonly Missing[],
  remove: boolean,
  percentMax: number,
): { readonly vanishing: number; readonly of: number } | null {
  const counted = users.filter(({ user }) => user.directory && (remove || user.disabled === null))
  const vanishing = missing.filter(({ again }) => remove || !again).length
  return vanishing * 100 > percentMax * counted.length ? { vanishing, of: counted.length } : null
}

export async function takeMissing(
  parts: AdminParts,
  user: User,
  { dryRun, removeMissing }: SyncOptions,
): Promise<readonly FieldChange[]> {
  if (removeMissing) {
    if (!dryRun) {
      await parts.store.users.remove(user.id, parts.clock.nowMs())
      await parts.mail?.remove(user.address)
      parts.log.info({ user: user.address }, 'user removed')
    }
    return []
  }
  const plan = planUser({ user, groups: [] }, { address: user.address, enabled: false }, 'directory')
  if (!dryRun) await applyPlans(parts, [plan], () => user, 'directory')
  return plan.changes
}
