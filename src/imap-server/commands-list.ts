/** LIST with its extensions, and LSUB (RFC 3501 section 6.3.8, RFC 5258, RFC 5819, RFC 6154). */
import { BadCommand, type CommandArguments } from './command-arguments.ts'
import { mailboxString } from './imap-string.ts'
import { type ListRequest, listServiceMailboxes, listUserMailboxes, parentsOf } from './list-mailboxes.ts'
import { makeMatcher } from './list-pattern.ts'
import { wireName } from './mailbox-names.ts'
import type { ImapCommand, Session } from './session.ts'
import { parseStatusItems } from './status.ts'

const patternsMax = 50
const patternCharsMax = 1_000

const selections = new Set(['SUBSCRIBED', 'REMOTE', 'RECURSIVEMATCH', 'SPECIAL-USE'])

function parseRequest(args: CommandArguments): ListRequest {
  args.space()
  const select = args.peek() === '(' ? parseSelection(args) : null
  if (select) args.space()
  const reference = args.astring()
  args.space()
  const many = args.peek() === '('
  const patterns = many ? args.list(() => args.listMailbox()) : [args.listMailbox()]
  if (patterns.length > patternsMax || patterns.some(({ length }) => length > patternCharsMax))
    throw new BadCommand('too many or too long patterns')
  const returns = args.take(' RETURN ') ? parseReturn(args) : {}
  args.end()
  return {
    patterns: patterns.map((pattern) => reference + pattern),
    extended: many || select !== null,
    onlySubscribed: select?.includes('SUBSCRIBED') ?? false,
    recursive: select?.includes('RECURSIVEMATCH') ?? false,
    onlySpecial: select?.includes('SPECIAL-USE') ?? false,
    showSubscribed: false,
    status: null,
    ...returns,
  }
}

function parseSelection(args: CommandArguments): string[] {
  const options = args.list(() => args.word())
  if (options.some((option) => !selections.has(option))) throw new BadCommand('unknown selection option')
  if (options.includes('RECURSIVEMATCH') && !options.includes('SUBSCRIBED'))
    throw new BadCommand('RECURSIVEMATCH needs another selection option')
  return options
}

function parseReturn(args: CommandArguments): Partial<ListRequest> {
  let returns: Partial<ListRequest> = {}
  args.list(() => {
    const option = args.word()
    if (option === 'STATUS') {
      args.space()
      returns = { ...returns, status: parseStatusItems(args) }
    } else if (option === 'SUBSCRIBED') returns = { ...returns, showSubscribed: true }
    // CHILDREN and SPECIAL-USE are shown always.
    else if (option !== 'CHILDREN' && option !== 'SPECIAL-USE') throw new BadCommand('unknown return option')
  })
  return returns
}

async function runList(session: Session, args: CommandArguments): Promise<string> {
  const request = parseRequest(args)
  const emptyPattern = request.patterns.length === 1 && request.patterns[0] === '' && !request.extended
  if (emptyPattern) session.output.line('* LIST (\\Noselect) "/" ""')
  else if (session.identity?.kind === 'service') await listServiceMailboxes(session, request)
  else await listUserMailboxes(session, request)
  return 'OK LIST completed'
}

/** A parent that only its children are subscribed under is shown \Noselect. */
async function runLsub(session: Session, args: CommandArguments): Promise<string> {
  args.space()
  const reference = args.astring()
  args.space()
  const pattern = reference + args.listMailbox()
  args.end()
  if (session.identity?.kind !== 'user') return 'OK LSUB completed'
  const subscribed = new Set(await session.context.store.listSubscriptions(session.identity.accountId))
  const parents = pattern.endsWith('%') ? parentsOf(subscribed) : []
  const matches = makeMatcher(pattern)
  for (const path of [...new Set([...subscribed, ...parents])].sort()) {
    const name = wireName(path)
    if (!matches(name)) continue
    session.output.line(`* LSUB (${subscribed.has(path) ? '' : '\\Noselect'}) "/" ${mailboxString(name)}`)
  }
  return 'OK LSUB completed'
}

export const listCommands: Readonly<Record<string, ImapCommand>> = {
  LIST: { when: 'logged_in', run: runList },
  LSUB: { when: 'logged_in', run: runLsub },
}
