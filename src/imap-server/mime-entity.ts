/**
 * The MIME tree of a message with the byte range of each part. Nothing is decoded or copied: a part is a
 * slice of the message. Depth and number of parts are bounded; what lies beyond is an opaque part.
 */
import { findBodyStart, type HeaderField, headerFields, headerText } from './mime-header.ts'
import { type ParameterisedValue, parameter, parseParameterised } from './mime-value.ts'

export interface Entity {
  readonly header: number
  readonly body: number
  readonly end: number
  readonly fields: readonly HeaderField[]
  /** Upper or lower case as written, `text` and `plain` by default. */
  readonly type: string
  readonly subtype: string
  readonly content: ParameterisedValue
  readonly parts: readonly Entity[]
  readonly message: Entity | null
}

/** Ordinary mail nests five deep at most; forwards of forwards of digests stay below this. */
const depthMax = 20
const partsMax = 1_000

interface Walk {
  readonly raw: Buffer
  parts: number
}

interface Range {
  readonly start: number
  readonly end: number
  readonly depth: number
  /** What a part without Content-Type is: message/rfc822 inside multipart/digest. */
  readonly assumed: string
}

export function parseEntity(raw: Buffer): Entity {
  return entity({ raw, parts: 0 }, { start: 0, end: raw.length, depth: 0, assumed: 'text/plain' })
}

function entity(walk: Walk, { start, end, depth, assumed }: Range): Entity {
  walk.parts += 1
  const body = findBodyStart(walk.raw, start, end)
  const fields = headerFields(walk.raw, start, body)
  const { content, type, subtype } = contentType(headerText(walk.raw, fields, 'content-type'), assumed)
  const leaf = { header: start, body, end, fields, type, subtype, content, parts: [], message: null }
  const kind = `${type}/${subtype}`.toLowerCase()
  const container = kind.startsWith('multipart/') || kind === 'message/rfc822'
  if (!container) return leaf
  if (depth >= depthMax || walk.parts >= partsMax) return opaque(leaf)
  const inner = { start: body, end, depth: depth + 1, assumed: 'text/plain' }
  if (kind === 'message/rfc822') return { ...leaf, message: entity(walk, inner) }
  const boundary = parameter(content, 'boundary')
  const innerAssumed = kind === 'multipart/digest' ? 'message/rfc822' : 'text/plain'
  return { ...leaf, parts: children(walk, { ...inner, assumed: innerAssumed }, boundary) }
}

const opaque = (leaf: Entity): Entity => ({
  ...leaf,
  type: 'application',
  subtype: 'octet-stream',
  content: { value: 'application/octet-stream', params: [] },
})

function contentType(text: string | null, assumed: string) {
  const written = parseParameterised(text ?? assumed)
  const match = /^([^\s/]+)\s*\/\s*([^\s/]+)$/.exec(written.value)
  const content = match ? written : parseParameterised('text/plain')
  const [type = 'text', subtype = 'plain'] = match ? match.slice(1) : []
  return { content, type, subtype }
}

function children(walk: Walk, range: Range, boundary: string | undefined): Entity[] {
  const parts: Entity[] = []
  for (const [start, end] of boundary ? partRanges(walk.raw, range, boundary) : []) {
    if (walk.parts >= partsMax) break
    parts.push(entity(walk, { ...range, start, end }))
  }
  // IMAP has no way to show a multipart without parts.
  if (parts.length === 0) parts.push(entity(walk, { ...range, start: range.end }))
  return parts
}

/** The ranges between delimiter lines; the line end before a delimiter belongs to it (RFC 2046 section 5.1.1). */
function* partRanges(raw: Buffer, { start, end }: Range, boundary: string): Generator<[number, number]> {
  const delimiter = Buffer.from(`--${boundary}`, 'latin1')
  // Searching past the range would make a message of many parts cost its size once per part.
  const bounded = raw.subarray(0, end)
  let partStart = -1
  let from = start
  for (;;) {
    const at = bounded.indexOf(delimiter, from)
    if (at < 0) break
    from = at + delimiter.length
    const line = delimiterLine(raw, from, end)
    if (!line || !(at === start || raw[at - 1] === 10)) continue
    if (partStart >= 0) yield [partStart, Math.max(partStart, beforeLineEnd(raw, at, start))]
    if (line.last) return
    partStart = line.next
    from = line.next
  }
  if (partStart >= 0) yield [partStart, end]
}

/**
 * What follows `--boundary`: only `--` and white space may stand on the rest of the line. RFC 2046 is content
 * with a line's beginning; but then a nested boundary that begins with the outer one would end the outer part.
 */
function delimiterLine(raw: Buffer, at: number, end: number): { next: number; last: boolean } | null {
  const last = raw[at] === 45 && raw[at + 1] === 45
  let i = last ? at + 2 : at
  while (i < end && (raw[i] === 32 || raw[i] === 9 || raw[i] === 13)) i += 1
  if (i >= end) return { next: end, last }
  return raw[i] === 10 ? { next: i + 1, last } : null
}

function beforeLineEnd(raw: Buffer, at: number, start: number): number {
  if (at - 1 < start) return at
  return at - 2 >= start && raw[at - 2] === 13 ? at - 2 : at - 1
}
