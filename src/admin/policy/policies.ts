/** IT policies: made, changed, assigned, looked at. Handhelds get what has changed by the queue. */
import { Fault } from '#kernel/fault.ts'
import { ruleCatalogue } from '#policy/it-policy.ts'
import { rangeOf, writeRuleValue } from '#policy/rule-value.ts'
import type { KeptPolicy, PolicyAssignment, PolicyTarget, StoredRules } from '#store/policies.ts'
import { findUser, shortened } from '../lookup.ts'
import type { AdminParts } from '../ports.ts'
import type { PolicyAssignee, PolicyCases, PolicyEdit } from './cases.ts'
import { changedRules, changesBetween, checkedRules, findOwnPolicy, findPolicy, policyName } from './names.ts'
import { previewPolicy } from './preview.ts'
import type { PolicyChanged, PolicyDetail, PolicyView } from './views.ts'

type Parts = Pick<AdminParts, 'store' | 'clock' | 'log' | 'agentRuns'>

const noteLengthMax = 256

export function policyCases(parts: Parts): PolicyCases {
  const { store } = parts
  return {
    rules: async () =>
      ruleCatalogue.map((rule) => ({
        name: rule.name,
        takes: rangeOf(rule),
        standard: writeRuleValue(rule.standard),
        says: rule.says,
      })),
    list: async () => {
      const assignments = await store.policies.assignments()
      const all = await store.policies.list()
      return Promise.all(all.map((policy) => view(parts, policy, assignments)))
    },
    show: async (name) => detail(parts, await findPolicy(store.policies, name)),
    create: (name, from) => create(parts, name, from),
    change: (name, changes, edit) => change(parts, name, (rules) => changedRules(rules, changes), edit),
    replace: (name, rules, edit) => change(parts, name, () => checkedRules(rules), edit),
    restore: (name, revision, edit) => restore(parts, name, revision, edit),
    rename: async (name, to) => {
      const policy = await findOwnPolicy(store.policies, name)
      const next = policyName(to)
      if (!(await store.policies.rename(policy.id, next))) throw new Fault('policy.exists', next)
      return detail(parts, await findPolicy(store.policies, next))
    },
    remove: async (name) => {
      const policy = await findOwnPolicy(store.policies, name)
      const last = await detail(parts, policy)
      await store.policies.remove(policy.id)
      parts.log.info({ policy: policy.name }, 'policy removed')
      return last
    },
    rank: async (name, rank) => {
      const policy = await findOwnPolicy(store.policies, name)
      if (!Number.isSafeInteger(rank) || rank < 1) throw new Fault('admin.usage', 'a rank is 1 or more')
      await store.policies.setRank(policy.id, rank)
      return detail(parts, await findPolicy(store.policies, policy.name))
    },
    assign: (name, to) => assign(parts, name, to, 'assign'),
    unassign: (name, to) => assign(parts, name, to, 'unassign'),
    history: async (name) => {
      const policy = await findPolicy(store.policies, name)
      const revisions = await store.policies.revisions(policy.id)
      return revisions.map(({ revision, atMs, note, rules }, i) => ({
        revision,
        atMs,
        note,
        changes: changesBetween(revisions[i + 1]?.rules ?? {}, rules),
      }))
    },
    diff: async (one, other) => {
      const [before, after] = [await findPolicy(store.policies, one), await findPolicy(store.policies, other)]
      return changesBetween(before.rules, after.rules)
    },
    preview: (who) => previewPolicy(parts, who),
  }
}

async function create(parts: Parts, typed: string, from: string | undefined): Promise<PolicyDetail> {
  const { store, clock } = parts
  const name = policyName(typed)
  const source = from === undefined ? null : await findPolicy(store.policies, from)
  const note = source ? `a copy of ${source.name}` : ''
  const made = await store.policies.create({ name, rules: source?.rules ?? {}, note, nowMs: clock.nowMs() })
  if (made === null) throw new Fault('policy.exists', name)
  parts.log.info({ policy: name }, 'policy created')
  return detail(parts, await findPolicy(store.policies, name))
}

async function change(
  parts: Parts,
  name: string,
  next: (rules: StoredRules) => StoredRules,
  { note = '', dryRun = false }: PolicyEdit = {},
): Promise<PolicyChanged> {
  const { store, clock } = parts
  if (note.length > noteLengthMax)
    throw new Fault('admin.usage', `a note has at most ${noteLengthMax} characters`)
  const policy = await findPolicy(store.policies, name)
  const rules = next(policy.rules)
  const changes = changesBetween(policy.rules, rules)
  if (!dryRun && changes.length > 0) {
    const { id, revision: expected } = policy
    const changed = await store.policies.change({ id, expected, rules, note, nowMs: clock.nowMs() })
    if (!changed) throw new Fault('policy.changed', policy.name)
    parts.log.info({ policy: policy.name, count: changes.length }, 'policy changed')
  }
  const now = await findPolicy(store.policies, policy.name)
  return { policy: await view(parts, now, await store.policies.assignments()), changes, dryRun }
}

async function restore(
  parts: Parts,
  name: string,
  revision: number,
  edit: PolicyEdit = {},
): Promise<PolicyChanged> {
  const policy = await findPolicy(parts.store.policies, name)
  const kept = (await parts.store.policies.revisions(policy.id)).find((one) => one.revision === revision)
  if (!kept) throw new Fault('policy.unknown', `${policy.name}, revision ${revision}`)
  const note = edit.note ?? `as revision ${revision}`
  return change(parts, name, () => kept.rules, { ...edit, note })
}

async function assign(
  parts: Parts,
  name: string,
  to: PolicyAssignee,
  way: 'assign' | 'unassign',
): Promise<PolicyDetail> {
  const { policies } = parts.store
  const policy = await findOwnPolicy(policies, name)
  await policies[way](policy.id, await targetOf(parts, to))
  return detail(parts, policy)
}

async function targetOf({ store }: Parts, { group, user }: PolicyAssignee): Promise<PolicyTarget> {
  if ((group === undefined) === (user === undefined))
    throw new Fault('admin.usage', 'a group or a user, one of them')
  if (user !== undefined) return { kind: 'user', userId: (await findUser(store.users, user)).id }
  const named = await store.groups.byName((group ?? '').trim())
  if (!named) throw new Fault('group.unknown', shortened(group ?? ''))
  return { kind: 'group', name: named.name }
}

async function detail(parts: Parts, policy: KeptPolicy): Promise<PolicyDetail> {
  return { ...(await view(parts, policy, await parts.store.policies.assignments())), rules: policy.rules }
}

async function view(
  { store }: Parts,
  policy: KeptPolicy,
  all: readonly PolicyAssignment[],
): Promise<PolicyView> {
  const mine = all.filter(({ policyId }) => policyId === policy.id)
  const named = (kind: 'group' | 'user') => mine.filter((one) => one.kind === kind).map(({ name }) => name)
  return {
    name: policy.name,
    rank: policy.rank,
    revision: policy.revision,
    ruleCount: Object.keys(policy.rules).length,
    groups: named('group'),
    users: named('user'),
    handhelds: await store.policies.handheldsReached(policy.id),
    changedAtMs: policy.changedAtMs,
  }
}
