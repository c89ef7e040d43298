/** Commands about mailboxes as a whole: SELECT, EXAMINE, CLOSE, CREATE, DELETE, RENAME, STATUS … */
import type { OpenedMailbox } from '#store/mail.ts'
import type { CommandArguments } from './command-arguments.ts'
import { expungeAllowed } from './etp-rights.ts'
import { findMailbox, mailboxPath, needMailbox, newMailboxPath, ownAccount } from './mailbox-names.ts'
import { MailboxView } from './mailbox-view.ts'
import { type ImapCommand, Refused, type Session } from './session.ts'
import { parseStatusItems, statusLine } from './status.ts'

const systemFlags = '\\Answered \\Flagged \\Deleted \\Seen \\Draft'

const select = (readOnly: boolean): ImapCommand => ({
  when: 'logged_in',
  run: async (session, args) => {
    args.space()
    const name = args.astring()
    const condstore = args.take(' (CONDSTORE)')
    args.end()
    // A failed SELECT leaves nothing selected (RFC 3501 section 6.3.1).
    session.view = null
    if (condstore) session.condstore = true
    const { row, owner } = await needMailbox(session, name)
    const opened = await session.context.store.openMailbox(row.id)
    if (!opened) throw new Refused('[NONEXISTENT] No such mailbox')
    const view = new MailboxView({ store: session.context.store, ...opened, readOnly, owner })
    session.view = view
    if (!readOnly && owner && opened.mailbox.recentUid < opened.mailbox.uidNext)
      await session.context.store.claimRecent(row.id, opened.mailbox.uidNext)
    describeSelected(session, view, opened)
    const access = readOnly ? 'READ-ONLY' : 'READ-WRITE'
    return `OK [${access}] ${readOnly ? 'EXAMINE' : 'SELECT'} completed`
  },
})

function describeSelected(
  { output }: Session,
  view: MailboxView,
  { mailbox, firstUnseen }: OpenedMailbox,
): void {
  const keywords = mailbox.keywords.map((keyword) => ` ${keyword}`).join('')
  output.line(`* FLAGS (${systemFlags}${keywords})`)
  output.line(`* OK [PERMANENTFLAGS (${permanentFlags(view, keywords)})] Flags that are kept`)
  output.line(`* ${view.uids.length} EXISTS`)
  output.line(`* ${view.recentCount} RECENT`)
  if (firstUnseen !== null) output.line(`* OK [UNSEEN ${view.sequenceOf(firstUnseen)}] First unseen`)
  output.line(`* OK [UIDVALIDITY ${mailbox.uidValidity}] UIDs valid`)
  output.line(`* OK [UIDNEXT ${mailbox.uidNext}] Predicted next UID`)
  output.line(`* OK [HIGHESTMODSEQ ${mailbox.modseq}] Highest`)
}

function permanentFlags({ readOnly, owner }: MailboxView, keywords: string): string {
  if (readOnly) return ''
  return owner ? `${systemFlags}${keywords} \\*` : '\\Seen \\Deleted'
}

const leave = (expunge: boolean, name: string): ImapCommand => ({
  when: 'selected',
  run: async (session, args) => {
    args.end()
    const { view } = session
    session.view = null
    if (expunge && view && !view.readOnly) await expungeAllowed(session, view, null)
    return `OK ${name} completed`
  },
})

async function runCreate(session: Session, args: CommandArguments): Promise<string> {
  args.space()
  const path = newMailboxPath(args.astring())
  args.end()
  const { store, clock, limits } = session.context
  const accountId = ownAccount(session)
  if ((await store.listMailboxes(accountId)).length >= limits.mailboxesMax)
    throw new Refused('[LIMIT] Too many mailboxes')
  if (!(await store.createMailbox(accountId, path, clock.nowMs())))
    throw new Refused('[ALREADYEXISTS] There is such a mailbox')
  return 'OK CREATE completed'
}

async function runDelete(session: Session, args: CommandArguments): Promise<string> {
  args.space()
  const name = args.astring()
  args.end()
  ownAccount(session)
  if (mailboxPath(name) === 'INBOX') throw new Refused('[CANNOT] INBOX cannot be deleted')
  const { row } = await needMailbox(session, name)
  await session.context.store.deleteMailbox(row.id)
  if (session.view?.mailboxId === row.id) session.view = null
  return 'OK DELETE completed'
}

async function runRename(session: Session, args: CommandArguments): Promise<string> {
  args.space()
  const from = mailboxPath(args.astring())
  args.space()
  const to = newMailboxPath(args.astring())
  args.end()
  if (to.startsWith(`${from}/`) && from !== 'INBOX')
    throw new Refused('[CANNOT] A mailbox cannot move into itself')
  const { store, clock } = session.context
  const answer = await store.renameMailbox(ownAccount(session), from, to, clock.nowMs())
  if (answer === 'missing') throw new Refused('[NONEXISTENT] No such mailbox')
  if (answer === 'exists') throw new Refused('[ALREADYEXISTS] There is such a mailbox')
  return 'OK RENAME completed'
}

const subscription = (subscribed: boolean): ImapCommand => ({
  when: 'logged_in',
  run: async (session, args) => {
    args.space()
    const name = args.astring()
    args.end()
    if (subscribed) await needMailbox(session, name)
    await session.context.store.subscribe(ownAccount(session), mailboxPath(name), subscribed)
    return `OK ${subscribed ? 'SUBSCRIBE' : 'UNSUBSCRIBE'} completed`
  },
})

async function runStatus(session: Session, args: CommandArguments): Promise<string> {
  args.space()
  const name = args.astring()
  args.space()
  const items = parseStatusItems(args)
  args.end()
  if (items.includes('HIGHESTMODSEQ')) session.condstore = true
  const found = await findMailbox(session, name)
  if (!found) throw new Refused('[NONEXISTENT] No such mailbox')
  session.output.line(statusLine(name, found.row, items))
  return 'OK STATUS completed'
}

export const mailboxCommands: Readonly<Record<string, ImapCommand>> = {
  SELECT: select(false),
  EXAMINE: select(true),
  CLOSE: leave(true, 'CLOSE'),
  UNSELECT: leave(false, 'UNSELECT'),
  CHECK: {
    when: 'selected',
    run: async (_session, args) => {
      args.end()
      return 'OK CHECK completed'
    },
  },
  CREATE: { when: 'logged_in', run: runCreate },
  DELETE: { when: 'logged_in', run: runDelete },
  RENAME: { when: 'logged_in', run: runRename },
  SUBSCRIBE: subscription(true),
  UNSUBSCRIBE: subscription(false),
  STATUS: { when: 'logged_in', run: runStatus },
}
