import { limits } from '#kernel/limits.ts'

/** Every maximum of the IMAP server, so that tests can make them small. */
export interface ImapLimits {
  readonly lineBytesMax: number
  readonly literalBeforeLoginBytesMax: number
  /** Literals of one command that is no APPEND, together. */
  readonly literalBytesMax: number
  readonly messageBytesMax: number
  /** Bytes of literals that are being received, of everybody together and of one account. */
  readonly literalsInFlightBytesMax: number
  readonly literalsPerAccountBytesMax: number
  /** Log-in failures on one connection, and from one address in ten minutes before answers are held back. */
  readonly loginTriesMax: number
  readonly loginFailuresPerAddressMax: number
  /** How long an answer to a failed log-in is held back. */
  readonly loginDelayMs: number
  readonly loginMs: number
  /** RFC 3501 section 5.4 asks for at least 30 minutes. */
  readonly idleMs: number
  /** From a command line's first byte to its last. */
  readonly commandMs: number
  /** Literals get this much time beside `commandMs`: a client that trickles is dropped. */
  readonly literalBytesPerSecondMin: number
  readonly badCommandsMax: number
  /** How long a client may take to close its end once the server has said BYE. */
  readonly partingMs: number
  readonly connectionsMax: number
  readonly mailboxesMax: number
  readonly keywordsMax: number
}

const MIB = 1_024 * 1_024
const MINUTE_MS = 60_000

export const imapLimits: ImapLimits = {
  lineBytesMax: limits.imapLineBytesMax,
  literalBeforeLoginBytesMax: limits.imapLiteralBeforeLoginMax,
  literalBytesMax: limits.imapLineBytesMax,
  messageBytesMax: limits.messageBytesMax,
  literalsInFlightBytesMax: 256 * MIB,
  /** Two of the largest messages at once. */
  literalsPerAccountBytesMax: 2 * limits.messageBytesMax,
  loginTriesMax: 3,
  loginFailuresPerAddressMax: 20,
  loginDelayMs: 1_000,
  loginMs: MINUTE_MS,
  idleMs: 31 * MINUTE_MS,
  commandMs: MINUTE_MS,
  literalBytesPerSecondMin: 2_048,
  badCommandsMax: 20,
  partingMs: 2_000,
  connectionsMax: 20_000,
  mailboxesMax: 1_000,
  keywordsMax: 100,
}
