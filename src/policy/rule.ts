/** What a rule of an IT policy is: its type, range and default, and what it means to whom. */
import type { RuleValue } from '#protocol/it-admin.ts'

export type PolicyRules = Readonly<Record<string, RuleValue>>

type RuleType =
  | { readonly type: 'bool'; readonly standard: boolean }
  | { readonly type: 'int'; readonly min: number; readonly max: number; readonly standard: number }
  | { readonly type: 'text'; readonly bytesMax: number; readonly standard: string }
  | {
      readonly type: 'texts'
      readonly countMax: number
      readonly standard: readonly string[]
      /** The only texts that mean something in it; any text where absent. */
      readonly among?: readonly string[]
    }

export type Rule = RuleType & {
  readonly name: string
  /** What it means, in plain words. */
  readonly says: string
  /**
   * What the terminal handheld does with it; null where it has nothing the rule could govern: then the rule is shown
   * there, and acknowledged.
   */
  readonly terminal: string | null
}

/** Rules about one thing, under one heading. */
export interface RuleGroup {
  readonly heading: string
  readonly rules: readonly Rule[]
}
