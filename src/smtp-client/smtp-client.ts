/** Hands mails to the SMTP server of their domain; MX look-up and queues are that server's business. */
import { createTransport } from 'nodemailer'
import { assert } from '#kernel/assert.ts'
import { utf8 } from '#kernel/bytes.ts'
import { isLoopback } from '#kernel/loopback.ts'

/** An SMTP server. TLS is verified whenever it is used; `ca` is PEM, without it the platform's roots. */
export interface SmtpRoute {
  readonly host: string
  readonly port: number
  /**
   * `starttls` insists on it, `implicit` is TLS from the first byte, `if_offered` is for peers inside a site,
   * `plain` for loopback alone.
   */
  readonly tls: 'starttls' | 'implicit' | 'if_offered' | 'plain'
  readonly ca?: string
  /** The name in the server's certificate, where it is not `host`. */
  readonly serverName?: string
  readonly user?: string
  readonly password?: string
}

export interface SmtpRoutes {
  readonly route: SmtpRoute
  /** Other routes for some mail domains. */
  readonly domains?: Readonly<Record<string, SmtpRoute>>
  /** The name said in EHLO. */
  readonly ehloName: string
}

export interface MailOutcome {
  readonly kind: 'accepted' | 'refused' | 'put_off'
  /** The mail server's words or what went wrong, at most 200 characters. */
  readonly answer: string
}

/** A mail as nodemailer takes it, to one recipient. */
export type Message = Parameters<Transport['sendMail']>[0] & {
  readonly envelope: { readonly from: string; readonly to: readonly [string] }
}

export interface SmtpClient {
  /** Never rejects. */
  send(domain: string, message: Message): Promise<MailOutcome>
  close(): void
}

const connectTimeoutMs = 20_000
const silenceTimeoutMs = 60_000
const answerMax = 200
/** Connections stay open for the next mail, for less time than mail servers leave an idle one open. */
const pool = { pool: true, maxConnections: 8, maxMessages: 100, maxRequeues: 1, idleTimeout: 30_000 } as const

export function makeSmtpClient(options: SmtpRoutes): SmtpClient {
  const transports = new Map<SmtpRoute, Transport>()
  /** Transports whose last mail was taken: they may hold a connection that has died since. */
  const warm = new Set<Transport>()
  const transportFor = (domain: string): Transport => {
    const route = options.domains?.[domain] ?? options.route
    const known = transports.get(route)
    if (known) return known
    const made = openTransport(route, options.ehloName)
    transports.set(route, made)
    return made
  }
  const hand = async (transport: Transport, message: Message): Promise<MailOutcome> => {
    try {
      const info = await transport.sendMail({
        ...message,
        envelope: { ...message.envelope, to: [...message.envelope.to] },
      })
      warm.add(transport)
      return { kind: 'accepted', answer: info.response.slice(0, answerMax) }
    } catch (error) {
      // An idle connection that a restarted mail server no longer knows: once more, on a new one.
      if (warm.delete(transport) && isLostConnection(error)) return hand(transport, message)
      return outcomeOf(error)
    }
  }
  return {
    send: (domain, message) => {
      assert(isPlainAddress(message.envelope.to[0]), 'a canonical address')
      return hand(transportFor(domain), message)
    },
    close: () => {
      for (const transport of transports.values()) transport.close()
    },
  }
}

type Transport = ReturnType<typeof openTransport>

function openTransport(route: SmtpRoute, ehloName: string) {
  const { host, port, tls, ca, serverName, user, password } = route
  assert(tls !== 'plain' || isLoopback(host), 'plain SMTP stays on loopback')
  assert(tls !== 'if_offered' || user === undefined || isLoopback(host), 'no passwords without TLS')
  return createTransport({
    ...pool,
    host,
    port,
    name: ehloName,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'plain',
    connectionTimeout: connectTimeoutMs,
    greetingTimeout: connectTimeoutMs,
    socketTimeout: silenceTimeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
    tls: { minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) },
  })
}

/** The server's final no to the recipient or the message; everything else may be otherwise next time. */
export function outcomeOf(error: unknown): MailOutcome {
  const response = field(error, 'response')
  const words = error instanceof Error ? error.message : String(error)
  // The server's own words, where there are any, without what the library says about them.
  const answer = (typeof response === 'string' ? response : words).slice(0, answerMax)
  const command = field(error, 'command')
  const responseCode = field(error, 'responseCode')
  const final = typeof responseCode === 'number' && responseCode >= 500 && responseCode < 600
  const aboutTheMail = command === 'RCPT TO' || command === 'DATA' || command === 'MAIL FROM'
  return { kind: final && aboutTheMail ? 'refused' : 'put_off', answer }
}

/** The mail server said nothing at all. */
const isLostConnection = (error: unknown): boolean =>
  field(error, 'responseCode') === undefined &&
  ['ECONNECTION', 'ESOCKET', 'ECONNRESET', 'EPIPE'].includes(String(field(error, 'code')))

const field = (error: unknown, name: string): unknown =>
  typeof error === 'object' && error !== null ? Reflect.get(error, name) : undefined

/**
 * An address that a mail may go to: canonical addresses have none of these, and whoever changes that must
 * not open the way for a second header or a second recipient.
 */
export const isPlainAddress = (address: string): boolean =>
  utf8(address).length <= 254 && /^[^\s<>()[\]:;,\\"@\p{Cc}]+@[a-z0-9.-]+$/u.test(address)
