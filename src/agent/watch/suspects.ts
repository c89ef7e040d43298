/**
 * Mailboxes that connections have broken on are looked at apart from all others, one at a time and seldom: one that
 * never answers must not keep the pass over the others waiting.
 */
import { faultCodeOf } from '#kernel/fault.ts'
import { folderKey } from '#mailbox/access.ts'
import { makeBackoff } from '#mailbox/backoff.ts'
import type { MailLogin } from '#mailbox/mailbox.ts'
import type { WatchContext } from './context.ts'
import { noteFault } from './note.ts'
import { isBreaking, isOneUsers, lookByStatus, type Placed } from './status.ts'

export interface Suspects {
  /** Whether it is to be looked at here. */
  has(folder: Placed): boolean
  /** Looks at it by and by, unless it was looked at a short while ago. */
  add(login: MailLogin, folder: Placed): void
  /** Begins nothing more; resolves when the running look has ended. */
  close(): Promise<void>
}

/** A server that has to build an index first may take so long; everybody else does not wait for it here. */
const patienceMs = 60_000
const again = { firstMs: 2_000, longestMs: 300_000 }

export function makeSuspects(context: WatchContext): Suspects {
  const { clock, mailboxes, pool } = context
  const queue = new Map<string, () => Promise<void>>()
  const backoff = makeBackoff(context.random, again)
  let running: Promise<void> | null = null

  const has = ([, watched]: Placed): boolean => isBreaking(mailboxes.faultOf(watched))

  const look = async (login: MailLogin, folder: Placed): Promise<void> => {
    const [, watched] = folder
    try {
      await pool.use(login, (connection) => lookByStatus(context, connection, [folder], patienceMs))
    } catch (error) {
      // A server that is away says nothing about this mailbox: it must not wait longer for that once it is back.
      if (!isOneUsers(error))
        return context.log.debug(
          { code: faultCodeOf(error) },
          'a mailbox that fails could not be asked again',
        )
      noteFault(context, watched, error.code)
    }
    if (has(folder)) backoff.failed(folderKey(watched), clock.monotonicMs())
    else backoff.succeeded(folderKey(watched))
  }

  const work = async (): Promise<void> => {
    for (const [key, next] of queue) {
      queue.delete(key)
      await next()
    }
    running = null
  }

  return {
    has,
    add: (login, folder) => {
      const key = folderKey(folder[1])
      if (backoff.untilMs(key) > clock.monotonicMs()) return
      queue.set(key, () => look(login, folder))
      running ??= work()
    },
    close: async () => {
      queue.clear()
      await running
    },
  }
}
