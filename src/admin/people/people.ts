/** Users and groups as administrators change them in numbers: what is asked, and what is answered. */
import type { MailAddress } from '#kernel/brand.ts'
import type { PasswordTerms } from '../admin.ts'
import type { IssuedPassword, UserView } from '../views.ts'

/** Which users a list shows, in the order of their main addresses. */
export interface UserQuery {
  /** Name of a group. */
  readonly group?: string
  readonly organisation?: string
  readonly disabled?: boolean
  /** Whether a directory speaks for them. */
  readonly directory?: boolean
  /** Part of an address or of the name. */
  readonly search?: string
  /** Main address after which the list begins. */
  readonly after?: string
  /** 1..1000; all where absent. */
  readonly limit?: number
}

/** What is to be otherwise with a user; what is absent stays as it is. */
export interface UserChanges {
  /** Another main address; the old one stays only where `aliases` or `addAliases` says so. */
  readonly address?: string
  readonly displayName?: string
  readonly organisation?: string
  /** In the place of the aliases there are. */
  readonly aliases?: readonly string[]
  readonly addAliases?: readonly string[]
  readonly removeAliases?: readonly string[]
  readonly enabled?: boolean
  readonly redirect?: boolean
}

export type FieldValue = string | boolean | readonly string[]

/** One field of a user, before and after. */
export interface FieldChange {
  readonly field: FieldName
  readonly from: FieldValue
  readonly to: FieldValue
}

export type FieldName =
  | 'address'
  | 'name'
  | 'aliases'
  | 'organisation'
  | 'groups'
  | 'enabled'
  | 'redirect'
  | 'directory'

export interface ChangedUser {
  readonly user: UserView
  /** Empty where everything was so already. */
  readonly changes: readonly FieldChange[]
}

/** One row of an import. An absent field of a user who exists stays as it is. */
export interface ImportRow {
  /** As typed; stored in its canonical form. */
  readonly address: string
  readonly displayName?: string
  readonly aliases?: readonly string[]
  /** Names of all the user's groups; those that do not exist yet are made. */
  readonly groups?: readonly string[]
  readonly organisation?: string
  readonly enabled?: boolean
}

export interface ImportOptions {
  /** An activation password is generated for each user who is added. */
  readonly passwords?: PasswordTerms
  /** Nothing is changed; the answers are the same. */
  readonly dryRun?: boolean
}

export type ImportOutcome = 'added' | 'changed' | 'unchanged' | 'set_aside'

/** What became of one row of an import. */
export interface ImportResult {
  /** 0-based position in the rows given. */
  readonly index: number
  readonly address: string
  readonly outcome: ImportOutcome
  /** Field by field; of a user who is added, all that was said. */
  readonly changes: readonly FieldChange[]
  readonly password: IssuedPassword | null
  /** Why the row was set aside, or what failed after the user was added; the rows after it go on. */
  readonly fault: RowFault | null
}

export interface RowFault {
  readonly code: string
  readonly detail: string
}

export interface GroupView {
  readonly name: string
  readonly description: string
  readonly members: number
  readonly createdAtMs: number
}

export interface GroupChange {
  readonly name?: string
  readonly description?: string
}

/** Which users came into a group, or went. */
export interface MembersChanged {
  readonly group: GroupView
  /** Those whom it was news for. */
  readonly changed: readonly MailAddress[]
}

/** `name` is a group's in any case. @throws Fault group.unknown, group.exists, user.unknown, admin.usage */
export interface GroupCases {
  add(name: string, description?: string): Promise<GroupView>
  /** By name. */
  list(): Promise<GroupView[]>
  show(name: string): Promise<GroupView>
  change(name: string, to: GroupChange): Promise<GroupView>
  /** Its users stay. */
  remove(name: string): Promise<GroupView>
  /** All of them or, where one is unknown, nobody. */
  addUsers(name: string, addresses: readonly string[]): Promise<MembersChanged>
  removeUsers(name: string, addresses: readonly string[]): Promise<MembersChanged>
}

export interface SyncOptions {
  readonly dryRun?: boolean
  /** Users who vanished from the directory are removed, not disabled. */
  readonly removeMissing?: boolean
  /** However many would vanish. */
  readonly force?: boolean
  /** Users of the same address whom an administrator made become the directory's. */
  readonly adopt?: boolean
}

/** What became of one entry, or of a user whose entry is gone. */
export interface SyncResult {
  readonly dn: string
  /** As the entry says it; the user's where it says none that can be used. */
  readonly address: string
  readonly outcome: ImportOutcome | 'disabled' | 'removed'
  readonly changes: readonly FieldChange[]
  readonly fault: RowFault | null
}

export type SyncNote =
  /** So many entries were read until now. */
  | { readonly kind: 'read'; readonly entries: number }
  /** Everything was read; so many results follow. */
  | { readonly kind: 'planned'; readonly total: number }
  /** Of a dry run: the sync itself would be refused, unless forced. */
  | { readonly kind: 'guard'; readonly vanishing: number; readonly of: number }
  | { readonly kind: 'result'; readonly result: SyncResult }

export interface DirectoryCases {
  /**
   * Has users say what the directory says. What was read in part changes nothing.
   * @throws Fault ldap.*, tls.*
   */
  sync(options?: SyncOptions, signal?: AbortSignal): AsyncIterable<SyncNote>
}
