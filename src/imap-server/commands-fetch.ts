/** FETCH (RFC 3501 section 6.4.5, RFC 7162 section 3.1.4). */
import { setImmediate as breathe } from 'node:timers/promises'
import type { MessageDescription, MessageRow } from '#store/mail.ts'
import type { CommandArguments } from './command-arguments.ts'
import { type FetchItem, parseFetchItems } from './fetch-items.ts'
import { formatInternalDate } from './imap-date.ts'
import { latin1 } from './imap-string.ts'
import type { MailboxView } from './mailbox-view.ts'
import { ClientGone } from './output.ts'
import { makePace } from './pace.ts'
import { partialSlices, type Slice, sectionSlices, slicesLength } from './sections.ts'
import { selectedView, takeUids } from './selected.ts'
import type { ImapCommand, Invocation, Session } from './session.ts'

/** Rows read at once; their responses go out before the next are read. */
const batchMessages = 100
/** Bytes of a body held at once, so that a slow reader of a large message costs no more memory than this. */
const pieceBytes = 256 * 1024

/** A body vanished after its length was announced: the connection can only be cut. */
export class LostBody extends Error {
  override name = 'LostBody'
}

interface FetchRequest {
  readonly uids: readonly number[]
  readonly items: readonly FetchItem[]
  readonly changedSince: number | null
}

function parseFetch(session: Session, args: CommandArguments, invocation: Invocation): FetchRequest {
  const uids = takeUids(session, args, invocation)
  args.space()
  const asked = parseFetchItems(args)
  const changedSince = args.take(' (CHANGEDSINCE ') ? args.number() : null
  if (changedSince !== null) args.expect(')')
  args.end()
  const has = (name: string) => asked.some((item) => item.kind === 'row' && item.name === name)
  if (changedSince !== null || has('MODSEQ')) session.condstore = true
  const uid: FetchItem[] = invocation.by === 'uid' && !has('UID') ? [{ kind: 'row', name: 'UID' }] : []
  const modseq: FetchItem[] = changedSince !== null && !has('MODSEQ') ? [{ kind: 'row', name: 'MODSEQ' }] : []
  return { uids, items: [...uid, ...asked, ...modseq], changedSince }
}

async function runFetch(session: Session, args: CommandArguments, invocation: Invocation): Promise<string> {
  const view = selectedView(session, 'read')
  const { uids, items, changedSince } = parseFetch(session, args, invocation)
  const { store } = session.context
  const pace = makePace(20)
  let missing = false
  for (let at = 0; at < uids.length; at += batchMessages) {
    const batch = uids.slice(at, at + batchMessages)
    const found = await store.findMessages(view.mailboxId, batch)
    missing ||= found.length < batch.length
    const wanted = changedSince === null ? found : found.filter(({ modseq }) => modseq > changedSince)
    const { rows, changed } = await markSeen(session, view, wanted, items)
    for (const row of rows) {
      await tellMessage(session, view, row, changed.has(row.uid) ? withFlags(items) : items)
      await pace()
    }
  }
  return missing ? 'OK [EXPUNGEISSUED] Some messages are gone' : 'OK FETCH completed'
}

const withFlags = (items: readonly FetchItem[]): readonly FetchItem[] =>
  items.some((item) => item.kind === 'row' && item.name === 'FLAGS')
    ? items
    : [...items, { kind: 'row', name: 'FLAGS' }]

/** BODY[…] without PEEK sets \Seen first, so that the flags shown are those that hold. */
async function markSeen(
  { context }: Session,
  view: MailboxView,
  rows: readonly MessageRow[],
  items: readonly FetchItem[],
): Promise<{ rows: readonly MessageRow[]; changed: ReadonlySet<number> }> {
  const unseen = rows.filter(({ flags }) => !flags.includes('\\Seen')).map(({ uid }) => uid)
  const marks = items.some((item) => item.kind === 'section' && item.seen)
  if (!marks || view.readOnly || unseen.length === 0) return { rows, changed: new Set() }
  const change = { mailboxId: view.mailboxId, uids: unseen, how: 'add', flags: ['\\Seen'] } as const
  const result = await context.store.storeFlags(change)
  for (const row of result.changed) view.noteTold(row)
  const now = new Map(result.changed.map((row) => [row.uid, row]))
  return { rows: rows.map((row) => now.get(row.uid) ?? row), changed: new Set(now.keys()) }
}

async function tellMessage(
  session: Session,
  view: MailboxView,
  row: MessageRow,
  items: readonly FetchItem[],
): Promise<void> {
  const { output, context } = session
  const needsBody = items.some((item) => item.kind !== 'row')
  const description = needsBody ? await context.describe(row) : null
  if (needsBody && !description) return
  output.text(`* ${view.sequenceOf(row.uid)} FETCH (`)
  for (const [index, item] of items.entries()) {
    if (index > 0) output.text(' ')
    if (item.kind === 'row') output.text(rowItem(view, row, item.name))
    else if (description && item.kind === 'stored') output.text(storedItem(description, item.name))
    else if (description && item.kind === 'section') {
      await tellSection(session, row, description, item).catch((cause) => {
        throw cause instanceof ClientGone ? cause : new LostBody('a section could not be read', { cause })
      })
    }
  }
  output.line(')')
  await output.room()
}

function rowItem(view: MailboxView, row: MessageRow, name: string): string {
  if (name === 'UID') return `UID ${row.uid}`
  if (name === 'FLAGS') return `FLAGS (${view.flagsOf(row)})`
  if (name === 'MODSEQ') return `MODSEQ (${row.modseq})`
  if (name === 'RFC822.SIZE') return `RFC822.SIZE ${row.size}`
  return `INTERNALDATE "${formatInternalDate(row.internalMs)}"`
}

function storedItem(description: MessageDescription, name: 'ENVELOPE' | 'BODY' | 'BODYSTRUCTURE'): string {
  const stored = { ENVELOPE: 'envelope', BODY: 'body', BODYSTRUCTURE: 'bodyStructure' } as const
  return `${name} ${latin1(description[stored[name]])}`
}

async function tellSection(
  { output, context }: Session,
  { bodyId }: MessageRow,
  { root }: MessageDescription,
  { label, section, partial }: Extract<FetchItem, { kind: 'section' }>,
): Promise<void> {
  // One command may ask for a hundred sections of each message: other work gets its turn between them.
  await breathe()
  const { store } = context
  const read = ([start, end]: Slice) => store.readBody(bodyId, start, end - start)
  const all = await sectionSlices(root, section, read)
  if (!all) return output.text(`${label} NIL`)
  const slices = partial ? partialSlices(all, partial.first, partial.count) : all
  output.text(`${label} {${slicesLength(slices)}}\r\n`)
  for (const [start, end] of slices) {
    for (let at = start; at < end; at += pieceBytes) {
      const bytes = await read([at, Math.min(end, at + pieceBytes)])
      if (!bytes) throw new LostBody()
      output.text(latin1(bytes))
      await output.room()
    }
  }
}

export const fetchCommands: Readonly<Record<string, ImapCommand>> = {
  FETCH: { when: 'selected', keepsNumbers: true, run: runFetch },
}
