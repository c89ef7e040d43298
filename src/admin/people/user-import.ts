/** Many users from a list: added and changed so that they are as it says; what is so already stays untouched. */
import type { MailAddress } from '#kernel/brand.ts'
import { Fault, faultCodeOf } from '#kernel/fault.ts'
import { issueGenerated } from '../passwords/issue.ts'
import type { AdminParts } from '../ports.ts'
import type { ImportOptions, ImportResult, ImportRow, RowFault } from './people.ts'
import { applyPlans, batchSize, withGroups } from './user-apply.ts'
import { planUser, type UserPlan, type WantedUser } from './user-plan.ts'
import {
  aliasesOf,
  displayNameOf,
  groupNameOf,
  groupsPerUserMax,
  organisationOf,
  servedAddress,
} from './user-words.ts'

/** A row that cannot be taken is set aside with its code, and the rows after it go on. */
export async function* importUsers(
  parts: AdminParts,
  rows: readonly ImportRow[],
  options: ImportOptions,
): AsyncGenerator<ImportResult> {
  const seen = new Set<MailAddress>()
  for (let start = 0; start < rows.length; start += batchSize) {
    const batch = rows.slice(start, start + batchSize)
    const read = batch.map((row) => readRow(parts, row, seen))
    const results = await takeBatch(parts, read, options)
    for (const [i, result] of results.entries()) yield { ...result, index: start + i }
  }
}

type ReadRow = { readonly wanted: WantedUser } | { readonly typed: string; readonly fault: RowFault }
type Result = Omit<ImportResult, 'index'>

function readRow(parts: AdminParts, row: ImportRow, seen: Set<MailAddress>): ReadRow {
  try {
    const wanted = wantedOf(parts.domains, row)
    if (seen.has(wanted.address)) throw new Fault('user.exists', `${wanted.address} stands here twice`)
    seen.add(wanted.address)
    return { wanted }
  } catch (error) {
    return { typed: row.address, fault: rowFault(error) }
  }
}

function wantedOf(domains: readonly string[], row: ImportRow): WantedUser {
  const { displayName, aliases, groups, organisation, enabled } = row
  const address = servedAddress(domains, row.address)
  if (groups && groups.length > groupsPerUserMax)
    throw new Fault('admin.usage', `a user is in at most ${groupsPerUserMax} groups`)
  return {
    address,
    ...(displayName === undefined ? {} : { displayName: displayNameOf(displayName) }),
    ...(aliases === undefined ? {} : { aliases: aliasesOf(domains, aliases, address) }),
    ...(groups === undefined ? {} : { groups: groups.map(groupNameOf) }),
    ...(organisation === undefined ? {} : { organisation: organisationOf(organisation) }),
    ...(enabled === undefined ? {} : { enabled }),
  }
}

/** Only what the world or a person did wrong; our own mistakes go on. */
export function rowFault(error: unknown): RowFault {
  if (!(error instanceof Fault)) throw error
  return { code: faultCodeOf(error), detail: error.detail }
}

async function takeBatch(
  parts: AdminParts,
  rows: readonly ReadRow[],
  options: ImportOptions,
): Promise<Result[]> {
  const planned = await planRows(parts, rows)
  const due = planned.flatMap((row) => ('plan' in row && row.plan.changes.length > 0 ? [row.plan] : []))
  const known = await usersById(parts, due)
  const applied = options.dryRun
    ? null
    : await applyPlans(parts, due, (id) => known.get(id) ?? null, 'administrator')
  const results: Result[] = []
  for (const row of planned) {
    if ('fault' in row) {
      results.push(setAside(row.typed, row.fault))
      continue
    }
    const { plan, address } = row
    const done = applied?.[due.indexOf(plan)]
    results.push(await resultOf(parts, address, plan, done ?? null, options))
  }
  return results
}

type Planned =
  | { readonly address: MailAddress; readonly plan: UserPlan }
  | Extract<ReadRow, { typed: string }>

async function planRows(parts: AdminParts, rows: readonly ReadRow[]): Promise<Planned[]> {
  const { users } = parts.store
  const found = await Promise.all(
    rows.map((row) => ('wanted' in row ? users.byAddress(row.wanted.address) : null)),
  )
  const known = new Map(
    (
      await withGroups(
        parts,
        found.filter((user) => user !== null),
      )
    ).map((one) => [one.user.id, one]),
  )
  return rows.map((row, i) => {
    if (!('wanted' in row)) return row
    const { wanted } = row
    const user = found[i]
    // An alias names the user as well, but a list that means to rename must say so by the main address.
    if (user && user.address !== wanted.address)
      return { typed: wanted.address, fault: { code: 'user.exists', detail: `an alias of ${user.address}` } }
    return {
      address: wanted.address,
      plan: planUser(user ? (known.get(user.id) ?? null) : null, wanted, 'administrator'),
    }
  })
}

async function usersById({ store }: AdminParts, plans: readonly UserPlan[]) {
  const ids = plans.flatMap(({ id }) => (id === null ? [] : [id]))
  const users = await Promise.all(ids.map((id) => store.users.byId(id)))
  return new Map(users.filter((user) => user !== null).map((user) => [user.id, user]))
}

const setAside = (address: string, fault: RowFault): Result => ({
  address,
  outcome: 'set_aside',
  changes: [],
  password: null,
  fault,
})

async function resultOf(
  parts: AdminParts,
  address: MailAddress,
  plan: UserPlan,
  applied: Awaited<ReturnType<typeof applyPlans>>[number] | null,
  { passwords }: ImportOptions,
): Promise<Result> {
  const { changes } = plan
  if (applied?.fault) return setAside(address, rowFault(applied.fault))
  if (changes.length === 0) return { address, outcome: 'unchanged', changes, password: null, fault: null }
  const outcome = plan.id === null ? 'added' : 'changed'
  const result = { address, outcome, changes, password: null, fault: null } as const
  if (outcome === 'changed' || !passwords || !applied) return result
  try {
    const user = await parts.store.users.byId(applied.userId)
    if (!user) throw new Fault('user.unknown', address)
    return { ...result, password: await issueGenerated(parts, user, passwords) }
  } catch (error) {
    return { ...result, fault: rowFault(error) }
  }
}
