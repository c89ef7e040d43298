/** What a scan works with. */
import type { MailAddress } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Log } from '#kernel/log.ts'
import type { MailboxAccess, WatchedFolder } from '#mailbox/access.ts'
import type { MailboxConnection, NewMessages } from '#mailbox/mailbox.ts'
import type { Pool } from '#mailbox/pool.ts'
import type { WatchStore } from '#store/watches.ts'
import type { Extractor } from './extract-worker.ts'
import type { FoundBatch, TakenBatch } from './intake.ts'
import type { Position } from './mailbox-state.ts'
import type { Mailboxes } from './mailboxes.ts'
import type { FoundBy } from './news.ts'

export interface ScanParts {
  readonly pool: Pool
  readonly access: MailboxAccess
  readonly store: { readonly watches: Pick<WatchStore, 'find' | 'move'> }
  readonly mailboxes: Mailboxes
  readonly extractor: Extractor
  readonly clock: Clock
  readonly log: Log
  isLive(owner: MailAddress): Promise<boolean>
  /** The relay has said that mail is on its way to this user. */
  isHinted(owner: MailAddress): boolean
  intake(batch: FoundBatch): Promise<TakenBatch | null>
}

/** One mailbox that is read, its connection and circumstances. */
export interface Scan extends ScanParts {
  readonly watched: WatchedFolder
  readonly name: string
  readonly connection: MailboxConnection
  readonly foundBy: FoundBy
  /** Every new mail is searched, not only mail that calls itself activation mail. */
  readonly closely: boolean
  /** Where it was read to; null: it was not read yet. */
  readonly known: Position | null
}

/** `fromUid`: every message from this one on is in the answer; null where some were left out on purpose. */
export interface BehindCursor extends NewMessages {
  readonly fromUid: number | null
}
