/** SEARCH's criteria (RFC 3501 section 6.4.4, RFC 7162 section 3.1.5) as a tree. */
import { BadCommand, type CommandArguments } from './command-arguments.ts'
import { canonicalFlag } from './flags.ts'
import { parseDay } from './imap-date.ts'
import { fromLatin1 } from './imap-string.ts'
import { folded } from './search-text.ts'

export type SearchKey =
  | { readonly key: 'all' | 'new' | 'recent' }
  | { readonly key: 'flag'; readonly flag: string; readonly set: boolean }
  | { readonly key: 'not'; readonly inner: SearchKey }
  | { readonly key: 'or'; readonly first: SearchKey; readonly second: SearchKey }
  | { readonly key: 'and'; readonly all: readonly SearchKey[] }
  | { readonly key: 'set'; readonly uid: boolean; readonly set: string }
  | { readonly key: 'size'; readonly larger: boolean; readonly bytes: number }
  | { readonly key: 'modseq'; readonly from: number }
  | { readonly key: 'date'; readonly sent: boolean; readonly fromMs: number; readonly toMs: number }
  /** Folded text; `name` in lower case. */
  | { readonly key: 'header'; readonly name: string; readonly text: string }
  | { readonly key: 'body' | 'text'; readonly text: string }

const dayMs = 24 * 3_600_000
const keysMax = 500

export interface SearchRequest {
  readonly root: SearchKey
  /** MODSEQ was asked for: the answer names the highest one found. */
  readonly modseq: boolean
}

/** Takes ` [CHARSET x] key key …`. Null: the charset is not known. @throws BadCommand */
export function parseSearch(args: CommandArguments): SearchRequest | null {
  args.space()
  if (args.take('CHARSET ')) {
    const charset = args.astring().toUpperCase()
    args.space()
    if (charset !== 'UTF-8' && charset !== 'US-ASCII') return null
  }
  const parser = { args, keys: 0, modseq: false }
  const all = parseKeys(parser)
  args.end()
  return { root: { key: 'and', all }, modseq: parser.modseq }
}

interface Parser {
  readonly args: CommandArguments
  keys: number
  modseq: boolean
}

function parseKeys(parser: Parser): SearchKey[] {
  const keys = [parseKey(parser)]
  while (parser.args.take(' ')) keys.push(parseKey(parser))
  return keys
}

function parseKey(parser: Parser): SearchKey {
  const { args } = parser
  parser.keys += 1
  if (parser.keys > keysMax) throw new BadCommand('too many search keys')
  if (args.take('(')) {
    args.nest(1)
    const all = parseKeys(parser)
    args.expect(')')
    args.nest(-1)
    return { key: 'and', all }
  }
  if (/[\d*]/.test(args.peek())) return { key: 'set', uid: false, set: args.sequenceSet() }
  const word = args.word()
  const plain = plainKeys[word]
  if (plain) return plain
  const make = makers[word]
  if (!make) throw new BadCommand('unknown search key')
  args.space()
  return make(parser)
}

const flag = (name: string, set: boolean): SearchKey => ({ key: 'flag', flag: name, set })

const plainKeys: Readonly<Record<string, SearchKey>> = {
  ALL: { key: 'all' },
  NEW: { key: 'new' },
  RECENT: { key: 'recent' },
  OLD: { key: 'not', inner: { key: 'recent' } },
  ANSWERED: flag('\\Answered', true),
  DELETED: flag('\\Deleted', true),
  DRAFT: flag('\\Draft', true),
  FLAGGED: flag('\\Flagged', true),
  SEEN: flag('\\Seen', true),
  UNANSWERED: flag('\\Answered', false),
  UNDELETED: flag('\\Deleted', false),
  UNDRAFT: flag('\\Draft', false),
  UNFLAGGED: flag('\\Flagged', false),
  UNSEEN: flag('\\Seen', false),
}

type Maker = (parser: Parser) => SearchKey

const header =
  (name: string): Maker =>
  ({ args }) => ({ key: 'header', name, text: takeText(args) })

const content =
  (key: 'body' | 'text'): Maker =>
  ({ args }) => ({ key, text: takeText(args) })

/** `from` and `to` in days around the one named. */
const date =
  (sent: boolean, from: number, to: number): Maker =>
  ({ args }) => {
    const ms = parseDay(args.stringOrNull() ?? args.need(/[\dA-Za-z-]+/y, 'a date'))
    if (ms === null) throw new BadCommand('not a date')
    return { key: 'date', sent, fromMs: ms + from * dayMs, toMs: ms + to * dayMs }
  }

const size =
  (larger: boolean): Maker =>
  ({ args }) => ({ key: 'size', larger, bytes: args.number() })

const makers: Readonly<Record<string, Maker>> = {
  BCC: header('bcc'),
  CC: header('cc'),
  FROM: header('from'),
  SUBJECT: header('subject'),
  TO: header('to'),
  HEADER: ({ args }) => {
    const name = args.astring().toLowerCase()
    args.space()
    return { key: 'header', name, text: takeText(args) }
  },
  BODY: content('body'),
  TEXT: content('text'),
  BEFORE: date(false, -Infinity, 0),
  ON: date(false, 0, 1),
  SINCE: date(false, 0, Infinity),
  SENTBEFORE: date(true, -Infinity, 0),
  SENTON: date(true, 0, 1),
  SENTSINCE: date(true, 0, Infinity),
  LARGER: size(true),
  SMALLER: size(false),
  KEYWORD: ({ args }) => flag(canonicalFlag(args.atom()), true),
  UNKEYWORD: ({ args }) => flag(canonicalFlag(args.atom()), false),
  UID: ({ args }) => ({ key: 'set', uid: true, set: args.sequenceSet() }),
  MODSEQ: (parser) => {
    parser.modseq = true
    const entry = parser.args.stringOrNull()
    if (entry !== null) parser.args.need(/ (?:priv|shared|all) /iy, 'an entry type')
    return { key: 'modseq', from: parser.args.number() }
  },
  NOT: (parser) => nested(parser, () => ({ key: 'not', inner: parseKey(parser) })),
  OR: (parser) =>
    nested(parser, () => {
      const first = parseKey(parser)
      parser.args.space()
      return { key: 'or', first, second: parseKey(parser) }
    }),
}

function nested({ args }: Parser, make: () => SearchKey): SearchKey {
  args.nest(1)
  const key = make()
  args.nest(-1)
  return key
}

const takeText = (args: CommandArguments): string =>
  folded(Buffer.from(fromLatin1(args.astring())).toString('utf8'))
