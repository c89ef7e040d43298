/** The catalogue of IT policy rules: name, type, range, default, and what each does on the handheld. */
import type { RuleValue } from '#protocol/it-admin.ts'

export type PolicyRules = Readonly<Record<string, RuleValue>>

type RuleType =
  | { readonly type: 'bool' }
  | { readonly type: 'int'; readonly min: number; readonly max: number }
  | { readonly type: 'text'; readonly bytesMax: number }
  | { readonly type: 'texts'; readonly countMax: number }

export type Rule = RuleType & {
  readonly name: string
  readonly standard: RuleValue
  /** What it means, in plain words. */
  readonly says: string
}

export const ruleCatalogue: readonly Rule[] = [
  {
    name: 'password_required',
    type: 'bool',
    standard: true,
    says: 'The handheld asks for a password of its own before it shows anything.',
  },
  {
    name: 'password_min_length',
    type: 'int',
    min: 1,
    max: 32,
    standard: 4,
    says: 'Fewest characters of the handheld password.',
  },
  {
    name: 'inactivity_lock_minutes',
    type: 'int',
    min: 0,
    max: 60,
    standard: 15,
    says: 'Minutes without a key press after which the handheld locks; 0 never.',
  },
  {
    name: 'allow_browser',
    type: 'bool',
    standard: true,
    says: 'The handheld may open web pages.',
  },
  {
    name: 'sync_databases_allowed',
    type: 'texts',
    countMax: 16,
    standard: ['calendar', 'contacts', 'tasks', 'memos', 'options'],
    says: 'Organizer databases that may be synchronised.',
  },
  {
    name: 'attachment_max_kib',
    type: 'int',
    min: 0,
    max: 20_480,
    standard: 3_072,
    says: 'Largest attachment that is sent to the handheld, in KiB.',
  },
  {
    name: 'owner_text',
    type: 'text',
    bytesMax: 128,
    standard: '',
    says: 'Text shown on the locked screen, so that a finder knows whose handheld it is.',
  },
]

export const defaultRules: PolicyRules = Object.fromEntries(
  ruleCatalogue.map(({ name, standard }) => [name, standard]),
)

/** Why `value` does not fit the rule `name`, as a short phrase; null where it fits. */
export function ruleMistake(name: string, value: unknown): string | null {
  const rule = ruleCatalogue.find((one) => one.name === name)
  if (!rule) return 'no such rule'
  switch (rule.type) {
    case 'bool':
      return typeof value === 'boolean' ? null : 'must be true or false'
    case 'int':
      return Number.isInteger(value) && Number(value) >= rule.min && Number(value) <= rule.max
        ? null
        : `must be a whole number from ${rule.min} to ${rule.max}`
    case 'text':
      return typeof value === 'string' && Buffer.byteLength(value) <= rule.bytesMax
        ? null
        : `must be text of at most ${rule.bytesMax} bytes`
    case 'texts':
      return Array.isArray(value) &&
        value.length <= rule.countMax &&
        value.every((one) => typeof one === 'string')
        ? null
        : `must be a list of at most ${rule.countMax} texts`
  }
}
