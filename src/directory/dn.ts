/** Distinguished names as text (RFC 4514): taken apart, and compared without regard to case and spaces. */

interface Part {
  /** Attribute types and values of one level, lower-case; several are sorted. */
  readonly key: string
  /** The first value as it is written there. */
  readonly value: string
}

/** The levels from the entry upwards; null where the text is no distinguished name. */
function parts(dn: string): Part[] | null {
  const levels = split(dn, ',').map((level) => split(level, '+').map(typeAndValue))
  const found: Part[] = []
  for (const level of levels) {
    const [first] = level
    if (!first || level.includes(null)) return null
    const keys = level.map((one) => `${one?.type}=${escaped(one?.value.toLowerCase() ?? '')}`)
    found.push({ key: keys.sort().join('+'), value: first.value })
  }
  return found
}

function typeAndValue(text: string): { readonly type: string; readonly value: string } | null {
  const at = text.indexOf('=')
  const type = text.slice(0, at).trim().toLowerCase()
  if (at < 1 || !/^[a-z0-9.-]+$/.test(type)) return null
  return { type, value: unescaped(text.slice(at + 1).trim()).trim() }
}

/** At separators that no backslash stands before. */
function split(text: string, separator: ',' | '+'): string[] {
  const pieces: string[] = []
  let from = 0
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1
    else if (text[at] === separator) {
      pieces.push(text.slice(from, at))
      from = at + 1
    }
  }
  return [...pieces, text.slice(from)]
}

const escaped = (value: string): string => value.replace(/[\\,+]/g, '\\$&')

const unescaped = (value: string): string =>
  value.replace(/(?:\\[0-9a-fA-F]{2})+|\\(.)/g, (escaped, sign: string | undefined) =>
    sign === undefined ? Buffer.from(escaped.replaceAll('\\', ''), 'hex').toString('utf8') : sign,
  )

/** The same text for all ways to write one name; as it is where it is no distinguished name. */
export const sameDn = (dn: string): string =>
  parts(dn)
    ?.map(({ key }) => key)
    .join(',') ?? dn

/** What the entry is called below the next one: `Sales` of `cn=Sales,ou=groups,dc=example`. */
export const entryName = (dn: string): string | null => parts(dn)?.[0]?.value ?? null

/** Whether an entry is below another one; below the empty name is everything. */
export function isBelow(dn: string, base: string): boolean {
  if (base === '') return true
  const [inner, outer] = [parts(dn), parts(base)]
  if (!inner || !outer || inner.length <= outer.length) return false
  return outer.every(({ key }, i) => inner[inner.length - outer.length + i]?.key === key)
}
