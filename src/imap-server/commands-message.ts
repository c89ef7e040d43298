/** STORE, COPY, MOVE and EXPUNGE (RFC 3501 section 6.4, RFC 4315, RFC 6851, RFC 7162). */
import type { FlagChange, MessageRow } from '#store/mail.ts'
import type { CommandArguments } from './command-arguments.ts'
import { describeEach, expungeAllowed } from './etp-rights.ts'
import { checkKeywords, parseFlags } from './flags.ts'
import { findMailbox } from './mailbox-names.ts'
import type { MailboxView } from './mailbox-view.ts'
import { selectedView, takeUids } from './selected.ts'
import { formatSequenceSet } from './sequence-set.ts'
import { type ImapCommand, type Invocation, Refused, type Session } from './session.ts'

/** Messages changed in one transaction of the store. */
const batchMessages = 1_000

interface StoreRequest {
  readonly uids: readonly number[]
  readonly how: FlagChange['how']
  readonly silent: boolean
  readonly flags: readonly string[]
  readonly unchangedSince?: number
}

const changes = { FLAGS: 'set', '+FLAGS': 'add', '-FLAGS': 'remove' } as const

function parseStore(session: Session, args: CommandArguments, invocation: Invocation): StoreRequest {
  const uids = takeUids(session, args, invocation)
  args.space()
  const conditional = args.take('(UNCHANGEDSINCE ') ? { unchangedSince: args.number() } : {}
  if (conditional.unchangedSince !== undefined) args.expect(') ')
  const word = args.need(/[+-]?FLAGS/iy, 'FLAGS').toUpperCase()
  const silent = args.take('.SILENT')
  args.space()
  const flags = parseFlags(args)
  args.end()
  const how = changes[word === '+FLAGS' || word === '-FLAGS' ? word : 'FLAGS']
  return { uids, how, silent, flags, ...conditional }
}

async function runStore(session: Session, args: CommandArguments, invocation: Invocation): Promise<string> {
  const view = selectedView(session, 'write')
  const request = parseStore(session, args, invocation)
  const { uids, how, flags, unchangedSince } = request
  if (unchangedSince !== undefined) session.condstore = true
  if (how !== 'remove') checkKeywords(view.keywords, flags, session.context.limits.keywordsMax)
  const rights = view.owner ? {} : serviceRights(request)
  const refused: number[] = []
  for (let at = 0; at < uids.length; at += batchMessages) {
    const batch = uids.slice(at, at + batchMessages)
    const conditional = unchangedSince === undefined ? {} : { unchangedSince }
    if (rights.etpOnly) await describeEach(session, view, batch)
    const change = { mailboxId: view.mailboxId, uids: batch, how, flags, ...rights, ...conditional }
    const result = await session.context.store.storeFlags(change)
    refused.push(...result.refused)
    await tellStored(session, view, result.changed, { silent: request.silent, uid: invocation.by === 'uid' })
  }
  if (refused.length === 0) return 'OK STORE completed'
  const numbers = invocation.by === 'uid' ? refused : refused.map((uid) => view.sequenceOf(uid))
  return `OK [MODIFIED ${formatSequenceSet(numbers)}] Some messages have changed meanwhile`
}

/** With CONDSTORE even .SILENT tells the new modseq (RFC 7162 section 3.1.3). */
async function tellStored(
  session: Session,
  view: MailboxView,
  rows: readonly MessageRow[],
  { silent, uid }: { silent: boolean; uid: boolean },
): Promise<void> {
  const { output, condstore } = session
  for (const row of rows) {
    view.noteTold(row)
    if (!silent) view.tellFlags(output, row, { condstore, uid })
    else if (condstore) view.tellModseq(output, row)
    await output.room()
  }
}

/** A service account sets \Seen anywhere, and \Deleted on ETP messages; nothing else. */
function serviceRights({ how, flags }: StoreRequest): { etpOnly?: boolean } {
  if (how !== 'set' && flags.every((flag) => flag === '\\Seen')) return {}
  if (how !== 'set' && flags.every((flag) => flag === '\\Seen' || flag === '\\Deleted'))
    return { etpOnly: true }
  throw new Refused('[NOPERM] Only \\Seen, and \\Deleted on ETP messages, may be set here')
}

const transfer = (name: 'COPY' | 'MOVE'): ImapCommand => ({
  when: 'selected',
  run: async (session, args, invocation) => {
    const view = selectedView(session, name === 'MOVE' ? 'write' : 'read')
    const uids = takeUids(session, args, invocation)
    args.space()
    const target = args.astring()
    args.end()
    if (!view.owner) throw new Refused('[NOPERM] A service account copies nothing')
    const found = await findMailbox(session, target)
    if (!found) throw new Refused('[TRYCREATE] No such mailbox')
    const { store } = session.context
    const run = name === 'MOVE' ? store.move : store.copy
    const result = await run(view.mailboxId, uids, found.row.id)
    if (!result) throw new Refused('[TRYCREATE] No such mailbox')
    if (result.from.length === 0) return `OK ${name} completed, no messages`
    const sets = `${formatSequenceSet(result.from)} ${formatSequenceSet(result.to)}`
    const code = `[COPYUID ${result.uidValidity} ${sets}]`
    if (name === 'COPY') return `OK ${code} COPY completed`
    // Before the EXPUNGE responses, so that the client knows where the messages went (RFC 6851 section 4.3).
    session.output.line(`* OK ${code} Moved`)
    return 'OK MOVE completed'
  },
})

async function runExpunge(session: Session, args: CommandArguments, invocation: Invocation): Promise<string> {
  const view = selectedView(session, 'write')
  const uids = invocation.by === 'uid' ? takeUids(session, args, invocation) : null
  args.end()
  await expungeAllowed(session, view, uids)
  return 'OK EXPUNGE completed'
}

export const messageCommands: Readonly<Record<string, ImapCommand>> = {
  STORE: { when: 'selected', keepsNumbers: true, run: runStore },
  COPY: transfer('COPY'),
  MOVE: transfer('MOVE'),
  EXPUNGE: { when: 'selected', run: runExpunge },
}
