/**
 * Where the mail goes that our SMTP server accepts: into the embedded store, or to a real mail server by LMTP or IMAP
 * APPEND. Nothing is kept on the way: a mail is taken when the other side has it, and not a moment before.
 */
import type { MailAddress } from '#kernel/brand.ts'
import { Fault, type FaultCode } from '#kernel/fault.ts'

export interface MailToDeliver {
  /** Envelope sender, its domain as A-labels; empty for a bounce. */
  readonly sender: string
  /** Canonical addresses; exactly one where the deliverer hands mail on. */
  readonly recipients: readonly MailAddress[]
  /** The client said that it needs SMTPUTF8 (RFC 6531). */
  readonly smtpUtf8: boolean
  /** With our own Received; every line ends with CR LF, the last one too. */
  readonly raw: Uint8Array
  /** When it was received. */
  readonly nowMs: number
}

export interface Deliverer {
  /** Another server answers for the mail, for each recipient by itself. */
  readonly handsOn: boolean
  /** Whether a mail from `sender` would be taken for this address now. @throws NotTaken */
  accepts(address: MailAddress, sender: string): Promise<void>
  /**
   * Resolves when the mail is held safely for every recipient: into how many mailboxes it was put. @throws NotTaken;
   * where it is 4xx, the mail may have been taken all the same only if the other side's answer was lost.
   */
  deliver(mail: MailToDeliver): Promise<number>
  /** Whether the other side can be worked with at all. @throws NotTaken */
  probe(): Promise<void>
  /** Resolves once what is under way has ended. */
  close(): Promise<void>
}

/** What an SMTP client is answered. */
export interface SmtpAnswer {
  readonly code: number
  /** Begins with an enhanced status code (RFC 3463); printable ASCII. */
  readonly text: string
}

/** The mail was not taken: `answer` is for the client, code and detail are for the administrator. */
export class NotTaken extends Fault {
  override name = 'NotTaken'
  readonly answer: SmtpAnswer

  constructor(code: FaultCode, answer: SmtpAnswer, detail = '', cause?: unknown) {
    super(code, detail, cause)
    this.answer = answer
  }
}

const away: SmtpAnswer = { code: 451, text: '4.4.1 The mail server is away, try again later' }
const misconfigured: SmtpAnswer = {
  code: 451,
  text: '4.3.5 The mail server is not set up yet, try again later',
}

/** Whatever kept us from getting the other side's own answer; a final no is never guessed. */
export function awayFrom(error: unknown, otherwise: FaultCode): NotTaken {
  if (error instanceof NotTaken) return error
  const code = error instanceof Fault ? error.code : otherwise
  const detail =
    error instanceof Fault ? error.detail : error instanceof Error ? error.message : String(error)
  return new NotTaken(code, /unreachable$|protocol$/.test(code) ? away : misconfigured, detail, error)
}
