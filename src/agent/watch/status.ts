/** Looks at the counters of each folder by itself, a few per turn of a connection. */
import { Fault, type FaultCode, faultCodeOf } from '#kernel/fault.ts'
import type { WatchedFolder } from '#mailbox/access.ts'
import type { MailboxConnection } from '#mailbox/mailbox.ts'
import type { WatchContext } from './context.ts'
import { noteCounters, noteFault } from './note.ts'

export type Placed = readonly [name: string, watched: WatchedFolder]

/**
 * Looks at them in turn; they must belong to the connection's log-in. The connection may break on one of them, which
 * is then noted as failing; returns those that come after it. @throws what else goes wrong
 */
export async function lookByStatus(
  context: WatchContext,
  connection: MailboxConnection,
  folders: readonly Placed[],
  patienceMs: number,
): Promise<readonly Placed[]> {
  const names = folders.map(([name]) => name)
  let told = 0
  try {
    for await (const come of connection.status(names, patienceMs))
      for (const status of come) {
        const watched = folders[told]?.[1]
        told += 1
        if (!watched) continue
        if ('error' in status) noteFault(context, watched, status.error)
        else noteCounters(context, watched, status)
      }
  } catch (error) {
    const code = faultCodeOf(error)
    const watched = folders[told]?.[1]
    told += 1
    if (!watched || !isBreaking(code)) throw error
    noteFault(context, watched, code)
  }
  return folders.slice(told)
}

/** What only concerns one user, and does not mean that the server is away. */
export const isOneUsers = (error: unknown): error is Fault =>
  error instanceof Fault && /^imap\.(?:login_failed|no_mailbox|no_right)$/.test(faultCodeOf(error))

/** A mailbox that the connection broke on, and may break on again. */
export const isBreaking = (code: FaultCode | null): boolean =>
  code === 'imap.unreachable' || code === 'imap.protocol'
