/** SEARCH (RFC 3501 section 6.4.4): rows decide first; headers and texts are read only where they must be. */
import type { CommandArguments } from './command-arguments.ts'
import { makePace } from './pace.ts'
import { Candidate } from './search-candidate.ts'
import { parseSearch, type SearchKey } from './search-keys.ts'
import { selectedView } from './selected.ts'
import { namedBy } from './sequence-set.ts'
import { type ImapCommand, type Invocation, Refused, type Session } from './session.ts'

const batchMessages = 200

type Test = (message: Candidate) => boolean | Promise<boolean>

/** What is compiled: the list of UIDs that sets are about, and the texts that bodies will be asked for. */
interface Compilation {
  readonly uids: readonly number[]
  readonly texts: Set<string>
}

async function runSearch(session: Session, args: CommandArguments, { by }: Invocation): Promise<string> {
  const view = selectedView(session, 'read')
  const request = parseSearch(args)
  if (!request) throw new Refused('[BADCHARSET (UTF-8 US-ASCII)] Unknown charset')
  if (request.modseq) session.condstore = true
  const texts = new Set<string>()
  const test = compile(request.root, { uids: view.uids, texts })
  const { store } = session.context
  const pace = makePace(10)
  const found: number[] = []
  let highest = 0
  for (let at = 0; at < view.uids.length; at += batchMessages) {
    for (const row of await store.findMessages(view.mailboxId, view.uids.slice(at, at + batchMessages))) {
      await pace()
      session.output.demandClient()
      const recent = view.flagsOf(row).includes('\\Recent')
      if (!(await test(new Candidate(session.context, row, recent, texts)))) continue
      found.push(by === 'uid' ? row.uid : view.sequenceOf(row.uid))
      highest = Math.max(highest, row.modseq)
    }
  }
  const modseq = request.modseq && found.length > 0 ? ` (MODSEQ ${highest})` : ''
  session.output.line(`* SEARCH${found.map((number) => ` ${number}`).join('')}${modseq}`)
  return 'OK SEARCH completed'
}

function compile(key: SearchKey, into: Compilation): Test {
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
      const isNamed = namedBy(key.set, key.uid ? 'uid' : 'sequence', into.uids)
      return ({ row }) => isNamed(row.uid)
    }
    default:
      return compileContent(key, into)
  }
}

function compileContent(key: SearchKey, into: Compilation): Test {
  switch (key.key) {
    case 'not': {
      const inner = compile(key.inner, into)
      return async (message) => !(await inner(message))
    }
    case 'or': {
      const [first, second] = [compile(key.first, into), compile(key.second, into)]
      return async (message) => (await first(message)) || (await second(message))
    }
    case 'and': {
      const tests = key.all.map((one) => compile(one, into))
      return (message) => every(tests, message)
    }
    case 'date':
      return async (message) => {
        const ms = key.sent ? await sentDay(message) : message.row.internalMs
        return ms !== null && ms >= key.fromMs && ms < key.toMs
      }
    case 'header':
      return async (message) =>
        (await message.headerValues(key.name)).some((value) => value.includes(key.text))
    case 'body':
      into.texts.add(key.text)
      return (message) => message.bodyHas(key.text)
    case 'text':
      into.texts.add(key.text)
      return async (message) => (await message.headerHas(key.text)) || (await message.bodyHas(key.text))
    default:
      return () => false
  }
}

async function every(tests: readonly Test[], message: Candidate): Promise<boolean> {
  for (const test of tests) if (!(await test(message))) return false
  return true
}

/** The day of the Date field as written there: time and zone are disregarded. */
async function sentDay(message: Candidate): Promise<number | null> {
  const [date = ''] = await message.headerValues('date')
  const day = /(\d{1,2})\s+([a-z]{3})[a-z]*\s+(\d{4})/.exec(date)
  const ms = day ? Date.parse(`${day[1]} ${day[2]} ${day[3]} 00:00:00 GMT`) : Number.NaN
  return Number.isNaN(ms) ? null : ms
}

export const searchCommands: Readonly<Record<string, ImapCommand>> = {
  SEARCH: { when: 'selected', keepsNumbers: true, run: runSearch },
}
