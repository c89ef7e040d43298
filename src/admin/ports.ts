/** What the use cases need beside the store; handed in by the composition. */
import type { Suite } from '#activation/event.ts'
import type { AgentFacts } from '#activation/path.ts'
import type { KeyStretching } from '#crypto/key-stretching.ts'
import type { P256 } from '#crypto/p256.ts'
import type { OpenDirectory } from '#directory/directory.ts'
import type { MailAddress, SrpId } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Log } from '#kernel/log.ts'
import type { Random } from '#kernel/random.ts'
import type { Vault } from '#kernel/vault.ts'
import type { NewAccount } from '#store/mail.ts'
import type { RelayStore } from '#store/relay.ts'
import type { Store } from '#store/store.ts'
import type { DoctorOptions } from './admin.ts'
import type { BackupResult, Check, DoctorNote, MigrationResult, SrpView, VerifyResult } from './views.ts'
import type { CertificateView, RotatedStorageKey } from './views-keys.ts'

/** Mailboxes of the embedded mail server. */
export interface MailAccounts {
  /** For each the address that another mailbox has, and then none was made for it, or null. */
  create(accounts: readonly NewAccount[]): Promise<readonly (MailAddress | null)[]>
  /** Another main address and other aliases; the mail stays. */
  readdress(address: MailAddress, main: MailAddress, aliases: readonly MailAddress[]): Promise<void>
  /** False where there was none. */
  remove(address: MailAddress): Promise<boolean>
  /** False where there is no such account. The password is given in clear and kept as a hash only. */
  setPassword(address: MailAddress, password: string): Promise<boolean>
}

/** The servers' names at the relay of this installation. */
export interface RelayNames {
  /** Adds a server or replaces its key and domains. `srpKey` is 32 bytes and not kept. */
  register(srpId: SrpId, srpKey: Uint8Array, domains: readonly string[]): Promise<void>
  list(): Promise<readonly SrpView[]>
  /** @throws Fault srp.unknown */
  resume(srpId: SrpId): Promise<void>
}

/** Mails that bring passwords. */
export interface InvitationOffice {
  /** The configured language. */
  readonly language: string
  /** What is wrong with the templates, those of `language` among them. */
  mistakes(language: string): readonly string[]
}

export interface DatabaseCare {
  backup(path: string): Promise<BackupResult>
  verify(): Promise<VerifyResult>
  migrate(): Promise<MigrationResult>
}

export interface AdminParts {
  readonly store: Pick<
    Store,
    | 'installation'
    | 'users'
    | 'invitations'
    | 'activations'
    | 'access'
    | 'audit'
    | 'accounts'
    | 'handhelds'
    | 'rollovers'
    | 'deliveries'
    | 'groups'
    | 'policies'
    | 'queue'
    | 'watches'
    | 'onCommit'
    | 'trouble'
  >
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly vault: Vault
  readonly p256: P256
  /** One per key-derivation profile that handhelds may use. */
  readonly stretchings: readonly KeyStretching[]
  /** This server's name at the relay. */
  readonly srpId: SrpId
  /** Mail domains served, canonical. */
  readonly domains: readonly string[]
  readonly passwordHours: number
  readonly passwordTries: number
  /** How many handhelds work for one user at a time. */
  readonly handheldsPerUser: number
  /** Null where no sender of mails with passwords is configured. */
  readonly invitations: InvitationOffice | null
  /** The domain's own certificates. */
  readonly certificates: () => readonly CertificateView[]
  /** Replaces the storage key; null while a server runs, which has the old one in memory. */
  readonly rotateStorageKey: (() => Promise<RotatedStorageKey>) | null
  /** The algorithms of this server, the preferred one first. */
  readonly suites: readonly Suite[]
  readonly scanIntervalSeconds: number
  /** After so long without its policy a handheld is cut off; 0: never. */
  readonly cutOffMs: number
  /** Null where mail is on another server. */
  readonly mail: MailAccounts | null
  /** Opens the way to the directory; null where none is configured. */
  readonly directory: OpenDirectory | null
  /** A sync that would have a larger share of the directory's users vanish, in percent, is refused. */
  readonly vanishPercentMax: number
  /** Null where the relay is another installation's. */
  readonly relay: RelayNames | null
  readonly database: DatabaseCare
  /** What the running server says of its connections; of a store opened by itself, that no server runs. */
  readonly health: () => readonly Check[]
  /** How the running agent sees a user's way; null where no agent runs in this process. */
  readonly agent: (owner: MailAddress) => AgentFacts | null
  /** An agent runs in this process, and sends what is queued. */
  readonly agentRuns: () => boolean
  /** The relay's mails; null where the relay is another installation's. */
  readonly mails: Pick<RelayStore, 'findAnsweredMail' | 'newestMailTo'> | null
  /** Looks at everything this process can reach, and leaves nothing behind. */
  readonly doctor: (options: DoctorOptions, signal: AbortSignal) => AsyncIterable<DoctorNote>
}
