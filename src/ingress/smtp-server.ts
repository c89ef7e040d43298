import type { SMTPServerOptions } from 'smtp-server'
import type { MailAddress } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Failpoint } from '#kernel/failpoint.ts'
import { faultCodeOf } from '#kernel/fault.ts'
import type { Log } from '#kernel/log.ts'
import { type Metrics, noMetrics } from '#kernel/metrics.ts'
import type { Deliverer } from '#mailbox/deliver.ts'
import { makeReceiver } from './receive-message.ts'
import { type CheckRecipient, makeRecipientCheck } from './recipients.ts'
import { type SmtpLimits, smtpLimits } from './smtp-limits.ts'
import { answer } from './smtp-refusal.ts'
import { StrictServer } from './strict-server.ts'

export interface SmtpIngressOptions {
  /** Where accepted mail goes. It is not closed with the server. */
  readonly deliverer: Deliverer
  readonly clock: Clock
  readonly log: Log
  readonly failpoint: Failpoint
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** This server's name in its greeting and in Received. */
  readonly name: string
  /** PEM, for STARTTLS; without it there is none. */
  readonly tls?: { readonly key: string; readonly cert: string }
  readonly canonicalAddress: (text: string) => MailAddress | null
  /** Whether mail for this canonical domain is accepted here; for any other it is refused as relaying. */
  readonly servesDomain: (domain: string) => boolean
  /** Where mail to `<postmaster>` without a domain goes (RFC 5321 section 4.5.1). */
  readonly mainDomain: string
  readonly limits?: Partial<SmtpLimits>
  readonly metrics?: Metrics
}

export interface SmtpIngress {
  readonly port: number
  close(): Promise<void>
}

/**
 * Accepts mail for the domains served here and has it delivered before it says so; relays nothing to anywhere else,
 * keeps nothing, authenticates nobody.
 * @throws Error when the port cannot be listened on.
 */
export async function startSmtpIngress(options: SmtpIngressOptions): Promise<SmtpIngress> {
  const limits = { ...smtpLimits, ...options.limits }
  const server = new StrictServer(serverOptions(options, limits), { clock: options.clock, limits })
  server.on('error', (error) => options.log.debug({ error: error.message }, 'an SMTP connection failed'))
  const port = await listen(server, options)
  return {
    port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

function serverOptions(options: SmtpIngressOptions, limits: SmtpLimits): SMTPServerOptions {
  const { clock, log, failpoint, name, tls, canonicalAddress, servesDomain, mainDomain } = options
  const { metrics = noMetrics } = options
  const { deliverer } = options
  const canonical = (typed: string) =>
    canonicalAddress(typed.toLowerCase() === 'postmaster' ? `postmaster@${mainDomain}` : typed)
  const recipients = { deliverer, clock, limits, canonicalAddress: canonical, servesDomain }
  const checkRecipient: CheckRecipient = makeRecipientCheck(recipients)
  const receive = makeReceiver({ deliverer, clock, log, failpoint, limits, name })
  const onFailure = (error: unknown) =>
    log.error({ code: faultCodeOf(error), error: String(error) }, 'mail could not be taken')
  return {
    name,
    banner: 'Postkey',
    heloResponse: '%s greets %s',
    ...(tls && { key: tls.key, cert: tls.cert }),
    minVersion: 'TLSv1.2',
    disabledCommands: ['AUTH', 'XCLIENT', 'XFORWARD', 'WIZ', 'SHELL', 'KILL', ...(tls ? [] : ['STARTTLS'])],
    disableReverseLookup: true,
    logger: false,
    size: limits.messageBytesMax,
    maxRecipients: limits.recipientsMax,
    // What the other server would have to know to keep the promise of RFC 3461 is not handed on.
    hideDSN: deliverer.handsOn,
    maxClients: limits.connectionsMax,
    socketTimeout: limits.idleMs,
    closeTimeout: 1_000,
    onRcptTo: ({ address }, session, callback) =>
      answer(checkRecipient(address, session), {
        callback,
        answered: (outcome) => {
          if (outcome !== '250') metrics.count('postkey_smtp_recipients_refused_total', { outcome })
        },
        onFailure,
      }),
    onData: (stream, session, callback) => {
      const to = session.envelope.rcptTo.map(({ address }) => canonical(address))
      // One that was typed in two ways is one recipient.
      const distinct = [...new Set(to)].filter((one) => one !== null)
      answer(receive(stream, session, distinct), {
        callback,
        textOf: ({ id }) => `2.6.0 Delivered as ${id}`,
        answered: (outcome, taken) => {
          if (taken) log.info({ ...taken }, 'mail delivered')
          metrics.count('postkey_smtp_messages_total', { outcome })
        },
        onFailure,
      })
    },
  }
}

function listen(server: StrictServer, { host, port }: SmtpIngressOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.server.once('error', reject)
    server.listen({ host, port, backlog: 1024 }, () => {
      server.server.off('error', reject)
      const bound = server.server.address()
      resolve(typeof bound === 'object' && bound ? bound.port : port)
    })
  })
}
