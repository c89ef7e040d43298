/** SEARCH (RFC 3501 section 6.4.4): rows decide first; headers and texts are read only where they must be. */
import type { MessageDescription, MessageRow } from '#store/mail.ts'
import type { CommandArguments } from './command-arguments.ts'
import { latin1 } from './imap-string.ts'
import { fieldText, headerFields } from './mime-header.ts'
import { makePace } from './pace.ts'
import { parseSearch, type SearchKey } from './search-keys.ts'
import { decodedText, decodeHeader, folded, textParts } from './search-text.ts'
import { selectedView } from './selected.ts'
import { resolveSequenceSet, resolveUidSet } from './sequence-set.ts'
import { type ImapCommand, type Invocation, Refused, type Session } from './session.ts'

const batchMessages = 200
/** A header is searched this far. */
const headerBytesMax = 256 * 1024

type Test = (message: Candidate) => boolean | Promise<boolean>

/** A message under test; its bytes are read when a criterion asks for them. */
interface Candidate {
  readonly row: MessageRow
  readonly recent: boolean
  description(): Promise<MessageDescription | null>
  read(start: number, length: number): Promise<Uint8Array | null>
}

async function runSearch(session: Session, args: CommandArguments, { by }: Invocation): Promise<string> {
  const view = selectedView(session, 'read')
  const request = parseSearch(args)
  if (!request) throw new Refused('[BADCHARSET (UTF-8 US-ASCII)] Unknown charset')
  if (request.modseq) session.condstore = true
  const test = compile(request.root, view.uids)
  const { store } = session.context
  const pace = makePace(10)
  const found: number[] = []
  let highest = 0
  for (let at = 0; at < view.uids.length; at += batchMessages) {
    for (const row of await store.findMessages(view.mailboxId, view.uids.slice(at, at + batchMessages))) {
      await pace()
      const candidate = asCandidate(session, row, view.flagsOf(row).includes('\\Recent'))
      if (!(await test(candidate))) continue
      found.push(by === 'uid' ? row.uid : view.sequenceOf(row.uid))
      highest = Math.max(highest, row.modseq)
    }
  }
  const modseq = request.modseq && found.length > 0 ? ` (MODSEQ ${highest})` : ''
  session.output.line(`* SEARCH${found.map((number) => ` ${number}`).join('')}${modseq}`)
  return 'OK SEARCH completed'
}

function asCandidate({ context }: Session, row: MessageRow, recent: boolean): Candidate {
  let description: Promise<MessageDescription | null> | null = null
  return {
    row,
    recent,
    description: () => {
      description ??= context.describe(row)
      return description
    },
    read: (start, length) => context.store.readBody(row.bodyId, start, length),
  }
}

function compile(key: SearchKey, uids: readonly number[]): Test {
  switch (key.key) {
    case 'all':
      return () => true
    case 'recent':
      return ({ recent }) => recent
    case 'new':
      return ({ recent, row }) => recent && !row.flags.includes('\\Seen')
    case 'flag':
      return ({ row }) => row.flags.includes(key.flag) === key.set
    case 'size':
      return ({ row }) => (key.larger ? row.size > key.bytes : row.size < key.bytes)
    case 'modseq':
      return ({ row }) => row.modseq >= key.from
    case 'set': {
      const named = new Set(key.uid ? resolveUidSet(key.set, uids) : resolveSequenceSet(key.set, uids))
      return ({ row }) => named.has(row.uid)
    }
    default:
      return compileContent(key, uids)
  }
}

function compileContent(key: SearchKey, uids: readonly number[]): Test {
  switch (key.key) {
    case 'not': {
      const inner = compile(key.inner, uids)
      return async (message) => !(await inner(message))
    }
    case 'or': {
      const [first, second] = [compile(key.first, uids), compile(key.second, uids)]
      return async (message) => (await first(message)) || (await second(message))
    }
    case 'and': {
      const tests = key.all.map((one) => compile(one, uids))
      return (message) => every(tests, message)
    }
    case 'date':
      return async (message) => {
        const ms = key.sent ? await sentDay(message) : message.row.internalMs
        return ms !== null && ms >= key.fromMs && ms < key.toMs
      }
    case 'header':
      return async (message) =>
        (await headerValues(message, key.name)).some((value) => value.includes(key.text))
    case 'body':
      return (message) => bodyHas(message, key.text)
    case 'text':
      return async (message) => (await headerHas(message, key.text)) || (await bodyHas(message, key.text))
    default:
      return () => false
  }
}

async function every(tests: readonly Test[], message: Candidate): Promise<boolean> {
  for (const test of tests) if (!(await test(message))) return false
  return true
}

async function header(message: Candidate): Promise<Buffer> {
  const root = (await message.description())?.root
  const bytes = root && (await message.read(0, Math.min(root.body, headerBytesMax)))
  return bytes ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) : Buffer.alloc(0)
}

async function headerValues(message: Candidate, name: string): Promise<string[]> {
  const raw = await header(message)
  return headerFields(raw, 0, raw.length)
    .filter((field) => field.name === name)
    .map((field) => folded(decodeHeader(fieldText(raw, field))))
}

const headerHas = async (message: Candidate, text: string): Promise<boolean> =>
  folded(decodeHeader(latin1(await header(message)))).includes(text)

async function bodyHas(message: Candidate, text: string): Promise<boolean> {
  const root = (await message.description())?.root
  if (!root) return false
  for (const part of textParts(root)) {
    if (folded(await decodedText(part, message.read)).includes(text)) return true
  }
  return false
}

/** The day of the Date field as written there: time and zone are disregarded. */
async function sentDay(message: Candidate): Promise<number | null> {
  const [date = ''] = await headerValues(message, 'date')
  const day = /(\d{1,2})\s+([a-z]{3})[a-z]*\s+(\d{4})/.exec(date)
  const ms = day ? Date.parse(`${day[1]} ${day[2]} ${day[3]} 00:00:00 GMT`) : Number.NaN
  return Number.isNaN(ms) ? null : ms
}

export const searchCommands: Readonly<Record<string, ImapCommand>> = {
  SEARCH: { when: 'selected', keepsNumbers: true, run: runSearch },
}
