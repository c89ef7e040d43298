/** Whether a handheld's own password is one that its policy would take from its user: the server's reading of the rules. */
import type { PolicyRules } from './it-policy.ts'

/** Signs that `password_pattern` demands, by its value; in words for who has to choose another. */
const patterns: readonly (readonly [string, readonly RegExp[]])[] = [
  ['', []],
  ['letters and digits', [/\p{L}/u, /\p{Nd}/u]],
  ['letters, digits and another sign', [/\p{L}/u, /\p{Nd}/u, /[^\p{L}\p{Nd}\s]/u]],
  [
    'capital and small letters, digits and another sign',
    [/\p{Lu}/u, /\p{Ll}/u, /\p{Nd}/u, /[^\p{L}\p{Nd}\s]/u],
  ],
]

/** What `rules` demand of a password and this one has not, in words; empty where it fits. */
export function missesOf(password: string, rules: PolicyRules): readonly string[] {
  const { password_min_length: least, password_pattern: pattern } = rules
  const misses: string[] = []
  if (typeof least === 'number' && [...password].length < least) misses.push(`at least ${least} characters`)
  const [words, signs] = patterns[typeof pattern === 'number' ? pattern : 0] ?? ['', []]
  if (!signs.every((sign) => sign.test(password))) misses.push(words)
  return misses
}
