import type { MailAddress } from '#kernel/brand.ts'

export interface NewAccount {
  readonly address: MailAddress
  readonly aliases: readonly MailAddress[]
}

export interface MailAccount {
  readonly id: number
  /** The main address; the account may have been found by an alias. */
  readonly address: MailAddress
  /** The IMAP log-in password as `hashPassword` writes it; null: nobody logs in with a password. */
  readonly passwordHash: string | null
}

/**
 * One MIME part's place in its message, as byte offsets from the message's start: header is
 * `[header, body)`, content is `[body, end)`. Offsets are into the raw bytes as they were delivered.
 */
export interface MessagePart {
  readonly header: number
  readonly body: number
  readonly end: number
  /** Lower-case `type/subtype`, with the defaults of RFC 2045 section 5.2 applied. */
  readonly type: string
  readonly charset?: string
  /** Lower-case content transfer encoding, where it is not 7bit. */
  readonly encoding?: string
  /** Children of a multipart. */
  readonly parts?: readonly MessagePart[]
  /** The message inside a message/rfc822 part. */
  readonly message?: MessagePart
}

/** What IMAP is asked about a message, computed once from its bytes (`#imap-server/described.ts`). */
export interface MessageDescription {
  /** ENVELOPE, BODY and BODYSTRUCTURE as they go on the wire (they may hold 8-bit literals). */
  readonly envelope: Uint8Array
  readonly body: Uint8Array
  readonly bodyStructure: Uint8Array
  readonly root: MessagePart
  /** The message carries the marks of an ETP message: a hint for the service account's rights, no proof. */
  readonly etp: boolean
}

export interface Delivery {
  /** Canonical envelope recipients; aliases are resolved, an account that is named twice gets one copy. */
  readonly recipients: readonly MailAddress[]
  readonly raw: Uint8Array
  readonly nowMs: number
}

export interface Delivered {
  readonly address: MailAddress
  readonly mailboxId: number
  readonly uidValidity: number
  readonly uid: number
}

/** A mailbox row: everything STATUS answers, in one read. */
export interface MailboxRow {
  readonly id: number
  readonly accountId: number
  readonly path: string
  /** `\Junk`, `\Sent` … or null. */
  readonly specialUse: string | null
  readonly uidValidity: number
  readonly uidNext: number
  readonly modseq: number
  readonly messages: number
  readonly unseen: number
  readonly bytes: number
  /** The first UID no selecting session has seen yet. */
  readonly recentUid: number
  readonly keywords: readonly string[]
}

export interface MessageRow {
  readonly uid: number
  readonly bodyId: number
  readonly modseq: number
  /** Sorted, system flags with their backslash; never `\Recent`. */
  readonly flags: readonly string[]
  readonly internalMs: number
  readonly size: number
}

export interface MailboxChanges {
  readonly mailbox: MailboxRow
  /** New and changed messages, by UID. */
  readonly changed: readonly MessageRow[]
  /** UIDs that are gone, or null when the list does not reach back that far: compare `uids` instead. */
  readonly expunged: readonly number[] | null
}

export interface OpenedMailbox {
  readonly mailbox: MailboxRow
  readonly uids: readonly number[]
  readonly firstUnseen: number | null
}

export interface FlagChange {
  readonly mailboxId: number
  readonly uids: readonly number[]
  readonly how: 'set' | 'add' | 'remove'
  readonly flags: readonly string[]
  /** Messages changed after this modseq are left alone and reported (RFC 7162). */
  readonly unchangedSince?: number
  /** Only messages whose kept description says that they have the marks of an ETP message are changed. */
  readonly etpOnly?: boolean
}

export interface FlagChangeResult {
  readonly changed: readonly MessageRow[]
  readonly refused: readonly number[]
}

export interface CopyResult {
  readonly uidValidity: number
  /** Source and target UIDs, pairwise, ascending. */
  readonly from: readonly number[]
  readonly to: readonly number[]
}

