/** Looks at the counters of each folder by itself. */
import { Fault, type FaultCode, faultCodeOf } from '#kernel/fault.ts'
import type { WatchedFolder } from '#mailbox/access.ts'
import { isBusy, isLogins, type MailboxConnection } from '#mailbox/mailbox.ts'
import type { WatchContext } from './context.ts'
import { noteCounters, noteFault } from './note.ts'

export type Placed = readonly [name: string, watched: WatchedFolder]

/**
 * Looks at them in turn, taking them one by one; they must belong to the connection's log-in. The connection may break
 * on one of them, which is then noted as failing; `left` are those that were taken and not looked at. @throws what else
 * goes wrong
 */
export async function lookByStatus(
  context: WatchContext,
  connection: MailboxConnection,
  folders: Iterable<Placed>,
  patienceMs: number,
): Promise<{ readonly looked: number; readonly left: readonly Placed[] }> {
  const taken: Placed[] = []
  const names = Iterator.from(folders).map((folder) => {
    taken.push(folder)
    return folder[0]
  })
  let told = 0
  try {
    for await (const come of connection.status(names, patienceMs))
      for (const status of come) {
        const watched = taken[told]?.[1]
        told += 1
        if (!watched) continue
        if ('error' in status) noteFault(context, watched, status.error)
        else noteCounters(context, watched, status)
      }
    if (told < taken.length) throw new Fault('imap.protocol', 'fewer answers than questions')
  } catch (error) {
    const code = faultCodeOf(error)
    const watched = taken[told]?.[1]
    told += 1
    if (!watched || !isBreaking(code)) throw error
    noteFault(context, watched, code)
  }
  return { looked: told, left: taken.slice(told) }
}

/** What only concerns one user, and does not mean that the server is away. */
export const isOneUsers = (error: unknown): error is Fault =>
  error instanceof Fault &&
  (isLogins(error.code) || isBusy(error.code) || /^imap\.no_(?:mailbox|right)$/.test(error.code))

/** A mailbox that the connection broke on, and may break on again. */
export const isBreaking = (code: FaultCode | null): boolean =>
  code === 'imap.unreachable' || code === 'imap.protocol'
