/** Looks at the counters of all users' inboxes in one answer (RFC 5819). */
import type { MailboxConnection } from '#mailbox/mailbox.ts'
import type { WatchContext } from './context.ts'
import { noteCounters } from './note.ts'
import type { Placed } from './status.ts'

/**
 * Returns those that the list did not name. Each must be asked for by itself: a connection that has been open
 * for a while does not list a mailbox that came into being since.
 */
export async function lookByListStatus(
  context: WatchContext,
  connection: MailboxConnection,
  patterns: readonly string[],
  folders: readonly Placed[],
): Promise<readonly Placed[]> {
  const listed = new Map((await connection.listStatus(patterns)).map((counters) => [counters.name, counters]))
  return folders.filter(([name, watched]) => {
    const counters = listed.get(name)
    if (counters) noteCounters(context, watched, counters)
    return !counters
  })
}
