/** The catalogue of IT policy rules: name, type, range, default, and what each does on the handheld. */
import type { RuleValue } from '#protocol/it-admin.ts'

export type PolicyRules = Readonly<Record<string, RuleValue>>

type RuleType =
  | { readonly type: 'bool'; readonly standard: boolean }
  | { readonly type: 'int'; readonly min: number; readonly max: number; readonly standard: number }
  | { readonly type: 'text'; readonly bytesMax: number; readonly standard: string }
  | { readonly type: 'texts'; readonly countMax: number; readonly standard: readonly string[] }

export type Rule = RuleType & {
  readonly name: string
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
    standard: 30,
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
    standard: ['calendar', 'address_book', 'tasks', 'memos', 'options'],
    says: 'Organizer databases that may be synchronised.',
  },
  {
    name: 'attachment_max_kib',
    type: 'int',
    min: 0,
    max: 25_600,
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
