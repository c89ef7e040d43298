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
  /** Inboxes that were never looked at with success, those aside that come into being with their first mail. */
  readonly neverLooked: number
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
  /** When messages were found to have come and gone between two looks. */
  goneAtMs: number | null
  /** Mails that called themselves activation mail and held no request: the newest few. */
  empty: readonly EmptyMail[]
}

export interface EmptyMail {
  /** The first digits of the transaction id in the subject, or null. */
  readonly txn8: string | null
  readonly atMs: number
}

/** What was last seen of one user's mailbox, Junk included. */
export interface MailboxLook {
  readonly lookedAtMs: number | null
  readonly fault: MailboxFault | null
  readonly goneAtMs: number | null
  readonly empty: readonly EmptyMail[]
}

export function lookOf(owner: MailAddress, entries: readonly MailboxEntry[]): MailboxLook {
  const own = entries.filter(({ watched }) => watched.owner === owner)
  const main = own.find(({ watched }) => watched.folder === inbox)
  return {
    lookedAtMs: main?.lookedAtMs ?? null,
    fault: main?.fault ?? null,
    goneAtMs: main?.goneAtMs ?? null,
    empty: own.flatMap(({ empty }) => empty),
  }
}

export const newEntry = ({ owner, folder }: WatchedFolder): MailboxEntry => ({
  watched: { owner, folder },
  position: null,
  lookedAtMs: null,
  unwritten: false,
  fault: null,
  notRemoved: null,
  goneAtMs: null,
  empty: [],
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
    neverLooked: inboxes.filter(
      ({ lookedAtMs, fault }) => lookedAtMs === null && fault?.code !== 'imap.no_mailbox',
    ).length,
    faults: inboxes.flatMap(({ fault }) => fault ?? []),
    junkFaults: entries.flatMap(({ fault }) => (fault && fault.folder !== inbox ? fault : [])),
    notRemoved: entries.flatMap(({ notRemoved }) => notRemoved ?? []),
  }
}
