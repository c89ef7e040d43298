/** From what a person typed to a policy, and from rules to what a person reads. */
import { Fault } from '#kernel/fault.ts'
import { differences } from '#policy/resolve.ts'
import { checkRuleValue, parseRuleValue, writeRuleValue } from '#policy/rule-value.ts'
import type { KeptPolicy, PolicyStore, StoredRules } from '#store/policies.ts'
import { shortened } from '../lookup.ts'
import type { RuleChange } from './views.ts'

/** @throws Fault policy.unknown */
export async function findPolicy(policies: PolicyStore, name: string): Promise<KeptPolicy> {
  const found = await policies.find(name.trim())
  if (found) return found
  throw new Fault('policy.unknown', shortened(name))
}

/** The default is everybody's. @throws Fault policy.unknown, policy.default */
export async function findOwnPolicy(policies: PolicyStore, name: string): Promise<KeptPolicy> {
  const found = await findPolicy(policies, name)
  if (found.rank === null) throw new Fault('policy.default')
  return found
}

/** @throws Fault policy.name */
export function policyName(typed: string): string {
  const name = typed.trim()
  if (/^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$/u.test(name) && Buffer.byteLength(name) <= 64) return name
  throw new Fault('policy.name', shortened(typed))
}

/** The rules after changes: a text sets one, null takes it out. @throws Fault policy.rule_unknown, policy.rule_value */
export function changedRules(
  rules: StoredRules,
  changes: Readonly<Record<string, string | null>>,
): StoredRules {
  const next: Record<string, StoredRules[string]> = { ...rules }
  for (const [name, typed] of Object.entries(changes)) {
    const read = parseRuleValue(name, typed ?? '')
    if (!read.ok && (read.why === 'unknown' || typed !== null)) refuse(read)
    if (typed === null) delete next[name]
    else if (read.ok) next[name] = read.value as StoredRules[string]
  }
  return next
}

/** Rules from a file. @throws Fault policy.rule_unknown, policy.rule_value */
export function checkedRules(rules: Readonly<Record<string, unknown>>): StoredRules {
  return Object.fromEntries(
    Object.entries(rules).map(([name, value]) => {
      const read = checkRuleValue(name, value)
      return read.ok ? [name, read.value as StoredRules[string]] : refuse(read)
    }),
  )
}

function refuse({ why, says }: { readonly why: 'unknown' | 'value'; readonly says: string }): never {
  throw new Fault(why === 'unknown' ? 'policy.rule_unknown' : 'policy.rule_value', says)
}

export const changesBetween = (before: StoredRules, after: StoredRules): RuleChange[] =>
  differences(before, after).map(({ rule, before: one, after: other }) => ({
    rule,
    before: one === undefined ? null : writeRuleValue(one),
    after: other === undefined ? null : writeRuleValue(other),
  }))
