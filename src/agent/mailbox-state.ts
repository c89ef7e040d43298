/** One watched folder as the agent knows it, and what all of them together tell an administrator. */
import type { MailAddress } from '#kernel/brand.ts'
import type { FaultCode } from '#kernel/fault.ts'
import { inbox, type WatchedFolder } from '#mailbox/access.ts'
import type { MailboxCounters } from '#mailbox/mailbox.ts'

export interface MailboxFault {
  readonly owner: MailAddress
  readonly folder: string
  readonly code: FaultCode
  readonly sinceMs: number
}

export interface MailboxesState {
  /** Inboxes that are watched. */
  readonly watched: number
  /** When the inbox that waits longest was looked at, and whose it is; null: none was yet. */
  readonly oldestLookedAtMs: number | null
  readonly oldest: MailAddress | null
  /** Inboxes whose last look failed. */
  readonly faults: readonly MailboxFault[]
  /** The same of Junk folders: many users have none, and few servers show it to another account. */
  readonly junkFaults: readonly MailboxFault[]
  /** Folders that an activation mail could not be removed from. */
  readonly notRemoved: readonly MailboxFault[]
}

/** How far a folder was read. */
export type Position = Pick<MailboxCounters, 'uidValidity'> & { readonly nextUid: number }

export interface MailboxEntry {
  readonly watched: WatchedFolder
  position: Position | null
  lookedAtMs: number | null
  unwritten: boolean
  fault: MailboxFault | null
  notRemoved: MailboxFault | null
}

export const newEntry = ({ owner, folder }: WatchedFolder): MailboxEntry => ({
  watched: { owner, folder },
  position: null,
  lookedAtMs: null,
  unwritten: false,
  fault: null,
  notRemoved: null,
})

export function stateOf(entries: readonly MailboxEntry[]): MailboxesState {
  const inboxes = entries.filter(({ watched }) => watched.folder === inbox)
  const looked = inboxes.filter((entry) => entry.lookedAtMs !== null)
  const oldest = looked.reduce<MailboxEntry | null>(
    (old, entry) => (old && (old.lookedAtMs ?? 0) <= (entry.lookedAtMs ?? 0) ? old : entry),
    null,
  )
  return {
    watched: inboxes.length,
    oldestLookedAtMs: oldest?.lookedAtMs ?? null,
    oldest: oldest?.watched.owner ?? null,
    faults: inboxes.flatMap(({ fault }) => fault ?? []),
    junkFaults: entries.flatMap(({ fault }) => (fault && fault.folder !== inbox ? fault : [])),
    notRemoved: entries.flatMap(({ notRemoved }) => notRemoved ?? []),
  }
}
