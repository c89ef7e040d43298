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
  /** Null: no mail follows, the recipient is only asked about. */
  readonly mail: { readonly bytes: number; readonly eightBit: boolean } | null
}

export interface LmtpConnection {
  usable(): boolean
  heard(): number
  readonly extensions: ReadonlySet<string>
  /**
   * Opens a transaction up to DATA, or asks about the recipient and ends it again: the answers to MAIL, RCPT and
   * DATA (or RSET). @throws Fault delivery.unreachable, delivery.protocol
   */
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
  const askAll = async (commands: readonly string[]): Promise<LmtpReply[]> => {
    if (pipelining) return socket.ask(commands.join(''), commands.length, times.stepMs)
    const replies: LmtpReply[] = []
    for (const command of commands) replies.push(await one(socket, command, times))
    return replies
  }
  return {
    usable: socket.usable,
    heard: socket.heard,
    extensions,
    begin: async (envelope) => {
      const [toMail, toRcpt, toLast] = await askAll([
        `MAIL FROM:<${bytesOf(envelope.sender)}>${parameters(envelope, extensions)}\r\n`,
        `RCPT TO:<${bytesOf(envelope.recipient)}>\r\n`,
        envelope.mail ? 'DATA\r\n' : 'RSET\r\n',
      ])
      if (!toMail || !toRcpt || !toLast) throw new Fault('delivery.protocol', 'an answer is missing')
      return [toMail, toRcpt, toLast]
    },
    send: async (raw) => {
      const [answer] = await socket.ask([...stuffed(raw), Buffer.from('.\r\n')], 1, times.answerMs)
      if (!answer) throw new Fault('delivery.protocol', 'an answer is missing')
      return answer
    },
    close: socket.close,
  }
}

async function one(socket: LmtpSocket, command: string, { stepMs }: LmtpTimes): Promise<LmtpReply> {
  const [reply] = await socket.ask(command, 1, stepMs)
  if (!reply) throw new Fault('delivery.protocol', 'an answer is missing')
  return reply
}

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

function parameters({ utf8, mail }: LmtpEnvelope, offered: ReadonlySet<string>): string {
  const size = mail && offered.has('SIZE') ? ` SIZE=${mail.bytes}` : ''
  const body = mail?.eightBit && offered.has('8BITMIME') ? ' BODY=8BITMIME' : ''
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