export interface MailAccountStore {
  /**
   * Makes the account with INBOX, Junk, Sent, Drafts and Trash; for an account that exists it sets the
   * aliases. @throws Fault user.exists when an address belongs to another account.
   */
  createAccount(address: MailAddress, aliases: readonly MailAddress[], nowMs: number): Promise<MailAccount>
  /**
   * As `createAccount` for many, in one transaction: for each the address that belongs to another account, and then
   * nothing was done for it, or null.
   */
  createAccounts(accounts: readonly NewAccount[], nowMs: number): Promise<(MailAddress | null)[]>
  /**
   * Gives the account another main address and other aliases; its mail stays. False: there was none with this main
   * address. @throws Fault user.exists when an address belongs to another account.
   */
  readdress(address: MailAddress, main: MailAddress, aliases: readonly MailAddress[]): Promise<boolean>
  /** Removes the account and its mail; false: there was none with this main address. */
  removeAccount(address: MailAddress): Promise<boolean>
  /** `hash` from `hashPassword`, or null; false: no account with this main address. */
  setPassword(address: MailAddress, hash: string | null): Promise<boolean>
  /** By main address or alias. */
  findAccount(address: MailAddress): Promise<MailAccount | null>
}

export interface MailboxStore {
  /** All mailboxes of an account, by path. */
  listMailboxes(accountId: number): Promise<readonly MailboxRow[]>
  findMailbox(accountId: number, path: string): Promise<MailboxRow | null>
  /** Every account's INBOX, by main address: those after `after` that start with `prefix`, at most `limit`. */
  listInboxes(
    prefix: string,
    after: string,
    limit: number,
  ): Promise<readonly { address: MailAddress; inbox: MailboxRow }[]>
  /** Also makes the missing parents. Null: it exists. */
  createMailbox(accountId: number, path: string, nowMs: number): Promise<MailboxRow | null>
  deleteMailbox(mailboxId: number): Promise<boolean>
  /** Inferior names move along; renaming INBOX moves its messages and leaves it empty (RFC 3501 6.3.5). */
  renameMailbox(
    accountId: number,
    from: string,
    to: string,
    nowMs: number,
  ): Promise<'renamed' | 'missing' | 'exists'>
  listSubscriptions(accountId: number): Promise<readonly string[]>
  subscribe(accountId: number, path: string, subscribed: boolean): Promise<void>
  /** Mailboxes changed after `modseq`, oldest change first. A deleted one is not named. */
  changedMailboxes(modseq: number): Promise<readonly { id: number; modseq: number }[]>
  /** The newest modseq of the whole store. */
  newestModseq(): Promise<number>
}

export interface MessageStore {
  /** One transaction for all recipients. @throws Fault user.unknown when no recipient has an account. */
  deliver(delivery: Delivery): Promise<readonly Delivered[]>
  /** Null: the mailbox is gone. */
  append(
    mailboxId: number,
    message: {
      raw: Uint8Array
      flags: readonly string[]
      internalMs: number
    },
  ): Promise<Delivered | null>
  /** The row, every UID, ascending, and the first unseen one, of one moment. */
  openMailbox(mailboxId: number): Promise<OpenedMailbox | null>
  /** Takes `\Recent` away from messages below `uid`. */
  claimRecent(mailboxId: number, uid: number): Promise<void>
  changesSince(mailboxId: number, modseq: number): Promise<MailboxChanges | null>
  /** The rows of these UIDs that exist, ascending. */
  findMessages(mailboxId: number, uids: readonly number[]): Promise<readonly MessageRow[]>
  /** Null: nobody has kept a description, or the body is gone. */
  describe(bodyId: number): Promise<MessageDescription | null>
  keepDescription(bodyId: number, description: MessageDescription): Promise<void>
  /** Bytes `[offset, offset + length)` of a body, cut at its end; null: the body is gone. */
  readBody(bodyId: number, offset: number, length: number): Promise<Uint8Array | null>
  storeFlags(change: FlagChange): Promise<FlagChangeResult>
  /** Null: the target is gone. Messages that are gone are left out. */
  copy(mailboxId: number, uids: readonly number[], targetId: number): Promise<CopyResult | null>
  move(mailboxId: number, uids: readonly number[], targetId: number): Promise<CopyResult | null>
  /** Removes messages flagged `\Deleted`: all, or those of `uids`; returns the removed UIDs. `etpOnly` as in `FlagChange`. */
  expunge(
    mailboxId: number,
    only: { uids?: readonly number[]; etpOnly?: boolean },
  ): Promise<readonly number[]>
}

/** The embedded mail server's mailboxes. */
export interface MailStore extends MailAccountStore, MailboxStore, MessageStore {}
