/** Commands about the session itself: CAPABILITY, NOOP, LOGOUT, ID, ENABLE, NAMESPACE. */
import { capabilities } from './capabilities.ts'
import { BadCommand, type CommandArguments } from './command-arguments.ts'
import { servicePrefix } from './mailbox-names.ts'
import type { ImapCommand, Session } from './session.ts'

/** RFC 2971 section 3.3. */
const idFieldsMax = 30

async function runId({ output }: Session, args: CommandArguments): Promise<string> {
  args.space()
  if (!args.take('NIL')) {
    const fields = args.list(() => args.stringOrNull() ?? args.need(/NIL/iy, 'a string or NIL'))
    if (fields.length > 2 * idFieldsMax) throw new BadCommand('too many ID fields')
  }
  args.end()
  output.line('* ID ("name" "Postkey")')
  return 'OK ID completed'
}

async function runEnable(session: Session, args: CommandArguments): Promise<string> {
  const asked: string[] = []
  do {
    args.space()
    asked.push(args.atom().toUpperCase())
  } while (!args.atEnd)
  const condstore = asked.includes('CONDSTORE')
  if (condstore) session.condstore = true
  session.output.line(condstore ? '* ENABLED CONDSTORE' : '* ENABLED')
  return 'OK ENABLE completed'
}

export const sessionCommands: Readonly<Record<string, ImapCommand>> = {
  CAPABILITY: {
    when: 'always',
    run: async (session, args) => {
      args.end()
      session.output.line(`* CAPABILITY ${capabilities(session)}`)
      return 'OK CAPABILITY completed'
    },
  },
  NOOP: {
    when: 'always',
    run: async (_session, args) => {
      args.end()
      return 'OK NOOP completed'
    },
  },
  LOGOUT: {
    when: 'always',
    run: async (session, args) => {
      args.end()
      session.output.line('* BYE Logging out')
      session.next = 'close'
      return 'OK LOGOUT completed'
    },
  },
  ID: { when: 'always', run: runId },
  ENABLE: { when: 'logged_in', run: runEnable },
  NAMESPACE: {
    when: 'logged_in',
    run: async ({ identity, output }, args) => {
      args.end()
      const user = identity?.kind === 'user'
      output.line(user ? '* NAMESPACE (("" "/")) NIL NIL' : `* NAMESPACE NIL (("${servicePrefix}" "/")) NIL`)
      return 'OK NAMESPACE completed'
    },
  },
}
