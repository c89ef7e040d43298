import type { CommandArguments } from './command-arguments.ts'
import type { MailboxView } from './mailbox-view.ts'
import { resolveSequenceSet, resolveUidSet } from './sequence-set.ts'
import { type Invocation, Refused, type Session } from './session.ts'

/** The selected mailbox. @throws Refused when there is none, or it may only be read. */
export function selectedView({ view }: Session, access: 'read' | 'write'): MailboxView {
  if (!view) throw new Refused('No mailbox is selected')
  if (access === 'write' && view.readOnly)
    throw new Refused('[NOPERM] The mailbox is opened for reading only')
  return view
}

/** Takes ` set` and resolves it to the UIDs of the selected mailbox. */
export function takeUids(session: Session, args: CommandArguments, { by }: Invocation): number[] {
  args.space()
  const set = args.sequenceSet()
  const { uids } = selectedView(session, 'read')
  return by === 'uid' ? resolveUidSet(set, uids) : resolveSequenceSet(set, uids)
}
