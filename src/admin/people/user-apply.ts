/** Writes what was planned for many users, some hundred in one transaction, with their mailboxes and groups. */
import { openMailboxPassword, sealMailboxPassword } from '#crypto/mailbox-password.ts'
import { assert } from '#kernel/assert.ts'
import type { MailAddress } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import { foldedName } from '#kernel/folded.ts'
import type { Disabler, User, UserWrite, UserWritten } from '#store/users.ts'
import type { AdminParts } from '../ports.ts'
import type { KnownUser, UserPlan } from './user-plan.ts'

/** Users written in one transaction. */
export const batchSize = 250

type Parts = Pick<AdminParts, 'store' | 'clock' | 'log' | 'mail' | 'vault'>

/** Null where it was written, else why not. */
export type Applied = { readonly userId: number; readonly fault: null } | { readonly fault: Fault }

/** @param known by the plans' ids; the answers come in the order of the plans */
export async function applyPlans(
  parts: Parts,
  plans: readonly UserPlan[],
  known: (id: number) => User | null,
  by: Disabler,
): Promise<Applied[]> {
  const groups = await groupIds(parts, plans)
  const writes: UserWrite[] = []
  for (const plan of plans) writes.push(await writeOf(parts, plan, known, groups, by))
  const written = await parts.store.users.write(writes, parts.clock.nowMs())
  const taken = await newMailboxes(parts, plans, written)
  return Promise.all(
    plans.map(async (plan, i) => {
      const one = written[i]
      assert(one, 'each write is answered')
      return settle(parts, plan, plan.id === null ? null : known(plan.id), one, taken[i] ?? null)
    }),
  )
}

/** Mailboxes of new users in the embedded mail server; for each plan the address that kept one from being made. */
async function newMailboxes(
  { mail, store, clock }: Parts,
  plans: readonly UserPlan[],
  written: readonly UserWritten[],
): Promise<(MailAddress | null)[]> {
  const taken: (MailAddress | null)[] = plans.map(() => null)
  const due = plans.flatMap(({ id, set }, i) =>
    id === null && set.address && written[i]?.kind === 'done'
      ? [{ i, account: { address: set.address, aliases: set.aliases ?? [] } }]
      : [],
  )
  if (!mail || due.length === 0) return taken
  try {
    const answers = await mail.create(due.map(({ account }) => account))
    for (const [n, { i }] of due.entries()) taken[i] = answers[n] ?? null
    return taken
  } catch (error) {
    for (const { i } of due) {
      const one = written[i]
      if (one?.kind === 'done') await store.users.remove(one.id, clock.nowMs())
    }
    throw error
  }
}

async function writeOf(
  parts: Parts,
  plan: UserPlan,
  known: (id: number) => User | null,
  groups: ReadonlyMap<string, number>,
  by: Disabler,
): Promise<UserWrite> {
  const user = plan.id === null ? null : known(plan.id)
  const mailboxPassword = user && (await sealedAnew(parts, user, plan.set.address))
  return {
    id: plan.id,
    set: mailboxPassword ? { ...plan.set, mailboxPassword } : plan.set,
    join: plan.join.flatMap((name) => groups.get(foldedName(name)) ?? []),
    leave: plan.leave,
    byDirectory: by === 'directory',
  }
}

/** The password of the user's mailbox at the site's mail server is sealed for the main address. */
async function sealedAnew(
  { store, vault }: Parts,
  user: User,
  main: MailAddress | undefined,
): Promise<Uint8Array | null> {
  if (main === undefined || main === user.address) return null
  const sealed = await store.users.mailboxPassword(user.address)
  const password = sealed && openMailboxPassword(vault, user.address, sealed)
  return password === null ? null : sealMailboxPassword(vault, main, password)
}

/** The ids of all groups that somebody comes into, by folded name; those that do not exist yet are made. */
async function groupIds(
  { store, clock, log }: Parts,
  plans: readonly UserPlan[],
): Promise<Map<string, number>> {
  const ids = new Map<string, number>()
  for (const name of new Set(plans.flatMap(({ join }) => join))) {
    const folded = foldedName(name)
    if (ids.has(folded)) continue
    const made = await store.groups.create({ name, description: '', nowMs: clock.nowMs() })
    if (made !== null) log.info({ group: name }, 'group added')
    const id = made ?? (await store.groups.byName(name))?.id
    if (id !== undefined) ids.set(folded, id)
  }
  return ids
}

async function settle(
  parts: Parts,
  plan: UserPlan,
  before: User | null,
  written: UserWritten,
  mailboxTaken: MailAddress | null,
): Promise<Applied> {
  const { log, store, clock } = parts
  if (written.kind === 'taken') return { fault: new Fault('user.exists', written.address) }
  if (written.kind === 'unknown') return { fault: new Fault('user.unknown', before?.address ?? '') }
  if (mailboxTaken) {
    await store.users.remove(written.id, clock.nowMs())
    return { fault: new Fault('user.exists', mailboxTaken) }
  }
  if (!before) {
    log.info({ user: plan.set.address, aliases: plan.set.aliases?.length ?? 0 }, 'user added')
    return { userId: written.id, fault: null }
  }
  try {
    await readdress(parts, plan, before)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    // Else the next time it would look as if nothing were to be done.
    const set = { address: before.address, aliases: before.aliases }
    await store.users.write([{ id: before.id, set }], parts.clock.nowMs())
    return { fault: error }
  }
  log.info({ user: before.address, fields: plan.changes.map(({ field }) => field).join(' ') }, 'user changed')
  return { userId: written.id, fault: null }
}

/** The embedded mail server's mailbox has the user's addresses. */
async function readdress({ mail }: Parts, { set }: UserPlan, before: User): Promise<void> {
  if (!mail || (set.address === undefined && set.aliases === undefined)) return
  await mail.readdress(before.address, set.address ?? before.address, set.aliases ?? before.aliases)
}

/** With the groups each is in. */
export async function withGroups(
  { store }: Pick<AdminParts, 'store'>,
  users: readonly User[],
): Promise<KnownUser[]> {
  const groups = new Map((await store.groups.list()).map(({ id, name }) => [id, name]))
  const memberships = Map.groupBy(
    await store.groups.memberships(users.map(({ id }) => id)),
    ({ userId }) => userId,
  )
  return users.map((user) => ({
    user,
    groups: (memberships.get(user.id) ?? []).flatMap(({ groupId, byDirectory }) => {
      const name = groups.get(groupId)
      return name === undefined ? [] : [{ id: groupId, name, byDirectory }]
    }),
  }))
}
