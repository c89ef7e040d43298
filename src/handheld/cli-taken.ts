/** One line for each policy and set of service books that `postkey handheld run` takes. */
import type { RuleValue } from '#protocol/it-admin.ts'
import type { ChangedRule, Taken } from './taken.ts'

/** More rules than these are counted: `postkey handheld screen` lists them all. */
const rulesNamed = 6

/**
 * A text among the rules must not make two lines of it.
 * @param screen the command that lists all rules
 */
export const takenWords = (taken: Taken, screen: string): string =>
  wordsOf(taken, screen).replace(/\p{Cc}/gu, ' ')

function wordsOf(taken: Taken, screen: string): string {
  if (taken.what === 'books') {
    const { number, books } = taken
    const gone = books && books.gone.length > 0 ? `; no more: ${books.gone.join(', ')}` : ''
    return `Service books ${number} registered${books ? `: ${books.now.join(', ')}${gone}` : ''}.`
  }
  const { name, number, changed } = taken
  return `Policy ${name}, number ${number}, applied${changed ? `: ${changedWords(changed, screen)}` : ''}.`
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
