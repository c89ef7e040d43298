import type { SecureContext } from 'node:tls'
import type { PasswordCheck } from '#crypto/password-hash.ts'
import type { MailAddress } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import type { FailureCount } from '#kernel/failure-count.ts'
import type { Log } from '#kernel/log.ts'
import { isLoopback } from '#kernel/loopback.ts'
import type { Metrics } from '#kernel/metrics.ts'
import type { MailStore } from '#store/mail.ts'
import type { CommandArguments } from './command-arguments.ts'
import type { CommandReader } from './command-reader.ts'
import type { Describe } from './described.ts'
import type { ImapLimits } from './imap-limits.ts'
import type { LiteralBudget } from './literal-budget.ts'
import type { MailboxView } from './mailbox-view.ts'
import type { MailboxWatch } from './mailbox-watch.ts'
import type { Output } from './output.ts'

/**
 * A server's own account: with an authzid it acts as that user; without, it sees every user's INBOX as
 * `user/<address>` and may look, read, set `\Seen` there, and delete ETP messages.
 */
export interface ServiceAccount {
  readonly name: string
  readonly passwordHash: string
}

/** What all sessions of one server share. */
export interface ImapContext {
  readonly store: MailStore
  readonly describe: Describe
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly limits: ImapLimits
  readonly serviceAccounts: readonly ServiceAccount[]
  readonly secureContext: SecureContext | null
  readonly watch: MailboxWatch
  readonly checkPassword: PasswordCheck
  readonly loginFailures: FailureCount
  readonly literals: LiteralBudget
  /** One per open connection: says BYE and ends it. */
  readonly closers: Set<() => void>
  /** In the order they came. */
  readonly connections: Set<{ isStranger(): boolean; end(): void }>
  canonicalAddress(text: string): MailAddress | null
}

export type Identity =
  | { readonly kind: 'user'; readonly accountId: number; readonly address: MailAddress }
  | { readonly kind: 'service'; readonly name: string }

/** One connection's state. */
export interface Session {
  readonly context: ImapContext
  readonly output: Output
  readonly remoteAddress: string
  reader: CommandReader
  /** Inside TLS. */
  secure: boolean
  identity: Identity | null
  view: MailboxView | null
  /** The client has shown that it knows CONDSTORE (RFC 7162 section 3.1). */
  condstore: boolean
  failedLogins: number
  badCommands: number
  /** What the connection does after the command's answer has gone out. */
  next: 'read' | 'start_tls' | 'close'
}

/** The command is understood and refused: answered NO with `answer`, which may begin with a response code. */
export class Refused extends Error {
  override name = 'Refused'
}

/** `by: 'uid'` when the command came as `UID …`. */
export interface Invocation {
  readonly tag: string
  readonly by: 'sequence' | 'uid'
}

export interface ImapCommand {
  readonly when: 'always' | 'before_login' | 'logged_in' | 'selected'
  /** EXPUNGE responses may follow, unless the command came by sequence numbers (RFC 3501 section 7.4.1). */
  readonly keepsNumbers?: boolean
  /** Returns the tagged answer after the tag: `OK …`. @throws BadCommand, Refused */
  run(session: Session, args: CommandArguments, invocation: Invocation): Promise<string>
}

/** Over plain text nobody logs in, except on this machine itself. */
export const loginAllowed = ({ secure, remoteAddress }: Pick<Session, 'secure' | 'remoteAddress'>): boolean =>
  secure || isLoopback(remoteAddress)
