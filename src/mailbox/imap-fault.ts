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
  /** What a BYE said. */
  readonly reason?: unknown
  readonly response?: unknown
}

/** The server's answer could not be read, or was not one that the protocol allows here. */
const misunderstood =
  /^(?:ParserError|MAX_IMAP_NESTING|LineTooLarge|LiteralTooLarge|ResponseTooLarge|TooMany|UnexpectedTag|MissingTag|InvalidResponse|ResponseProcessingFailed|STARTTLS_INJECTION|MissingServerExtension)/

/** Response codes of RFC 5530 and others that say: not now. */
const notNow: ReadonlySet<unknown> = new Set(['UNAVAILABLE', 'THROTTLED', 'INUSE', 'SERVERBUG'])

/**
 * Few servers have a code for too many connections (RFC 5530's LIMIT comes nearest), so that most are known by
 * their words: Dovecot, Cyrus, Gmail, Courier.
 */
const tooManyWords =
  /\b(?:too many|maximum|maximum number of)\b[\w\s+-]{0,30}\b(?:connections|sessions)\b|\bconnections? (?:limit|queue full)/i

/** Exchange ("Request is throttled", "Server Unavailable"), Gmail ("bandwidth limits", "Temporary System Problem"). */
const notNowWords = /throttl|bandwidth limit|too fast|temporar|(?:server|service) (?:is )?unavailable/i

/** Exchange: the token is good, but not for this mailbox. */
const notConnected = /authenticated but not connected/i

/** imapflow's words where the server offers no mechanism for what we have. */
const noMechanism =
  /^(?:Unsupported authentication mechanism|No matching authentication method|Login is disabled)/

/** `what` names the mailbox or the act; the server's own words go into the detail. */
export function imapFault(error: unknown, what: string): Fault {
  if (error instanceof Fault) return error
  const seen = fieldsOf(error)
  return new Fault(codeOf(seen), `${what}: ${wordsOf(seen, error)}`, error)
}

/**
 * The same for connecting and logging in, where a server that has enough of us is told apart from one that does
 * not believe us.
 */
export function loginFault(error: unknown, what: string, how: 'password' | 'token'): Fault {
  if (error instanceof Fault) return error
  const seen = fieldsOf(error)
  const words = wordsOf(seen, error)
  return new Fault(loginCodeOf(seen, words, how), `${what}: ${words}`, error)
}

const fieldsOf = (error: unknown): ImapError => (typeof error === 'object' && error !== null ? error : {})

function wordsOf(seen: ImapError, error: unknown): string {
  const said = [seen.responseText, seen.reason, seen.response].find(
    (text) => typeof text === 'string' && text !== '',
  )
  return String(said ?? seen.message ?? error)
}

function loginCodeOf(error: ImapError, words: string, how: 'password' | 'token'): FaultCode {
  const limited = limitCodeOf(error, words)
  if (limited) return limited
  if (notConnected.test(words)) return 'imap.login_failed'
  if (noMechanism.test(String(error.message))) return 'imap.no_mechanism'
  const code = codeOf(error)
  return code === 'imap.login_failed' && how === 'token' ? 'imap.token_refused' : code
}

/** Only what a server said counts: the network's own errors have such words as well. */
function limitCodeOf(error: ImapError, words: string): FaultCode | null {
  if (error.code === 'ETHROTTLE') return 'imap.throttled'
  if (error.responseStatus === undefined && error.reason === undefined) return null
  if (notNowWords.test(words) && !tooManyWords.test(words)) return 'imap.throttled'
  if (tooManyWords.test(words) || error.serverResponseCode === 'LIMIT') return 'imap.too_many_connections'
  return notNow.has(error.serverResponseCode) ? 'imap.throttled' : null
}

function codeOf(error: ImapError): FaultCode {
  if (error.authenticationFailed === true) return 'imap.login_failed'
  if (error.mailboxMissing === true || error.code === 'NotFound') return 'imap.no_mailbox'
  if (error.code === 'ETHROTTLE') return 'imap.throttled'
  if (error.responseStatus === 'NO') return refusalCodeOf(error.serverResponseCode)
  if (error.responseStatus === 'BAD') return 'imap.protocol'
  return misunderstood.test(String(error.code ?? '')) ? 'imap.protocol' : 'imap.unreachable'
}

function refusalCodeOf(code: unknown): FaultCode {
  if (code === 'NONEXISTENT') return 'imap.no_mailbox'
  return notNow.has(code) ? 'imap.throttled' : 'imap.no_right'
}
