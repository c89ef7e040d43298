/** The rules of the policy in force: sorted when it comes, and read by whoever obeys one. */
import { decodeItPolicy, type RuleValue } from '#protocol/it-admin.ts'
import { asFlag, asNumber, asText, asTexts } from './rule-kinds.ts'
import { knownRules } from './rule-table.ts'
import type { HandheldState } from './state.ts'

export interface SortedRules {
  readonly inForce: ReadonlyMap<string, RuleValue>
  /** Names of rules that are unknown or impossible here, in the policy's order. */
  readonly leftOut: readonly string[]
}

/** Null where a known rule has a value of the wrong type. */
export function sortRules(values: ReadonlyMap<string, RuleValue>): SortedRules | null {
  const inForce = new Map<string, RuleValue>()
  const leftOut: string[] = []
  for (const [name, value] of values) {
    const rule = knownRules.get(name)
    if (rule && !rule.hasType(value)) return null
    if (rule?.isPossible(value)) inForce.set(name, value)
    else leftOut.push(name)
  }
  return { inForce, leftOut }
}

type Rules = SortedRules['inForce']
type Ruled = Pick<HandheldState, 'account'>

const noRules: Rules = new Map()
/** A policy's bytes are read once: a handheld asks for its rules at every step. */
const readPolicies = new WeakMap<Uint8Array, Rules>()

export function rulesInForce({ account }: Ruled): Rules {
  const content = account?.policy?.content
  if (!content) return noRules
  const known = readPolicies.get(content)
  if (known) return known
  const policy = decodeItPolicy(content)
  const rules = (policy.ok && sortRules(policy.value.rules)?.inForce) || noRules
  readPolicies.set(content, rules)
  return rules
}

function read<T>(state: Ruled, name: string, as: (value: RuleValue) => T | null): T | null {
  const value = rulesInForce(state).get(name)
  return value === undefined ? null : as(value)
}

/** Null where no policy in force has the rule: then the handheld does as it likes. */
export const ruleNumber = (state: Ruled, name: string): number | null => read(state, name, asNumber)
export const ruleFlag = (state: Ruled, name: string): boolean | null => read(state, name, asFlag)
export const ruleText = (state: Ruled, name: string): string | null => read(state, name, asText)
export const ruleTexts = (state: Ruled, name: string): readonly string[] | null => read(state, name, asTexts)
