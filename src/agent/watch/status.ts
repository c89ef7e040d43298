/** Looks at the counters of each folder by itself, a few per turn of a connection. */
import { Fault, faultCodeOf } from '#kernel/fault.ts'
import type { WatchedFolder } from '#mailbox/access.ts'
import type { MailboxConnection } from '#mailbox/mailbox.ts'
import type { WatchContext } from './context.ts'
import { noteCounters, noteFault } from './note.ts'

export type Placed = readonly [name: string, watched: WatchedFolder]

/** Looks at all of them; they must belong to the connection's log-in. */
export async function lookByStatus(
  context: WatchContext,
  connection: MailboxConnection,
  folders: readonly Placed[],
): Promise<void> {
  const statuses = await connection.status(folders.map(([name]) => name))
  for (const [i, status] of statuses.entries()) {
    const watched = folders[i]?.[1]
    if (!watched) continue
    if ('error' in status) noteFault(context, watched, status.error)
    else noteCounters(context, watched, status)
  }
}

/** What only concerns one user, and does not mean that the server is away. */
export const isOneUsers = (error: unknown): error is Fault =>
  error instanceof Fault && /^imap\.(?:login_failed|no_mailbox|no_right)$/.test(faultCodeOf(error))
