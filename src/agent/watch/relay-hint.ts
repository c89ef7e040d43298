/**
 * The relay says that it has just mailed a request: the mailbox is looked at at once, and again and again for
 * ten seconds, until the request is seen. Works with every mail server. The hint proves nothing.
 */
import type { ActivationId, MailAddress } from '#kernel/brand.ts'
import { inboxOf, junkOf, type WatchContext } from './context.ts'

export interface RelayHint {
  hint(owner: MailAddress, txn: ActivationId): void
  /** These requests were found: no need to look for them any more. */
  seen(txns: readonly ActivationId[]): void
  /** Whether a hinted request is still looked for in this user's mailboxes. */
  isOpen(owner: MailAddress): boolean
  close(): void
}

/** Milliseconds after the hint: doubling up to a second apart, for ten seconds. */
const lookTimesMs = [
  0, 20, 50, 100, 200, 400, 800, 1_600, 2_600, 3_600, 4_600, 5_600, 6_600, 7_600, 8_600, 10_000,
]
/** Mail that is slow to appear may have been put aside by a filter. */
const junkAfterMs = 1_600
/** More at once than handhelds could press; beyond it the oldest is left to the other ways of watching. */
const openMax = 1_000

export function startRelayHint(context: Pick<WatchContext, 'news' | 'clock' | 'junk'>): RelayHint {
  const open = new Map<ActivationId, { readonly owner: MailAddress; cancel(): void }>()
  const end = (txn: ActivationId): void => {
    open.get(txn)?.cancel()
    open.delete(txn)
  }

  const look = (owner: MailAddress, txn: ActivationId, at: number): void => {
    const timeMs = lookTimesMs[at] ?? 0
    context.news.add(inboxOf(owner), 'hint')
    if (timeMs >= junkAfterMs) for (const junk of junkOf(context, owner)) context.news.add(junk, 'hint')
    const nextMs = lookTimesMs[at + 1]
    if (nextMs === undefined) {
      end(txn)
      return
    }
    const cancel = context.clock.after(nextMs - timeMs, () => look(owner, txn, at + 1))
    open.set(txn, { owner, cancel })
  }

  return {
    hint: (owner, txn) => {
      end(txn)
      const oldest = open.keys().next().value
      if (open.size >= openMax && oldest !== undefined) end(oldest)
      look(owner, txn, 0)
    },
    seen: (txns) => txns.forEach(end),
    isOpen: (owner) => [...open.values()].some((hint) => hint.owner === owner),
    close: () => [...open.keys()].forEach(end),
  }
}
