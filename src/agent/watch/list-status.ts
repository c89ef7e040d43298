/** Looks at the counters of all users' inboxes in one answer (RFC 5819). */
import type { MailboxConnection } from '#mailbox/mailbox.ts'
import type { WatchContext } from './context.ts'
import { noteCounters } from './note.ts'
import type { Placed } from './status.ts'

/**
 * News is read while the list is still coming in. Returns those that the list did not name. Each must be asked for by itself: a connection that has been open
 * for a while does not list a mailbox that came into being since.
 */
export async function lookByListStatus(
  context: WatchContext,
  connection: MailboxConnection,
  patterns: readonly string[],
  folders: readonly Placed[],
): Promise<readonly Placed[]> {
  const missing = new Map(folders)
  await connection.listStatus(patterns, (counters) => {
    const watched = missing.get(counters.name)
    if (watched) noteCounters(context, watched, counters)
    missing.delete(counters.name)
  })
  return [...missing]
}
