/** One command from its text to its tagged answer; every failure becomes BAD, NO or BYE here. */
import { Fault } from '#kernel/fault.ts'
import { BadCommand, CommandArguments } from './command-arguments.ts'
import type { RawCommand } from './command-reader.ts'
import { appendCommands } from './commands-append.ts'
import { fetchCommands, LostBody } from './commands-fetch.ts'
import { listCommands } from './commands-list.ts'
import { loginCommands } from './commands-login.ts'
import { mailboxCommands } from './commands-mailbox.ts'
import { messageCommands } from './commands-message.ts'
import { searchCommands } from './commands-search.ts'
import { sessionCommands } from './commands-session.ts'
import { idleCommands } from './idle.ts'
import { MailboxGone } from './mailbox-view.ts'
import { ClientGone } from './output.ts'
import { type ImapCommand, type Invocation, Refused, type Session } from './session.ts'

const commands: ReadonlyMap<string, ImapCommand> = new Map(
  Object.entries({
    ...sessionCommands,
    ...loginCommands,
    ...mailboxCommands,
    ...listCommands,
    ...appendCommands,
    ...messageCommands,
    ...fetchCommands,
    ...searchCommands,
    ...idleCommands,
  }),
)

const uidCommands = new Set(['FETCH', 'STORE', 'SEARCH', 'COPY', 'MOVE', 'EXPUNGE'])

/** The tag a command's text begins with, or `*` where there is none to answer to. */
export const tagOf = (text: string): string => /^[!#-$&',-[\]^-z|}~]{1,100}(?= )/.exec(text)?.[0] ?? '*'

/** Runs the command and gathers its responses; the caller sends them. @throws LostBody, ClientGone */
export async function runCommand(session: Session, raw: RawCommand): Promise<void> {
  const tag = tagOf(raw.text)
  const args = new CommandArguments(raw)
  try {
    args.expect(tag)
    args.space()
    const { command, invocation } = find(args, tag)
    checkState(session, command)
    const answer = await command.run(session, args, invocation)
    const expunge = invocation.by === 'uid' || !command.keepsNumbers
    const how = { expunge, condstore: session.condstore, uid: invocation.by === 'uid' }
    await session.view?.sync(session.output, how)
    session.output.line(`${tag} ${answer}`)
  } catch (error) {
    answerFailure(session, tag, error)
  }
}

function find(args: CommandArguments, tag: string): { command: ImapCommand; invocation: Invocation } {
  const first = args.word()
  const by = first === 'UID' ? 'uid' : 'sequence'
  if (by === 'uid') args.space()
  const name = by === 'uid' ? args.word() : first
  const command = by === 'uid' && !uidCommands.has(name) ? undefined : commands.get(name)
  if (!command) throw new BadCommand('unknown command')
  return { command, invocation: { tag, by } }
}

function checkState({ identity, view }: Session, { when }: ImapCommand): void {
  if (when === 'before_login' && identity) throw new BadCommand('already logged in')
  if ((when === 'logged_in' || when === 'selected') && !identity) throw new BadCommand('log in first')
  if (when === 'selected' && !view) throw new BadCommand('no mailbox is selected')
}

function answerFailure(session: Session, tag: string, error: unknown): void {
  const { output, context } = session
  if (error instanceof LostBody || error instanceof ClientGone) throw error
  if (error instanceof BadCommand) {
    output.line(`${tag} BAD ${error.message}`)
    session.badCommands += 1
    if (session.badCommands < context.limits.badCommandsMax) return
    output.line('* BYE Too many bad commands')
    session.next = 'close'
  } else if (error instanceof Refused) output.line(`${tag} NO ${error.message}`)
  else if (error instanceof MailboxGone) {
    output.line('* BYE The selected mailbox was deleted')
    session.next = 'close'
  } else if (error instanceof Fault) {
    context.log.warn({ code: error.code, detail: error.detail }, 'an IMAP command failed')
    output.line(`${tag} NO [UNAVAILABLE] The mail store cannot answer now`)
  } else {
    context.log.error({ error: String(error) }, 'an IMAP command failed')
    output.line(`${tag} NO [SERVERBUG] Internal error`)
  }
}
