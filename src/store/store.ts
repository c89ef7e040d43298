import type { FaultCode } from '#kernel/fault.ts'
import type { AccessStore } from './access.ts'
import type { AccountStore } from './accounts.ts'
import type { ActivationStore } from './activations.ts'
import type { AuditStore } from './audit.ts'
import type { DeliveryStore } from './deliveries.ts'
import type { GroupStore } from './groups.ts'
import type { HandheldStore } from './handhelds.ts'
import type { InstallationStore } from './installation.ts'
import type { InvitationStore } from './invitations.ts'
import type { MailStore } from './mail.ts'
import type { PolicyStore } from './policies.ts'
import type { QueueStore } from './queue.ts'
import type { RelayStore } from './relay.ts'
import type { RetentionStore } from './retention.ts'
import type { RolloverStore } from './rollovers.ts'
import type { UserStore } from './users.ts'
import type { WatchStore } from './watches.ts'

/**
 * Everything Postkey keeps, one interface per aggregate. Each method is one transaction; a method that
 * changes something resolves only after its commit is on disk.
 */
export interface Aggregates {
  /** The installation itself: generation, names, sealed private keys. */
  readonly installation: InstallationStore
  /** Users, their addresses, grants and registration records. */
  readonly users: UserStore
  /** Groups of users: what policies, and who may do what, hang on. */
  readonly groups: GroupStore
  /** Mails that bring users their instructions and passwords, until the mail server has them. */
  readonly invitations: InvitationStore
  /** Activations: event lists, snapshots for lists, the work they ask for. */
  readonly activations: ActivationStore
  /** Which handhelds may activate. */
  readonly access: AccessStore
  /** Who did what; only ever added to. */
  readonly audit: AuditStore
  /** Who may administer: accounts and tokens, each with a role. */
  readonly accounts: AccountStore
  /** Handheld accounts, master keys, policy and book numbers, replay windows. */
  readonly handhelds: HandheldStore
  /** IT policies, who gets them, and their history. */
  readonly policies: PolicyStore
  /** What the Policy Service has for each handheld, until it is acknowledged. */
  readonly queue: QueueStore
  /** Key rollovers, one for each handheld. */
  readonly rollovers: RolloverStore
  /** What is on its way to handhelds through the relay, until its answer is there. */
  readonly deliveries: DeliveryStore
  /** Which mailboxes are watched, how far each was read, when it was last looked at. */
  readonly watches: WatchStore
  /** The embedded mail server's mailboxes. */
  readonly mail: MailStore
  /** The relay's names, queues, tokens and mail outbox. */
  readonly relay: RelayStore
  /** What is forgotten when nobody can ask for it again. */
  readonly retention: RetentionStore
}

export type AggregateName = keyof Aggregates

/**
 * What a commit may have changed; `work` where there is new work, or work is due at another time; `grants` where only an
 * activation password of a user is another one, or stands otherwise.
 */
export type Changed = AggregateName | 'work' | 'grants'

/** What keeps the store from writing. */
export interface StoreTrouble {
  readonly code: FaultCode
  /** Since when, by the store's clock. */
  readonly sinceMs: number
}

export interface Store extends Aggregates {
  /**
   * Calls `listener` with what was changed, after each commit of this process, and (with every name) when another
   * process has committed to the same database. Returns the way to stop.
   */
  onCommit(listener: (changed: ReadonlySet<Changed>) => void): () => void
  /** Writes a consistent copy of the database to `path`, which must not exist. */
  backup(path: string): Promise<void>
  /** Why the newest write failed and since when writes do; null where it did not. */
  trouble(): StoreTrouble | null
  close(): Promise<void>
}
