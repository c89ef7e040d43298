/**
 * Everything an administrator can do. The CLI, the API and the console call these use cases and nothing else, so
 * that all say the same words; over the admin socket the same interface is met by `socket-client.ts`.
 */

import type { AccessVerdict } from '#activation/access.ts'
import type { Caller } from './access/caller.ts'
import type { AccountCases, AuditCases, TokenCases } from './access/cases.ts'
import type { AccessCheckView, AccessListView, AccessRuleView } from './access/list-views.ts'
import type { IssuedToken } from './access/views.ts'
import type {
  ChangedUser,
  DirectoryCases,
  GroupCases,
  ImportOptions,
  ImportResult,
  ImportRow,
  UserChanges,
  UserQuery,
} from './people/people.ts'
import type { BookCases, CommandCases, PolicyCases, QueueCases } from './policy/cases.ts'
import type {
  ActivationDetail,
  ActivationView,
  ApprovedHandheld,
  BackupResult,
  DoctorNote,
  ExplainedActivation,
  HandheldDetail,
  HandheldView,
  IssuedPassword,
  IssuedSrpKey,
  MigrationResult,
  SrpView,
  Status,
  UserDetail,
  UserView,
  VerifyResult,
} from './views.ts'
import type { CertificateView, KeyView, RotatedStorageKey, WantedRollovers } from './views-keys.ts'

export interface NewUserInput {
  /** As typed; stored in its canonical form. */
  readonly address: string
  readonly displayName?: string
  readonly aliases?: readonly string[]
  readonly organisation?: string
  /** Names of groups, which exist. */
  readonly groups?: readonly string[]
}

export interface PasswordTerms {
  /** Life in hours, 1..720; the configured one where absent. */
  readonly hours?: number
  /** The only handheld that may use it. */
  readonly pin?: string
  /** When it begins to work; at once where absent. Its life counts from then. */
  readonly notBeforeMs?: number
  /** Wrong proofs each handheld may send, 1..5; the configured number where absent. */
  readonly tries?: number
  /** The instructions and the password are mailed, each by itself; absent: neither is. */
  readonly send?: SendTerms
}

export interface SendTerms {
  /** Where the password goes; the user's main address where absent. */
  readonly to?: string
  /** Where the instructions go; the user's main address where absent. */
  readonly instructionsTo?: string
  /** The configured one where absent. */
  readonly language?: string
}

/** One user of many; what it says of its own goes before the terms that hold for all. */
export interface BulkPasswordRow {
  readonly address: string
  readonly pin?: string
  /** Where the password is mailed, if any is. */
  readonly to?: string
}

export interface BulkPasswordTerms extends PasswordTerms {
  /** A new password also where a live one is waiting; else that one is kept. */
  readonly replace?: boolean
  /** Passwords are only mailed, and told to nobody else. */
  readonly hide?: boolean
}

export interface BulkPasswordResult {
  /** 0-based position in the rows given. */
  readonly index: number
  readonly address: string
  /** `kept`: a live password was waiting already. */
  readonly outcome: 'issued' | 'kept' | 'failed'
  readonly password: IssuedPassword | null
  readonly fault: { readonly code: string; readonly detail: string } | null
}

/** @throws Fault address.invalid, address.foreign_domain, user.exists, user.unknown, group.unknown, admin.usage */
export interface UserCases {
  add(user: NewUserInput): Promise<UserView>
  /** By main address. */
  list(query?: UserQuery): Promise<UserView[]>
  /** How many a list without `limit` and `after` would show. */
  count(query?: UserQuery): Promise<number>
  show(address: string): Promise<UserDetail>
  change(address: string, to: UserChanges): Promise<ChangedUser>
  /** Removes the user with passwords, keys and, in the embedded mail server, the mailbox. */
  remove(address: string): Promise<UserView>
  /**
   * Keeps the password of the user's mailbox at the site's own mail server, sealed; it is never shown again.
   * @throws Fault admin.usage
   */
  setMailboxPassword(address: string, password: string): Promise<UserView>
  /** @throws Fault imap.no_password where there is none */
  removeMailboxPassword(address: string): Promise<UserView>
  /** Adds and changes many users; results come in order. */
  import(rows: readonly ImportRow[], options?: ImportOptions): AsyncIterable<ImportResult>
}

/**
 * @throws Fault address.invalid, user.unknown, password.too_short, password.unusable, password.none,
 *   invitation.no_sender, invitation.template
 */
export interface PasswordCases {
  set(address: string, password: string, terms?: PasswordTerms): Promise<IssuedPassword>
  generate(address: string, terms?: PasswordTerms): Promise<IssuedPassword>
  /** A generated password that is mailed and not told to the caller. */
  send(address: string, terms?: PasswordTerms): Promise<IssuedPassword>
  /** A row for each user of a group, by main address. @throws Fault group.unknown */
  rowsOfGroup(group: string): Promise<readonly BulkPasswordRow[]>
  /** A generated password for each; results come in order. */
  generateMany(rows: readonly BulkPasswordRow[], terms: BulkPasswordTerms): AsyncIterable<BulkPasswordResult>
  revoke(address: string): Promise<UserView>
}

