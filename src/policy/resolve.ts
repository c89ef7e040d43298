/** Which value of each rule counts for a user, and where it comes from. */
import type { RuleValue } from '#protocol/it-admin.ts'
import { defaultRules, type PolicyRules } from './it-policy.ts'

/** A policy as it reaches a user. */
export interface Layer {
  readonly name: string
  readonly rules: PolicyRules
}

export interface Effective<L> {
  readonly value: RuleValue
  /** The strongest layer that says something about the rule; null: nobody does, and the catalogue's default counts. */
  readonly from: L | null
}

/** @param layers from the strongest to the weakest; rules the catalogue does not know are passed over */
export function resolve<L extends Layer>(layers: readonly L[]): ReadonlyMap<string, Effective<L>> {
  return new Map(
    Object.entries(defaultRules).map(([rule, standard]) => {
      const from = layers.find(({ rules }) => Object.hasOwn(rules, rule)) ?? null
      return [rule, { value: from?.rules[rule] ?? standard, from }]
    }),
  )
}

/** Every rule of the catalogue with the value that counts. */
export const effectiveRules = (layers: readonly Layer[]): PolicyRules =>
  Object.fromEntries([...resolve(layers)].map(([rule, { value }]) => [rule, value]))

/** Rules whose values differ, in the catalogue's order; absent on a side: that side says nothing of it. */
export function differences(
  before: PolicyRules,
  after: PolicyRules,
): readonly { readonly rule: string; readonly before?: RuleValue; readonly after?: RuleValue }[] {
  const names = [...new Set([...Object.keys(defaultRules), ...Object.keys(before), ...Object.keys(after)])]
  return names.flatMap((rule) => {
    const [one, other] = [before[rule], after[rule]]
    if (sameValue(one, other)) return []
    return [
      {
        rule,
        ...(one === undefined ? {} : { before: one }),
        ...(other === undefined ? {} : { after: other }),
      },
    ]
  })
}

const sameValue = (one: RuleValue | undefined, other: RuleValue | undefined): boolean =>
  JSON.stringify(one) === JSON.stringify(other)
