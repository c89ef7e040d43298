/**
 * Tells sessions that their mailbox has changed. After each commit one read finds the mailboxes that moved
 * past the last known modification sequence, so the cost follows the changes, not the number of sessions.
 */
import type { Log } from '#kernel/log.ts'
import type { MailStore } from '#store/mail.ts'

export interface MailboxWatch {
  /** Calls `wake` after commits that changed the mailbox; returns the way to stop. */
  add(mailboxId: number, wake: () => void): () => void
  close(): void
}

export interface WatchOptions {
  readonly store: MailStore
  readonly onCommit: (listener: (changed: ReadonlySet<string>) => void) => () => void
  readonly log: Log
}

export async function startMailboxWatch({ store, onCommit, log }: WatchOptions): Promise<MailboxWatch> {
  const wakers = new Map<number, Set<() => void>>()
  let seen = await store.newestModseq()
  let running = false
  let again = false
  let closed = false

  const look = async () => {
    for (const { id, modseq } of await store.changedMailboxes(seen)) {
      seen = Math.max(seen, modseq)
      for (const wake of wakers.get(id) ?? []) wake()
    }
  }
  const run = () => {
    again = false
    look()
      .catch((error) => log.error({ error: String(error) }, 'looking for changed mailboxes failed'))
      .finally(() => {
        if (again && !closed) setImmediate(run)
        else running = false
      })
  }
  const stop = onCommit((changed) => {
    if (closed || !changed.has('mail')) return
    again = true
    // Commits come in bursts; one look serves all that came before it.
    if (!running) {
      running = true
      setImmediate(run)
    }
  })
  return {
    add: (mailboxId, wake) => {
      const set = wakers.get(mailboxId) ?? new Set()
      wakers.set(mailboxId, set.add(wake))
      return () => {
        set.delete(wake)
        if (set.size === 0 && wakers.get(mailboxId) === set) wakers.delete(mailboxId)
      }
    },
    close: () => {
      closed = true
      stop()
    },
  }
}
