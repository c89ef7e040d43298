import { BadCommand, type CommandArguments } from './command-arguments.ts'
import { parseSection, type Section } from './sections.ts'

/** One thing FETCH is asked for. */
export type FetchItem =
  | { readonly kind: 'row'; readonly name: 'UID' | 'FLAGS' | 'INTERNALDATE' | 'RFC822.SIZE' | 'MODSEQ' }
  | { readonly kind: 'stored'; readonly name: 'ENVELOPE' | 'BODY' | 'BODYSTRUCTURE' }
  | {
      readonly kind: 'section'
      /** As the response names it. */
      readonly label: string
      readonly section: Section
      readonly partial: { readonly first: number; readonly count: number } | null
      readonly seen: boolean
    }

const itemsMax = 100

const row = (name: Extract<FetchItem, { kind: 'row' }>['name']): FetchItem => ({ kind: 'row', name })
const stored = (name: Extract<FetchItem, { kind: 'stored' }>['name']): FetchItem => ({ kind: 'stored', name })
const whole = (label: string, what: Section['what'], seen: boolean): FetchItem => ({
  kind: 'section',
  label,
  section: { label: '', part: [], what, names: [] },
  partial: null,
  seen,
})

const fast = [row('FLAGS'), row('INTERNALDATE'), row('RFC822.SIZE')]
const macros: Readonly<Record<string, readonly FetchItem[]>> = {
  ALL: [...fast, stored('ENVELOPE')],
  FULL: [...fast, stored('ENVELOPE'), stored('BODY')],
  FAST: fast,
}

const named: Readonly<Record<string, FetchItem>> = {
  UID: row('UID'),
  FLAGS: row('FLAGS'),
  INTERNALDATE: row('INTERNALDATE'),
  'RFC822.SIZE': row('RFC822.SIZE'),
  MODSEQ: row('MODSEQ'),
  ENVELOPE: stored('ENVELOPE'),
  BODYSTRUCTURE: stored('BODYSTRUCTURE'),
  RFC822: whole('RFC822', 'all', true),
  'RFC822.HEADER': whole('RFC822.HEADER', 'header', false),
  'RFC822.TEXT': whole('RFC822.TEXT', 'text', true),
}

/** A macro, one item, or a list of items. @throws BadCommand */
export function parseFetchItems(args: CommandArguments): FetchItem[] {
  if (args.peek() === '(') {
    const items = args.list(() => parseItem(args))
    if (items.length === 0 || items.length > itemsMax) throw new BadCommand('too few or too many items')
    return items
  }
  const macro = args.match(/(?:ALL|FULL|FAST)(?= |$)/iy)
  return macro ? [...(macros[macro.toUpperCase()] ?? [])] : [parseItem(args)]
}

function parseItem(args: CommandArguments): FetchItem {
  const name = args.need(/[A-Za-z0-9.]+/y, 'an item').toUpperCase()
  const body = name === 'BODY' || name === 'BODY.PEEK'
  if (body && args.take('[')) return parseBodyItem(args, name === 'BODY')
  const item = name === 'BODY' ? stored('BODY') : named[name]
  if (!item) throw new BadCommand('unknown FETCH item')
  return item
}

function parseBodyItem(args: CommandArguments, seen: boolean): FetchItem {
  const section = parseSection(args)
  args.expect(']')
  const label = `BODY[${section.label}]`
  if (!args.take('<')) return { kind: 'section', label, section, partial: null, seen }
  const first = args.number()
  args.expect('.')
  const count = args.number()
  args.expect('>')
  if (count === 0) throw new BadCommand('a partial of no bytes')
  return { kind: 'section', label: `${label}<${first}>`, section, partial: { first, count }, seen }
}
