/** One connection to an LMTP server (RFC 2033): the greeting, TLS, and one transaction after the other. */
import type { MailAddress } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import { Fault } from '#kernel/fault.ts'
import type { LmtpReply } from './lmtp-reply.ts'
import { dialLmtp, type LmtpPlace, type LmtpSocket, type LmtpTls } from './lmtp-socket.ts'

export interface LmtpServer {
  readonly place: LmtpPlace
  /** TLS from the first byte, after STARTTLS, or none: on this machine alone. */
  readonly tls: 'implicit' | 'starttls' | 'none'
  readonly trust: LmtpTls
  /** What we call ourselves. */
  readonly name: string
}

export interface LmtpTimes {
  /** For connecting, and for each answer but the last. */
  readonly stepMs: number
  /**
   * For the answer to the mail itself. Whoever gives up here may have been heard all the same, and the mail comes
   * twice: RFC 5321 section 4.5.3.2.6 asks for ten minutes.
   */
  readonly answerMs: number
}

/** The envelope of one mail for one recipient; what LMTP is told of it. */
export interface LmtpEnvelope {
  readonly sender: string
  readonly recipient: MailAddress
  /** It needs SMTPUTF8 (RFC 6531): said where the server offers it. */
  readonly utf8: boolean
  readonly eightBit: boolean
  /** Of the mail; null while it is not known. */
  readonly bytes: number | null
}

export interface LmtpConnection {
  usable(): boolean
  heard(): number
  readonly extensions: ReadonlySet<string>
  /** The transaction that a question left open: the mail it was asked for needs no more than DATA. Null: none. */
  open(): string | null
  /**
   * Asks about the recipient: the answers to MAIL and RCPT. The transaction stays open, for the mail that comes next
   * or for nobody: whatever else begins here ends it first. @throws Fault delivery.unreachable, delivery.protocol
   */
  ask(envelope: LmtpEnvelope): Promise<readonly [LmtpReply, LmtpReply]>
  /** Opens a transaction up to DATA: the answers to MAIL, RCPT and DATA. @throws as `ask` */
  begin(envelope: LmtpEnvelope): Promise<readonly [LmtpReply, LmtpReply, LmtpReply]>
  /** The mail itself, after 354: the recipient's answer. @throws as `begin` */
  send(raw: Uint8Array): Promise<LmtpReply>
  close(): void
}

/** Connects and greets. @throws Fault tls.*, delivery.unreachable, delivery.protocol */
export async function connectLmtp(
  server: LmtpServer,
  times: LmtpTimes,
  clock: Clock,
): Promise<LmtpConnection> {
  const { place, tls, trust, name } = server
  const socket = await dialLmtp(place, tls === 'implicit' ? trust : null, clock, times.stepMs)
  try {
    expectCode(await one(socket, '', times), 220, 'greets with')
    let greeted = expectCode(await one(socket, `LHLO ${name}\r\n`, times), 250, 'LHLO')
    if (tls === 'starttls') {
      expectCode(await one(socket, 'STARTTLS\r\n', times), 220, 'STARTTLS')
      await socket.secure(trust, times.stepMs)
      greeted = expectCode(await one(socket, `LHLO ${name}\r\n`, times), 250, 'LHLO')
    }
    return overConnection(socket, extensionsOf(greeted), times)
  } catch (error) {
    socket.close()
    throw error
  }
}

