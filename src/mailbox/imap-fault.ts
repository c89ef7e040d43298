/** What an error of imapflow means to us. */
import { Fault, type FaultCode } from '#kernel/fault.ts'

/** The fields of an imapflow error that are looked at; any may be missing. */
interface ImapError {
  readonly message?: unknown
  readonly code?: unknown
  readonly authenticationFailed?: unknown
  readonly responseStatus?: unknown
  readonly responseText?: unknown
  readonly serverResponseCode?: unknown
  readonly mailboxMissing?: unknown
}

/** The server's answer could not be read, or was not one that the protocol allows here. */
const misunderstood =
  /^(?:ParserError|MAX_IMAP_NESTING|LineTooLarge|LiteralTooLarge|ResponseTooLarge|TooMany|UnexpectedTag|MissingTag|InvalidResponse|ResponseProcessingFailed|STARTTLS_INJECTION|MissingServerExtension)/

/** `what` names the mailbox or the act; the server's own words go into the detail. */
export function imapFault(error: unknown, what: string): Fault {
  if (error instanceof Fault) return error
  const seen: ImapError = typeof error === 'object' && error !== null ? error : {}
  const words = typeof seen.responseText === 'string' ? seen.responseText : String(seen.message ?? error)
  return new Fault(codeOf(seen), `${what}: ${words}`, error)
}

function codeOf(error: ImapError): FaultCode {
  if (error.authenticationFailed === true) return 'imap.login_failed'
  if (error.mailboxMissing === true || error.code === 'NotFound') return 'imap.no_mailbox'
  if (error.responseStatus === 'NO') {
    return error.serverResponseCode === 'NONEXISTENT' ? 'imap.no_mailbox' : 'imap.no_right'
  }
  if (error.responseStatus === 'BAD') return 'imap.protocol'
  return misunderstood.test(String(error.code ?? '')) ? 'imap.protocol' : 'imap.unreachable'
}
