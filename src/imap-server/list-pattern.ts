/**
 * Mailbox patterns: `*` stands for anything, `%` for anything but the separator (RFC 3501 section 6.3.8).
 * Matching takes time in proportion to pattern times name, whatever the pattern.
 */
export function makeMatcher(pattern: string): (name: string) => boolean {
  const text = pattern
    .replace(/[*%]*\*[*%]*/g, '*')
    .replace(/%+/g, '%')
    .replace(/^inbox(?=$|[/*%])/i, 'INBOX')
  const wildcard = text.search(/[*%]/)
  if (wildcard < 0) return (name) => name === text
  const prefix = text.slice(0, wildcard)
  if (wildcard === text.length - 1) {
    const anything = text.endsWith('*')
    return (name) => name.startsWith(prefix) && (anything || !name.includes('/', prefix.length))
  }
  return (name) => name.startsWith(prefix) && matches(text, name)
}

/** The part before the first wildcard. */
export const literalPrefix = (pattern: string): string => /^[^*%]*/.exec(pattern)?.[0] ?? ''

/** Walks over the name with the set of all places in the pattern where a match may stand. */
function matches(pattern: string, name: string): boolean {
  let places = reachable(pattern, new Uint8Array(pattern.length + 1).fill(1, 0, 1))
  for (const char of name) {
    const next = new Uint8Array(pattern.length + 1)
    for (let i = 0; i < pattern.length; i += 1) {
      if (!places[i]) continue
      if (pattern[i] === '*' || (pattern[i] === '%' && char !== '/')) next[i] = 1
      else if (pattern[i] === char && pattern[i] !== '%') next[i + 1] = 1
    }
    places = reachable(pattern, next)
  }
  return places[pattern.length] === 1
}

/** A wildcard may also stand for nothing. */
function reachable(pattern: string, places: Uint8Array): Uint8Array {
  for (let i = 0; i < pattern.length; i += 1) {
    if (places[i] && (pattern[i] === '*' || pattern[i] === '%')) places[i + 1] = 1
  }
  return places
}
