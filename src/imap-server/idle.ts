import type { CommandArguments } from './command-arguments.ts'
import { BadCommand } from './command-arguments.ts'
import type { ImapCommand, Session } from './session.ts'

/** IDLE (RFC 2177): tells what changes in the selected mailbox, after each commit, until the client says DONE. */
async function runIdle(session: Session, args: CommandArguments): Promise<string> {
  args.end()
  const { context, view, output, reader } = session
  output.line('+ idling')
  let wake = () => {}
  const stop = view ? context.watch.add(view.mailboxId, () => wake()) : () => {}
  const { lineBytesMax, idleMs, commandMs } = context.limits
  const line = reader.readLine(lineBytesMax, { waitMs: idleMs, commandMs })
  let ended = false
  const done = line.then(() => {
    ended = true
  })
  try {
    while (!ended) {
      // Made before looking, so that a change that comes while looking is not slept through.
      const woken = new Promise<void>((resolve) => {
        wake = resolve
      })
      await view?.sync(output, { expunge: true, condstore: session.condstore, uid: false })
      await output.flush()
      await Promise.race([done, woken])
    }
  } finally {
    stop()
  }
  const answer = await line
  if (answer === 'closed' || answer === 'too_long') session.next = 'close'
  else if (!/^DONE\r?\n$/i.test(answer)) throw new BadCommand('expected DONE')
  return 'OK IDLE completed'
}

export const idleCommands: Readonly<Record<string, ImapCommand>> = {
  IDLE: { when: 'logged_in', run: runIdle },
}
