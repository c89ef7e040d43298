/** Users' mailboxes as the agent reaches them with one service account: what a mail server offers, and no more. */
import type { MailAddress } from '#kernel/brand.ts'
import type { FaultCode } from '#kernel/fault.ts'

/** Whose mailboxes a connection is for: those that the service account sees as itself, or one user's. */
export type MailLogin = { readonly as: 'service' } | { readonly as: 'user'; readonly user: MailAddress }

/** Codes of a log-in that fails for itself, and says nothing of other log-ins. */
const loginCodes: ReadonlySet<FaultCode> = new Set([
  'imap.login_failed',
  'imap.no_mechanism',
  'imap.no_password',
  'imap.token_refused',
  'imap.token_denied',
  'imap.token_unavailable',
])

/** Codes of a server that has no more for us just now: for this user, or for anybody. */
const busyCodes: ReadonlySet<FaultCode> = new Set([
  'imap.too_many_connections',
  'imap.login_unanswered',
  'imap.throttled',
])

export const isBusy = (code: FaultCode): boolean => busyCodes.has(code)

/** Whether this log-in alone is in trouble, not the server and with it everybody. */
export const isLogins = (code: FaultCode): boolean => loginCodes.has(code)

export interface MailServer {
  /**
   * A new connection, logged in. @throws Fault imap.unreachable, imap.protocol, and those that `isBusy` and `isLogins`
   * tell of
   */
  connect(login: MailLogin): Promise<MailboxConnection>
}

export interface MailboxAbilities {
  /** Many mailboxes' counters in one answer (RFC 5819). */
  readonly listStatus: boolean
  /** The server says by itself when mail comes (RFC 2177). */
  readonly idle: boolean
  /** Single messages can be removed (RFC 4315). */
  readonly uidExpunge: boolean
}

/** What the service account may do in one mailbox that it may read. */
export interface MailboxRights {
  /** Set \Seen. */
  readonly seen: boolean
  /** Delete single messages. */
  readonly remove: boolean
}

/**
 * One connection to the mail server; calls on it must not overlap. Every method but `close` throws Fault
 * imap.unreachable or imap.protocol when the connection is of no more use: make a new one.
 */
export interface MailboxConnection {
  readonly abilities: MailboxAbilities
  /** False once the connection is lost or closed. */
  usable(): boolean
  /**
   * The counters of each, in the order of the names, as many at a time as have come; the names are taken one by one,
   * as there is room for them on the way. A mailbox that cannot be looked at says why. Where the connection breaks or
   * an answer takes longer than `patienceMs`, those before were still told of.
   */
  status(names: Iterable<string>, patienceMs: number): AsyncIterable<readonly MailboxStatus[]>
  /**
   * The counters of all mailboxes that match one of the patterns, in which `%` stands for anything but a separator
   * (RFC 3501 section 6.3.8): each is told as soon as it has come, for the answer may take seconds. Only with the
   * ability.
   */
  listStatus(patterns: readonly string[], onCounters: (counters: MailboxCounters) => void): Promise<void>
  /** One answer for each look, in their order, as many at a time as have come; fails like `status`. */
  newMessages(looks: readonly Look[]): AsyncIterable<readonly Looked[]>
  /** The first `bytesMax` bytes, or null when the message is gone. Changes no flag. */
  fetchRaw(name: string, message: MessageName, bytesMax: number): Promise<Uint8Array | null>
  /**
   * Puts a message in, without flags; without a date as of now. Resolves with the server's OK. @throws Fault imap.no_mailbox, imap.no_right
   * with the server's answer as its cause; after imap.unreachable it may be there all the same.
   */
  append(name: string, raw: Uint8Array, internalDateMs?: number): Promise<void>
  /**
   * Removes this message and no other. `marked`: the server can only remove all deleted messages at once, so
   * it is just flagged `\Deleted`; `gone`: it was not there. @throws Fault imap.no_right, imap.no_mailbox
   */
  remove(name: string, message: MessageName): Promise<'removed' | 'marked' | 'gone'>
  /** Changes nothing in the mailbox. @throws Fault imap.no_mailbox, imap.no_right where it cannot even be read */
  rights(name: string): Promise<MailboxRights>
  /**
   * Calls `onNews` once when it listens and then when mail has come; resolves when `signal` aborts. The
   * connection is good for nothing else meanwhile.
   */
  idle(name: string, onNews: () => void, signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

export interface MailboxCounters {
  readonly name: string
  readonly uidValidity: number
  readonly uidNext: number
  /** How many messages there are. */
  readonly exists: number
}

export type MailboxStatus = MailboxCounters | { readonly name: string; readonly error: FaultCode }

/** A message's name that no other message ever gets. */
export interface MessageName {
  readonly uidValidity: number
  readonly uid: number
}

/** A question for what is new in one mailbox. */
export interface Look {
  readonly name: string
  /** Lowest UID wanted; `endOfMailbox` to learn the counters alone. */
  readonly fromUid: number
  /** Leaves out messages that came before this day, where the server can say so; may let older ones through. */
  readonly sinceMs?: number
  /** Most messages in one answer, the lowest UIDs first. */
  readonly limit: number
}

/** The highest UID there can be (RFC 3501 section 2.3.1.1). */
export const endOfMailbox = 2 ** 32 - 1

export type Looked = NewMessages | { readonly name: string; readonly error: FaultCode }

export interface NewMessages {
  readonly name: string
  readonly uidValidity: number
  readonly uidNext: number
  /** Where to go on; less than `uidNext` when the limit cut the answer. */
  readonly nextUid: number
  /** Ascending by UID. */
  readonly messages: readonly MessageSummary[]
}

export interface MessageSummary {
  readonly uid: number
  /** Bytes. */
  readonly size: number
  /** When the server took it in. */
  readonly internalDateMs: number
  readonly flags: readonly string[]
  readonly subject: string
  /** Value of the header field X-MDAP-Message, or null. */
  readonly mdapMessage: string | null
}
