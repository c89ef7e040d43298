/**
 * Sections of a message (RFC 3501 section 6.4.5): which bytes `BODY[2.1.MIME]` and its relatives are. A section
 * is a list of slices of the raw message, so that what goes out is byte for byte what came in.
 */
import type { MessagePart } from '#store/mail.ts'
import type { CommandArguments } from './command-arguments.ts'
import { BadCommand } from './command-arguments.ts'
import { headerFields } from './mime-header.ts'

export interface Section {
  /** As it is repeated in the response, between the brackets. */
  readonly label: string
  readonly part: readonly number[]
  readonly what: 'all' | 'header' | 'mime' | 'text' | 'fields' | 'fields_not'
  /** Lower case, for `fields` and `fields_not`. */
  readonly names: readonly string[]
}

export type Slice = readonly [start: number, end: number]

const partDepthMax = 50
const fieldNamesMax = 500

/** Takes what stands between the brackets. @throws BadCommand */
export function parseSection(args: CommandArguments): Section {
  const path = args.match(/[1-9]\d{0,5}(?:\.[1-9]\d{0,5})*/y) ?? ''
  const part = path === '' ? [] : path.split('.').map(Number)
  if (part.length > partDepthMax) throw new BadCommand('section too deep')
  if (path !== '' && !args.take('.')) return { label: path, part, what: 'all', names: [] }
  if (path === '' && args.peek() === ']') return { label: '', part, what: 'all', names: [] }
  const word = args.need(/HEADER\.FIELDS\.NOT|HEADER\.FIELDS|HEADER|TEXT|MIME/iy, 'a section').toUpperCase()
  if (word === 'MIME' && path === '') throw new BadCommand('MIME needs a part number')
  const label = path === '' ? word : `${path}.${word}`
  if (!word.startsWith('HEADER.FIELDS')) return { label, part, what: simple[word] ?? 'all', names: [] }
  args.space()
  const written = args.list(() => args.astring())
  if (written.length === 0 || written.length > fieldNamesMax)
    throw new BadCommand('too few or too many fields')
  if (written.some((name) => !/^[!-9;-~]+$/.test(name))) throw new BadCommand('not a field name')
  return {
    label: `${label} (${written.join(' ')})`,
    part,
    what: word.endsWith('.NOT') ? 'fields_not' : 'fields',
    names: written.map((name) => name.toLowerCase()),
  }
}

const simple: Readonly<Record<string, Section['what']>> = { HEADER: 'header', TEXT: 'text', MIME: 'mime' }

/**
 * The slices of a section, or null where the message has no such part. `readHeader` gives the bytes of a
 * header, wanted for HEADER.FIELDS alone.
 */
export async function sectionSlices(
  root: MessagePart,
  section: Section,
  readHeader: (slice: Slice) => Promise<Uint8Array | null>,
): Promise<readonly Slice[] | null> {
  const found = findPart(root, section.part)
  if (!found) return null
  if (section.what === 'all')
    return [section.part.length === 0 ? [found.header, found.end] : [found.body, found.end]]
  if (section.what === 'mime') return [[found.header, found.body]]
  // HEADER and TEXT of a part are those of the message inside it.
  const message = section.part.length === 0 ? found : found.message
  if (!message) return null
  if (section.what === 'text') return [[message.body, message.end]]
  if (section.what === 'header') return [[message.header, message.body]]
  const bytes = await readHeader([message.header, message.body])
  return bytes && fieldSlices(bytes, message.header, section)
}

/** Part numbers count the children of a multipart; anything else has one part, 1: its own content. */
function findPart(root: MessagePart, path: readonly number[]): MessagePart | null {
  let part: MessagePart = root
  let whole = true
  for (const number of path) {
    const inner: MessagePart | undefined = whole ? part : part.message
    const parts: readonly MessagePart[] | undefined = whole ? part.parts : (part.parts ?? part.message?.parts)
    if (parts) {
      const child: MessagePart | undefined = parts[number - 1]
      if (!child) return null
      part = child
    } else if (inner && number === 1) part = inner
    else return null
    whole = false
  }
  return part
}

function fieldSlices(bytes: Uint8Array, offset: number, { what, names }: Section): Slice[] {
  const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const wanted = new Set(names)
  const keep = what === 'fields'
  const slices: Slice[] = []
  let end = 0
  for (const field of headerFields(raw, 0, raw.length)) {
    end = field.end
    if (wanted.has(field.name) === keep) slices.push([offset + field.start, offset + field.end])
  }
  // The empty line at the header's end belongs to every selection of fields.
  const blank = raw.toString('latin1', end).match(/\r?\n$/)?.[0].length ?? 0
  slices.push([offset + raw.length - blank, offset + raw.length])
  return slices
}

/** Cuts `<first.count>` out of slices taken as one string of bytes. */
export function partialSlices(slices: readonly Slice[], first: number, count: number): Slice[] {
  const out: Slice[] = []
  let skip = first
  let left = count
  for (const [start, end] of slices) {
    const from = Math.min(end, start + skip)
    skip -= from - start
    const to = Math.min(end, from + left)
    left -= to - from
    if (to > from) out.push([from, to])
  }
  return out
}

export const slicesLength = (slices: readonly Slice[]): number =>
  slices.reduce((sum, [start, end]) => sum + end - start, 0)