function overConnection(
  socket: LmtpSocket,
  extensions: ReadonlySet<string>,
  times: LmtpTimes,
): LmtpConnection {
  const pipelining = extensions.has('PIPELINING')
  /** Empty: something is open that nobody waits for. */
  let open: string | null = null
  const askAll = async (commands: readonly string[]): Promise<LmtpReply[]> => {
    if (pipelining) return socket.ask(commands.join(''), commands.length, times.stepMs)
    const replies: LmtpReply[] = []
    for (const command of commands) replies.push(await one(socket, command, times))
    return replies
  }
  /** Ends what is open, and opens anew; the answers without that to RSET. */
  const inTransaction = async (
    envelope: LmtpEnvelope,
    then: readonly string[],
  ): Promise<readonly [LmtpReply, LmtpReply, LmtpReply | undefined]> => {
    const replies = await askAll([
      ...(open === null ? [] : ['RSET\r\n']),
      `MAIL FROM:<${bytesOf(envelope.sender)}>${parameters(envelope, extensions)}\r\n`,
      `RCPT TO:<${bytesOf(envelope.recipient)}>\r\n`,
      ...then,
    ])
    const [toMail, toRcpt, toLast] = open === null ? replies : replies.slice(1)
    if (!toMail || !toRcpt) throw missing()
    const taken = toMail.code === 250 && isYes(toRcpt) && then.length === 0
    open = taken ? transactionKey(envelope) : ''
    return [toMail, toRcpt, toLast]
  }
  return {
    usable: socket.usable,
    heard: socket.heard,
    extensions,
    open: () => open,
    ask: async (envelope) => {
      const [toMail, toRcpt] = await inTransaction(envelope, [])
      return [toMail, toRcpt]
    },
    begin: async (envelope) => {
      if (open === transactionKey(envelope) && !envelope.eightBit && !envelope.utf8) {
        const toData = await one(socket, 'DATA\r\n', times)
        if (toData.code === 354) open = ''
        // A server may have forgotten the transaction.
        if (toData.code !== 503) return [accepted, accepted, toData]
      }
      const [toMail, toRcpt, toData] = await inTransaction(envelope, ['DATA\r\n'])
      return [toMail, toRcpt, toData ?? accepted]
    },
    send: async (raw) => {
      const [answer] = await socket.ask([...stuffed(raw), Buffer.from('.\r\n')], 1, times.answerMs)
      if (!answer) throw missing()
      open = null
      return answer
    },
    close: socket.close,
  }
}

async function one(socket: LmtpSocket, command: string, { stepMs }: LmtpTimes): Promise<LmtpReply> {
  const [reply] = await socket.ask(command, 1, stepMs)
  if (!reply) throw missing()
  return reply
}

const missing = (): Fault => new Fault('delivery.protocol', 'an answer is missing')

const isYes = ({ code }: LmtpReply): boolean => code >= 200 && code < 300
const accepted: LmtpReply = { code: 250, text: '' }

/** A question and a mail with the same key are about the same envelope. */
export const transactionKey = ({ sender, recipient }: LmtpEnvelope): string => `${sender} ${recipient}`

/** @throws Fault with the server's words */
function expectCode(reply: LmtpReply, code: number, what: string): LmtpReply {
  if (reply.code === code) return reply
  const words = `${what}: ${reply.code} ${reply.text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 120)}`
  throw new Fault(reply.code < 500 ? 'delivery.unreachable' : 'delivery.protocol', words)
}

/** The first line of the answer to LHLO is the server's name; each other line begins with a keyword. */
const extensionsOf = ({ text }: LmtpReply): ReadonlySet<string> =>
  new Set(
    text
      .split('\n')
      .slice(1)
      .map((line) => (line.split(' ')[0] ?? '').toUpperCase()),
  )

function parameters({ utf8, eightBit, bytes }: LmtpEnvelope, offered: ReadonlySet<string>): string {
  const size = bytes !== null && offered.has('SIZE') ? ` SIZE=${bytes}` : ''
  const body = eightBit && offered.has('8BITMIME') ? ' BODY=8BITMIME' : ''
  return `${size}${body}${utf8 && offered.has('SMTPUTF8') ? ' SMTPUTF8' : ''}`
}

/** The socket's text is latin1 here: what UTF-8 there is goes out byte by byte. */
const bytesOf = (address: string): string => Buffer.from(address, 'utf8').toString('latin1')

const DOT = Buffer.from('.')
const lineStartDot = Buffer.from('\r\n.')

/** The text with a dot before each line's leading dot (RFC 5321 section 4.5.2), without a copy of it. */
function stuffed(raw: Uint8Array): Uint8Array[] {
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
  const pieces: Uint8Array[] = text[0] === DOT[0] ? [DOT] : []
  let from = 0
  for (let at = text.indexOf(lineStartDot); at >= 0; at = text.indexOf(lineStartDot, at + 2)) {
    pieces.push(text.subarray(from, at + 2), DOT)
    from = at + 2
  }
  pieces.push(text.subarray(from))
  return pieces
}
