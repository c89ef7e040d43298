import type { Grant } from '#activation/grant.ts'
import type { MailAddress, Pin } from '#kernel/brand.ts'
import type { NewInvitation } from './invitations.ts'

export interface User {
  readonly id: number
  /** The main address, which names the user. */
  readonly address: MailAddress
  readonly displayName: string
  /** Further listed addresses with which the user may activate. */
  readonly aliases: readonly MailAddress[]
  /** The part of the site the user belongs to; empty where none was named. */
  readonly organisation: string
  /** Null while the user is enabled. A disabled user's handhelds get no mail, and no handheld activates. */
  readonly disabled: { readonly by: Disabler; readonly atMs: number } | null
  /** Whether mail goes on to the handheld. */
  readonly redirect: boolean
  /** The entry that speaks for the user; null where an administrator made the user. */
  readonly directory: DirectoryEntry | null
  readonly createdAtMs: number
}

/** Who disabled a user: what the directory disabled it also enables again. */
export type Disabler = 'administrator' | 'directory'

export interface DirectoryEntry {
  /** The directory's own name for the entry (entryUUID, objectGUID …): it stays when the entry is renamed. */
  readonly id: string
  /** Its distinguished name when it was last read. */
  readonly dn: string
}

export interface NewUser {
  readonly address: MailAddress
  readonly displayName: string
  readonly aliases: readonly MailAddress[]
  readonly nowMs: number
}

/** What is known of a user, or is to be known from now on; what is absent stays as it is. */
export interface UserFields {
  readonly address?: MailAddress
  readonly displayName?: string
  readonly aliases?: readonly MailAddress[]
  readonly organisation?: string
  /** Null enables. */
  readonly disabledBy?: Disabler | null
  readonly redirect?: boolean
  readonly directory?: DirectoryEntry | null
  /** The password of the user's mailbox, where one is kept: it is sealed for one main address. */
  readonly mailboxPassword?: Uint8Array
}

/** One user to be made or changed, with the groups to come into and to leave. */
export interface UserWrite {
  /** Null: a new user, who needs an address. */
  readonly id: number | null
  readonly set: UserFields
  readonly join?: readonly number[]
  readonly leave?: readonly number[]
  /** Groups come into are the directory's to end. */
  readonly byDirectory?: boolean
}

/** `taken`: the address is another user's, and nothing of this write was done. */
export type UserWritten =
  | { readonly kind: 'done'; readonly id: number }
  | { readonly kind: 'taken'; readonly address: MailAddress }
  | { readonly kind: 'unknown' }

/** Users who have all that is named. */
export interface UserFilter {
  readonly groupId?: number
  readonly organisation?: string
  readonly disabled?: boolean
  /** Whether a directory speaks for them. */
  readonly directory?: boolean
  /** Part of an address or of the display name, in any case. */
  readonly search?: string
}

/** So many users in the order of their main addresses, after one. */
export interface Page {
  readonly after?: MailAddress
  readonly limit: number
}

export interface NewGrant {
  readonly userId: number
  readonly origin: Grant['origin']
  readonly expiresAtMs: number
  readonly notBeforeMs?: number
  readonly tries?: number
  readonly boundTo?: Pin
  /** One per address and profile; sealed above the store. */
  readonly records: readonly {
    readonly address: MailAddress
    readonly profile: number
    readonly sealed: Uint8Array
  }[]
  /** Queued in the same commit; none where absent. */
  readonly invitations?: readonly NewInvitation[]
  readonly nowMs: number
}

/** A grant with the version its next write must name. */
export interface KeptGrant {
  readonly userId: number
  readonly version: number
  readonly grant: Grant
  /** Whether its user is disabled. */
  readonly disabled: boolean
}

export interface UserStore {
  /** Returns the new id, or null where one of the addresses is taken. */
  add(user: NewUser): Promise<number | null>
  /**
   * Makes and changes users, one after the other in one transaction. A user who loses an address can no longer
   * activate with it, whatever the password; another main address is another mailbox, which is read from its beginning.
   */
  write(writes: readonly UserWrite[], nowMs: number): Promise<UserWritten[]>
  /** Removes the user with grants, records, and what is queued for the user's handhelds; activations stay for the log. */
  remove(id: number, nowMs: number): Promise<void>
  /** Removes the user and every trace: activations, handhelds, messages. For users that never were any person. */
  erase(id: number, nowMs: number): Promise<void>
  list(): Promise<User[]>
  find(filter: UserFilter, page: Page): Promise<User[]>
  count(filter?: UserFilter): Promise<number>
  byId(id: number): Promise<User | null>
  /** By the main address or any listed alias. */
  byAddress(address: MailAddress): Promise<User | null>
  /**
   * Opens a grant. An older live one is replaced in the same commit: its records are erased and work to
   * close its activations is queued.
   */
  openGrant(grant: NewGrant): Promise<number>
  /**
   * Lets a handheld prove under the live grant although it is guarded, and queues the word to its proofs that
   * wait. Returns how many wait, or null where no grant is live.
   */
  approve(userId: number, pin: Pin, nowMs: number): Promise<number | null>
  /** Closes the live grant, if there is one; its records are erased. Returns whether there was one. */
  revokeGrant(userId: number, nowMs: number): Promise<boolean>
  /** Writes down which open grants have run out; their records are erased. Returns how many. */
  expireGrants(nowMs: number): Promise<number>
  grant(id: number): Promise<KeptGrant | null>
  /** The newest grant of the user, live or not. */
  newestGrant(userId: number): Promise<KeptGrant | null>
  newestGrants(): Promise<KeptGrant[]>
  record(grantId: number, address: MailAddress, profile: number): Promise<Uint8Array | null>
  hasRecord(grantId: number, address: MailAddress): Promise<boolean>
  /** Keeps the password of the user's mailbox at the site's mail server, in the place of an older one; sealed above the store. */
  keepMailboxPassword(userId: number, sealed: Uint8Array, nowMs: number): Promise<void>
  /** Returns whether there was one. */
  dropMailboxPassword(userId: number): Promise<boolean>
  /** By the main address. */
  mailboxPassword(owner: MailAddress): Promise<Uint8Array | null>
  /** Users with an open grant that has begun, or a claimed one: their mailboxes may be read closely. */
  withLiveGrant(nowMs: number): Promise<MailAddress[]>
}
