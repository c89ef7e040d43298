/** Structured header values: `type/subtype; name=value` and its relatives (RFC 2045 section 5.1). */

export interface ParameterisedValue {
  readonly value: string
  /** In order, names as written; RFC 2231 pieces stay as they are, as IMAP shows them. */
  readonly params: readonly (readonly [name: string, value: string])[]
}

const paramsMax = 100

export function parseParameterised(text: string): ParameterisedValue {
  const pieces = splitOutsideQuotes(withoutComments(text), ';')
  const params: [string, string][] = []
  for (const piece of pieces.slice(1, paramsMax + 1)) {
    const equals = piece.indexOf('=')
    const name = piece.slice(0, Math.max(0, equals)).trim()
    if (name !== '') params.push([name, unquoted(piece.slice(equals + 1).trim())])
  }
  return { value: (pieces[0] ?? '').trim(), params }
}

export const parameter = ({ params }: ParameterisedValue, name: string): string | undefined =>
  params.find(([one]) => one.toLowerCase() === name)?.[1]

export function unquoted(text: string): string {
  if (!text.startsWith('"')) return text
  const closed = /^"((?:[^"\\]|\\.)*)"/s.exec(text)
  return (closed?.[1] ?? text.slice(1)).replace(/\\(.)/gs, '$1')
}

/** Walks over `text` once, telling for each character whether it stands in quotes or comments. */
export function withoutComments(text: string): string {
  if (!text.includes('(')) return text
  let out = ''
  let depth = 0
  let quoted = false
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i] ?? ''
    if (char === '\\') {
      if (depth === 0) out += text.slice(i, i + 2)
      i += 1
    } else if (char === '"' && depth === 0) {
      quoted = !quoted
      out += char
    } else if (char === '(' && !quoted) depth += 1
    else if (char === ')' && depth > 0) depth -= 1
    else if (depth === 0) out += char
  }
  return out
}

export function splitOutsideQuotes(text: string, separator: string): string[] {
  const pieces: string[] = []
  let from = 0
  let quoted = false
  for (let i = 0; i < text.length; i += 1) {
    if (text[i] === '\\' && quoted) i += 1
    else if (text[i] === '"') quoted = !quoted
    else if (text[i] === separator && !quoted) {
      pieces.push(text.slice(from, i))
      from = i + 1
    }
  }
  pieces.push(text.slice(from))
  return pieces
}
