/** One line for each policy, set of service books and wipe that `postkey handheld run` takes. */
import { unreachable } from '#kernel/assert.ts'
import type { RuleValue } from '#protocol/it-admin.ts'
import type { ChangedRule, Taken } from './taken.ts'

/** More rules than these are counted: `postkey handheld screen` lists them all. */
const rulesNamed = 6

/** What the words need beside what was taken. */
export interface TakenWords {
  /** The command that lists all rules. */
  readonly screen: string
  moment(atMs: number): string
}

/** A text among the rules must not make two lines of it. */
export const takenWords = (taken: Taken, words: TakenWords): string =>
  wordsOf(taken, words).replace(/\p{Cc}/gu, ' ')

const erasedBy = { everything: 'everything', organisation: 'the organisation’s data' } as const

function wordsOf(taken: Taken, { screen, moment }: TakenWords): string {
  switch (taken.what) {
    case 'books': {
      const { number, books } = taken
      const gone = books && books.gone.length > 0 ? `; no more: ${books.gone.join(', ')}` : ''
      return `Service books ${number} registered${books ? `: ${books.now.join(', ')}${gone}` : ''}.`
    }
    case 'policy': {
      const { name, number, changed } = taken
      return `Policy ${name}, number ${number}, applied${changed ? `: ${changedWords(changed, screen)}` : ''}.`
    }
    case 'wipe':
      return `A wipe of ${erasedBy[taken.scope]} was taken; it begins ${moment(taken.beginsAtMs)}.`
    case 'wipe_cancelled':
      return 'The wipe was taken back: nothing is erased.'
    default:
      return unreachable(taken)
  }
}

function changedWords(changed: readonly ChangedRule[], screen: string): string {
  if (changed.length === 0) return 'no rule changed'
  const named = changed.slice(0, rulesNamed).map(({ name, value }) => `${name} ${ruleText(value)}`)
  const more = changed.length - named.length
  return named.join(', ') + (more > 0 ? ` and ${more} more (${screen})` : '')
}

/** A rule's value in a few words. */
export function ruleText(value: RuleValue | null): string {
  if (value === null) return 'not said any more'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return value instanceof Uint8Array ? `${value.length} bytes` : String(value)
}
