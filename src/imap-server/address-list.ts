/** Address lists of header fields as ENVELOPE shows them: lenient, linear, bounded (RFC 5322 section 3.4). */
import { imapStringOrNil } from './imap-string.ts'

interface Address {
  readonly name: string | null
  readonly route: string | null
  readonly mailbox: string | null
  readonly host: string | null
}

interface Token {
  readonly kind: 'word' | 'quoted' | 'comment' | 'special'
  readonly text: string
}

const addressesMax = 5_000

/** `(("name" NIL "local" "domain") …)`, or NIL for no address. */
export function envelopeAddresses(text: string | null): string {
  const addresses = text === null ? [] : parseAddresses(text)
  if (addresses.length === 0) return 'NIL'
  const parts = addresses.map(
    ({ name, route, mailbox, host }) => `(${[name, route, mailbox, host].map(imapStringOrNil).join(' ')})`,
  )
  return `(${parts.join('')})`
}

/** Reads tokens up to each comma; a colon outside angle brackets opens a group, a semicolon closes it. */
function parseAddresses(text: string): Address[] {
  const addresses: Address[] = []
  let group = false
  let angle = false
  let pending: Token[] = []
  const flush = () => {
    const address = oneAddress(pending)
    if (address) addresses.push(address)
    pending = []
    angle = false
  }
  for (const token of tokens(text)) {
    if (addresses.length >= addressesMax) break
    const special = token.kind === 'special' ? token.text : ''
    angle = special === '<' || (angle && special !== '>')
    if (special === ',' && !angle) flush()
    else if (special === ':' && !angle && !group) {
      addresses.push({ name: null, route: null, mailbox: phrase(pending), host: null })
      pending = []
      group = true
    } else if (special === ';') {
      flush()
      if (group) addresses.push({ name: null, route: null, mailbox: null, host: null })
      group = false
    } else pending.push(token)
  }
  flush()
  return addresses
}

/** From the tokens between two commas. */
function oneAddress(tokens: readonly Token[]): Address | null {
  const angle = tokens.findIndex(({ kind, text }) => kind === 'special' && text === '<')
  const comment = tokens.find(({ kind }) => kind === 'comment')?.text ?? null
  if (angle < 0) {
    const spec = addrSpec(tokens)
    return spec ? { name: comment, route: null, ...spec } : null
  }
  const close = tokens.findIndex(({ kind, text }) => kind === 'special' && text === '>')
  const inside = tokens.slice(angle + 1, close < 0 ? undefined : close)
  const colon = inside.findIndex(({ kind, text }) => kind === 'special' && text === ':')
  const route =
    colon < 0
      ? null
      : inside
          .slice(0, colon)
          .map(({ text }) => text)
          .join('')
  const spec = addrSpec(inside.slice(colon + 1)) ?? { mailbox: null, host: null }
  const name = phrase(tokens.slice(0, angle)) || comment
  return { name, route, ...spec }
}

function addrSpec(tokens: readonly Token[]): { mailbox: string; host: string | null } | null {
  const words = tokens.filter(({ kind }) => kind !== 'comment')
  const at = words.findLastIndex(({ kind, text }) => kind === 'special' && text === '@')
  const joined = (some: readonly Token[]) => some.map(({ text }) => text).join('')
  if (words.length === 0) return null
  if (at < 0) return { mailbox: joined(words), host: null }
  return { mailbox: joined(words.slice(0, at)), host: joined(words.slice(at + 1)) }
}

const phrase = (tokens: readonly Token[]): string =>
  tokens
    .filter(({ kind }) => kind !== 'comment')
    .map(({ text }) => text)
    .join(' ')

const specials = '<>,:;@'

function* tokens(text: string): Generator<Token> {
  const word = /[^\s"()<>,:;@]+/y
  for (let i = 0; i < text.length; ) {
    const char = text[i] ?? ''
    if (char === '"' || char === '(') {
      const end = char === '"' ? quotedEnd(text, i) : commentEnd(text, i)
      const inner = text.slice(i + 1, end - 1).replace(/\\(.)/g, '$1')
      yield { kind: char === '"' ? 'quoted' : 'comment', text: inner }
      i = end
    } else if (specials.includes(char)) {
      yield { kind: 'special', text: char }
      i += 1
    } else {
      word.lastIndex = i
      const found = word.exec(text)?.[0]
      if (found) yield { kind: 'word', text: found }
      i += found?.length ?? 1
    }
  }
}

function quotedEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1
    else if (text[i] === '"') return i + 1
  }
  return text.length + 1
}

function commentEnd(text: string, start: number): number {
  let depth = 0
  for (let i = start; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1
    else if (text[i] === '(') depth += 1
    else if (text[i] === ')') {
      depth -= 1
      if (depth === 0) return i + 1
    }
  }
  return text.length + 1
}
