/**
 * Has users say what the directory says. Everything is read before anything is changed, so that an answer that broke off
 * changes nothing, and who is missing is known.
 */
import { Fault } from '#kernel/fault.ts'
import type { User } from '#store/users.ts'
import type { AdminParts } from '../ports.ts'
import { type JudgedEntry, judgeEntries } from './directory-entries.ts'
import { guardOf, type Missing, missingUsers, takeMissing } from './directory-missing.ts'
import type { DirectoryCases, RowFault, SyncNote, SyncOptions, SyncResult } from './people.ts'
import { type Applied, applyPlans, batchSize, withGroups } from './user-apply.ts'
import { rowFault } from './user-import.ts'
import { planUser, type UserPlan } from './user-plan.ts'

/** Entries read at most: more than any installation's users. */
const entriesMax = 200_000

export function directoryCases(parts: AdminParts): DirectoryCases {
  return { sync: (options = {}, signal = new AbortController().signal) => sync(parts, options, signal) }
}

async function* sync(parts: AdminParts, options: SyncOptions, signal: AbortSignal): AsyncGenerator<SyncNote> {
  const people = yield* readAll(parts, signal)
  const users = await withGroups(parts, await parts.store.users.list())
  const entries = judgeEntries(parts.domains, people, users, options.adopt === true)
  const missing = missingUsers(users, people, entries)
  const guard = guardOf(users, missing, options.removeMissing === true, parts.vanishPercentMax)
  if (guard && !options.force) {
    if (!options.dryRun) throw new Fault('ldap.vanishing', `${guard.vanishing} of ${guard.of}`)
    yield { kind: 'guard', ...guard }
  }
  yield { kind: 'planned', total: entries.length + missing.length }
  yield* takeEntries(parts, entries, options, signal)
  yield* takeGone(parts, missing, options, signal)
}

/** @throws Fault ldap.* */
async function* readAll(parts: AdminParts, signal: AbortSignal) {
  if (!parts.directory) throw new Fault('ldap.not_configured')
  const directory = await parts.directory(signal)
  try {
    const people = []
    for await (const page of directory.people()) {
      people.push(...page)
      if (people.length > entriesMax) throw new Fault('ldap.too_many', String(entriesMax))
      yield { kind: 'read', entries: people.length } as const
    }
    if (people.length === 0) throw new Fault('ldap.nobody')
    for (const [what, none] of [
      ['id_attribute', people.every(({ id }) => id === null)],
      ['address_attribute', people.every(({ addresses }) => addresses.length === 0)],
    ] as const)
      if (none) throw new Fault('ldap.attributes', `ldap.${what}, in ${people.length} entries`)
    return people
  } finally {
    await directory.close()
  }
}

interface Due {
  readonly entry: Extract<JudgedEntry, { wanted: unknown }>
  readonly plan: UserPlan
}

async function* takeEntries(
  parts: AdminParts,
  entries: readonly JudgedEntry[],
  { dryRun }: SyncOptions,
  signal: AbortSignal,
): AsyncGenerator<SyncNote> {
  const due: Due[] = []
  for (const entry of entries) {
    if ('fault' in entry) {
      yield result(entry.dn, entry.address, 'set_aside', { fault: entry.fault })
      continue
    }
    const plan = planUser(entry.known, entry.wanted, 'directory')
    if (plan.changes.length > 0) due.push({ entry, plan })
    else yield result(entry.dn, entry.wanted.address, 'unchanged')
  }
  const late: Due[] = []
  // Somebody else may give the address up later in the same reading.
  for await (const [one, fault] of written(parts, due, dryRun === true, signal))
    if (fault?.code === 'user.exists') late.push(one)
    else yield outcomeOf(one, fault)
  for await (const [one, fault] of written(parts, late, dryRun === true, signal)) yield outcomeOf(one, fault)
}

async function* written(
  parts: AdminParts,
  due: readonly Due[],
  dryRun: boolean,
  signal: AbortSignal,
): AsyncGenerator<readonly [Due, RowFault | null]> {
  const known = new Map<number, User>()
  for (const { entry } of due) if (entry.known) known.set(entry.known.user.id, entry.known.user)
  for (let start = 0; start < due.length && !signal.aborted; start += batchSize) {
    const batch = due.slice(start, start + batchSize)
    const plans = batch.map(({ plan }) => plan)
    const applied: (Applied | null)[] = dryRun
      ? plans.map(() => null)
      : await applyPlans(parts, plans, (id) => known.get(id) ?? null, 'directory')
    for (const [i, one] of batch.entries()) {
      const fault = applied[i]?.fault
      yield [one, fault ? rowFault(fault) : null]
    }
  }
}

const outcomeOf = ({ entry, plan }: Due, fault: RowFault | null): SyncNote =>
  fault
    ? result(entry.dn, entry.wanted.address, 'set_aside', { fault })
    : result(entry.dn, entry.wanted.address, plan.id === null ? 'added' : 'changed', {
        changes: plan.changes,
      })

async function* takeGone(
  parts: AdminParts,
  missing: readonly Missing[],
  options: SyncOptions,
  signal: AbortSignal,
): AsyncGenerator<SyncNote> {
  for (const { user, again } of missing) {
    if (signal.aborted) return
    const dn = user.directory?.dn ?? ''
    if (again && !options.removeMissing) yield result(dn, user.address, 'unchanged')
    else {
      const changes = await takeMissing(parts, user, options)
      yield result(dn, user.address, options.removeMissing ? 'removed' : 'disabled', { changes })
    }
  }
}

const result = (
  dn: string,
  address: string,
  outcome: SyncResult['outcome'],
  more: Partial<Pick<SyncResult, 'changes' | 'fault'>> = {},
): SyncNote => ({ kind: 'result', result: { dn, address, outcome, changes: [], fault: null, ...more } })
