/** The catalogue of IT policy rules: name, type, range, default, and what each does on the handheld. */
import type { PolicyRules, Rule, RuleGroup } from './rule.ts'
import { applicationRules } from './rules/applications.ts'
import { encryptionRules } from './rules/encryption.ts'
import { mailRules } from './rules/mail.ts'
import { passwordRules } from './rules/password.ts'
import { syncRules } from './rules/sync.ts'

export type { PolicyRules, Rule, RuleGroup } from './rule.ts'

export const ruleGroups: readonly RuleGroup[] = [
  passwordRules,
  encryptionRules,
  syncRules,
  mailRules,
  applicationRules,
]

export const ruleCatalogue: readonly Rule[] = ruleGroups.flatMap(({ rules }) => rules)

export const defaultRules: PolicyRules = Object.fromEntries(
  ruleCatalogue.map(({ name, standard }) => [name, standard]),
)