export interface ActivationQuery {
  /** A user's address or a handheld's PIN. */
  readonly of?: string
  readonly open?: boolean
  /** 1..1000, default 50. */
  readonly limit?: number
}

/** `which` is an activation's id or its first digits, a user's address, or a PIN; the newest one is meant. */
export interface ActivationCases {
  /** Newest first. */
  list(query?: ActivationQuery): Promise<ActivationView[]>
  show(which: string): Promise<ActivationDetail>
  explain(which: string): Promise<ExplainedActivation>
  /**
   * Lets this handheld prove although so many wrong passwords came in that each needs an approval.
   * @throws Fault user.unknown, password.none, admin.usage
   */
  approve(address: string, pin: string): Promise<ApprovedHandheld>
  /** Those that are open, then each one again whenever it changes; ends when `signal` aborts. */
  watch(query?: Pick<ActivationQuery, 'of'>, signal?: AbortSignal): AsyncIterable<ActivationView>
}

export interface HandheldCases extends CommandCases {
  list(): Promise<HandheldView[]>
  show(pin: string): Promise<HandheldDetail>
}

/**
 * Which handhelds may activate; `what` is a PIN, a range of PINs, a maker, or a maker with the first words of its model.
 * @throws Fault admin.usage, access.unknown
 */
export interface AccessCases {
  /** In the place of an earlier rule about the same. */
  deny(what: string): Promise<AccessRuleView>
  allow(what: string): Promise<AccessRuleView>
  remove(what: string): Promise<AccessRuleView>
  /** What holds where no rule fits. */
  setDefault(verdict: AccessVerdict): Promise<AccessVerdict>
  list(): Promise<AccessListView>
  /** @param device maker and model, as the handheld calls itself */
  check(pin: string, device?: string): Promise<AccessCheckView>
}

export interface MailboxCases {
  /** A new IMAP password for a mailbox of the embedded mail server; shown once. */
  generatePassword(address: string): Promise<{ readonly address: string; readonly password: string }>
}

/** At the relay of this installation. @throws Fault relay.elsewhere, srp.unknown, srp.exists, srp.invalid */
export interface SrpCases {
  add(
    srpId: string,
    domains: readonly string[],
    options?: { readonly replace?: boolean },
  ): Promise<IssuedSrpKey>
  list(): Promise<SrpView[]>
  resume(srpId: string): Promise<SrpView>
}

export interface DatabaseCases {
  /** Writes a consistent copy to a path that must not exist. */
  backup(path: string): Promise<BackupResult>
  verify(): Promise<VerifyResult>
  migrate(): Promise<MigrationResult>
}

export interface DoctorOptions {
  /** Whether a handheld of the doctor's own goes through a whole activation. */
  readonly canary: boolean
}

/** Master keys. @throws Fault handheld.unknown */
export interface KeyCases {
  list(): Promise<KeyView[]>
  /** A PIN, or `all`: a new key as soon as the handheld answers. */
  roll(which: string): Promise<WantedRollovers>
  /** The domain's own, with their ends. */
  certificates(): Promise<readonly CertificateView[]>
  /** Seals everything in the database under a new storage key. @throws Fault admin.running, storage_key.wrong */
  rotateStorageKey(): Promise<RotatedStorageKey>
}

export interface Admin {
  readonly users: UserCases
  readonly groups: GroupCases
  readonly directory: DirectoryCases
  readonly passwords: PasswordCases
  readonly activations: ActivationCases
  readonly handhelds: HandheldCases
  readonly keys: KeyCases
  readonly access: AccessCases
  readonly policies: PolicyCases
  readonly queue: QueueCases
  readonly books: BookCases
  readonly mailboxes: MailboxCases
  readonly srp: SrpCases
  readonly database: DatabaseCases
  readonly audit: AuditCases
  readonly accounts: AccountCases
  readonly tokens: TokenCases
  status(): Promise<Status>
  /** Looks at every part in turn; ends when `signal` aborts, after it has cleared up. */
  doctor(options: DoctorOptions, signal?: AbortSignal): AsyncIterable<DoctorNote>
}

/** An `Admin` with something behind it that must be let go: a socket, or the store itself. */
export interface AdminSession extends Admin {
  /** Whether a running server answers, or the store was opened by this process. */
  readonly via: 'server' | 'store'
  /** As whom, with which role. */
  whoami(): Promise<Omit<Caller, 'from'>>
  /** Before a person is asked about an act. @throws Fault admin.not_allowed, which the audit log then has as of the act */
  mayDo(operation: string, on: string): Promise<void>
  /** @throws Fault admin.unauthenticated, admin.too_many_tries */
  login(account: string, password: string): Promise<IssuedToken>
  /** Ends the session whose token this command has. @throws Fault admin.unauthenticated */
  logout(): Promise<void>
  close(): Promise<void>
}
