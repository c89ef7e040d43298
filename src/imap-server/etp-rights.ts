/**
 * A service account deletes ETP messages only. The store knows them by their descriptions, so that those which nobody
 * has asked about yet are described first.
 */
import type { MailboxView } from './mailbox-view.ts'
import type { Session } from './session.ts'

const batchMessages = 1_000

/** Removes what is flagged `\\Deleted`: all, or those of `uids`; for a service account the ETP messages among them. */
export async function expungeAllowed(
  session: Session,
  view: MailboxView,
  uids: readonly number[] | null,
): Promise<void> {
  const { store } = session.context
  if (!view.owner) {
    const candidates = uids ?? (await store.openMailbox(view.mailboxId))?.uids ?? []
    await describeEach(session, view, candidates, '\\Deleted')
  }
  await store.expunge(view.mailboxId, { ...(uids && { uids }), etpOnly: !view.owner })
}

/** @param flag where given, only messages that have it */
export async function describeEach(
  { context }: Session,
  { mailboxId }: MailboxView,
  uids: readonly number[],
  flag?: string,
): Promise<void> {
  for (let at = 0; at < uids.length; at += batchMessages) {
    const rows = await context.store.findMessages(mailboxId, uids.slice(at, at + batchMessages))
    for (const row of rows) if (flag === undefined || row.flags.includes(flag)) await context.describe(row)
  }
}
