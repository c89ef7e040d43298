/** What follows from a look at a folder's counters. */
import type { FaultCode } from '#kernel/fault.ts'
import { folderKey, inbox, type WatchedFolder } from '#mailbox/access.ts'
import type { MailboxCounters } from '#mailbox/mailbox.ts'
import type { WatchContext } from './context.ts'

type Parts = Pick<WatchContext, 'news' | 'mailboxes' | 'log'>

/** A folder with news counts as looked at once it has been read. */
export function noteCounters(
  { news, mailboxes }: Parts,
  watched: WatchedFolder,
  counters: MailboxCounters,
): void {
  if (mailboxes.hasNews(watched, counters)) news.add(watched, 'scan')
  else mailboxes.looked(watched)
}

/** Logged when it begins, shown while it lasts. A user without a Junk folder is nothing to log. */
export function noteFault({ mailboxes, log }: Parts, watched: WatchedFolder, code: FaultCode): void {
  const isNew = mailboxes.failed(watched, code)
  if (isNew && watched.folder === inbox)
    log.warn({ mailbox: folderKey(watched), code }, 'a mailbox could not be looked at')
}
