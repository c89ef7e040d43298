import { limits } from '#kernel/limits.ts'

/** Every maximum of the SMTP server, so that tests can make them small. */
export interface SmtpLimits {
  readonly messageBytesMax: number
  readonly recipientsMax: number
  readonly lineBytesMax: number
  readonly connectionsMax: number
  readonly connectionsPerAddressMax: number
  /** Refused commands before the connection is closed. */
  readonly errorsMax: number
  /** Commands without a message between them. */
  readonly commandsMax: number
  /** Unknown recipients on one connection, and from one address in ten minutes before answers are held back. */
  readonly unknownRecipientsMax: number
  readonly unknownPerAddressMax: number
  readonly unknownDelayMs: number
  /** Bytes of all messages that are being received, together. */
  readonly bytesInFlightMax: number
  /** No byte at all for this long. */
  readonly idleMs: number
  /** From one complete command to the next. */
  readonly commandMs: number
  /** One message, from DATA to its last dot. */
  readonly dataMs: number
  /** From the end of a message to the next command: our answer comes between. */
  readonly answerMs: number
  /** In each window of DATA at least this many bytes arrive: a client that trickles is dropped. */
  readonly dataWindowMs: number
  readonly dataWindowBytesMin: number
  readonly sessionMs: number
}

const MIB = 1024 * 1024
const MINUTE_MS = 60_000

export const smtpLimits: SmtpLimits = {
  messageBytesMax: limits.messageBytesMax,
  recipientsMax: limits.recipientsMax,
  /** RFC 5321 section 4.5.3.1.4 asks for 512; extensions add to it. */
  lineBytesMax: 4_096,
  connectionsMax: 500,
  connectionsPerAddressMax: 100,
  errorsMax: 20,
  commandsMax: 1_000,
  unknownRecipientsMax: 10,
  unknownPerAddressMax: 50,
  unknownDelayMs: 1_000,
  bytesInFlightMax: 512 * MIB,
  idleMs: MINUTE_MS,
  commandMs: 2 * MINUTE_MS,
  dataMs: 10 * MINUTE_MS,
  answerMs: 15 * MINUTE_MS,
  dataWindowMs: 30_000,
  dataWindowBytesMin: 4_096,
  sessionMs: 60 * MINUTE_MS,
}
