/** The IT policy rules this handheld knows: their types and what is possible. Agreed by name with the server's catalogue. */
import { utf8 } from '#kernel/bytes.ts'
import type { RuleValue } from '#protocol/it-admin.ts'

interface Rule {
  /** Whether the value has the rule's type; another type refuses the whole policy. */
  readonly hasType: (value: RuleValue) => boolean
  /** Whether this handheld can follow it; what it cannot is left out and named. */
  readonly isPossible: (value: RuleValue) => boolean
}

const isInteger = (value: RuleValue): value is number => typeof value === 'number'

const flag: Rule = { hasType: (value) => typeof value === 'boolean', isPossible: () => true }

const integer = (min: number, max: number): Rule => ({
  hasType: isInteger,
  isPossible: (value) => isInteger(value) && value >= min && value <= max,
})

const text = (bytesMax: number): Rule => ({
  hasType: (value) => typeof value === 'string',
  isPossible: (value) => typeof value === 'string' && utf8(value).length <= bytesMax,
})

/** The empty list is a list of either kind. */
const textList: Rule = {
  hasType: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  isPossible: () => true,
}

const rules: ReadonlyMap<string, Rule> = new Map([
  ['password_required', flag],
  ['password_min_length', integer(1, 32)],
  ['inactivity_lock_minutes', integer(0, 60)],
  ['allow_browser', flag],
  ['sync_databases_allowed', textList],
  ['attachment_max_kib', integer(0, Number.MAX_SAFE_INTEGER)],
  ['owner_text', text(128)],
])

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
    const rule = rules.get(name)
    if (rule && !rule.hasType(value)) return null
    if (rule?.isPossible(value)) inForce.set(name, value)
    else leftOut.push(name)
  }
  return { inForce, leftOut }
}
