/** APPEND (RFC 3501 section 6.3.11, RFC 4315). */
import type { CommandArguments } from './command-arguments.ts'
import { BadCommand } from './command-arguments.ts'
import { checkKeywords, parseFlags } from './flags.ts'
import { parseInternalDate } from './imap-date.ts'
import { findMailbox } from './mailbox-names.ts'
import { type ImapCommand, Refused, type Session } from './session.ts'

async function runAppend(session: Session, args: CommandArguments): Promise<string> {
  const { store, clock, limits } = session.context
  args.space()
  const name = args.astring()
  args.space()
  const flags = args.peek() === '(' ? parseFlags(args) : null
  if (flags) args.space()
  const internalMs = args.peek() === '"' ? takeDate(args) : clock.nowMs()
  const literal = args.literal()
  args.end()
  const found = await findMailbox(session, name)
  if (!found) throw new Refused('[TRYCREATE] No such mailbox')
  if (!found.owner) throw new Refused('[NOPERM] A service account appends nothing')
  if (literal.length === 0) throw new Refused('[CANNOT] An empty message cannot be kept')
  checkKeywords(found.row.keywords, flags ?? [], limits.keywordsMax)
  const raw = new Uint8Array(literal.buffer, literal.byteOffset, literal.length)
  const message = { raw, flags: flags ?? [], internalMs }
  const appended = await store.append(found.row.id, message)
  if (!appended) throw new Refused('[TRYCREATE] No such mailbox')
  return `OK [APPENDUID ${appended.uidValidity} ${appended.uid}] APPEND completed`
}

function takeDate(args: CommandArguments): number {
  const ms = parseInternalDate(args.stringOrNull() ?? '')
  if (ms === null) throw new BadCommand('not a date and time')
  args.space()
  return ms
}

export const appendCommands: Readonly<Record<string, ImapCommand>> = {
  APPEND: { when: 'logged_in', run: runAppend },
}
