/** What every way of hearing about new mail works with. */
import type { MailAddress } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Log } from '#kernel/log.ts'
import type { Random } from '#kernel/random.ts'
import { inbox, type MailboxAccess, type WatchedFolder } from '#mailbox/access.ts'
import type { MailServer } from '#mailbox/mailbox.ts'
import type { Pool } from '#mailbox/pool.ts'
import type { GrantWatch } from '../grant-watch.ts'
import type { Mailboxes } from '../mailboxes.ts'
import type { News } from '../news.ts'
import type { Ladder } from './ladder.ts'

export interface WatchContext {
  readonly server: MailServer
  readonly access: MailboxAccess
  readonly pool: Pool
  readonly news: News
  readonly mailboxes: Mailboxes
  readonly grants: GrantWatch
  readonly ladder: Ladder
  /** The Junk folder's name or pattern; null: it is not watched. */
  readonly junk: string | null
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Main addresses of all users whose mailboxes this server watches. */
  served(): Promise<readonly MailAddress[]>
}

export const inboxOf = (owner: MailAddress): WatchedFolder => ({ owner, folder: inbox })

/** The Junk folder, or none where it is not watched. */
export const junkOf = ({ junk }: Pick<WatchContext, 'junk'>, owner: MailAddress): WatchedFolder[] =>
  junk === null ? [] : [{ owner, folder: junk }]
