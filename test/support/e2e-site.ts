/**
 * A site's own mail server between the relay and a mailbox: it takes the relay's mail, and hands it on at once,
 * later, twice, or to somebody else, as the test says. Mail to `held.test` goes through it.
 */
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { createTransport } from 'nodemailer'
import { SMTPServer } from 'smtp-server'
import { freePorts } from './ports.ts'

export interface SiteMail {
  readonly to: string
  readonly raw: Buffer
}

export interface Site {
  readonly port: number
  /** For `startPostkey`: the domains it serves, and the way for one of them. */
  readonly set: readonly string[]
  /** Every mail taken, in order. */
  readonly mails: readonly SiteMail[]
  /** Where the mailboxes are; mail is handed on from now on. */
  deliverTo(smtpPort: number): void
  /** Keeps mail to this address until it is released. */
  hold(address: string): { readonly caught: Promise<SiteMail>; release(): Promise<void> }
  /** Mail to `alias` ends in the mailbox of `address`, as an alias table does it. */
  alias(alias: string, address: string): void
  /** Answers every mail to this address so, until it is told null. */
  answer(address: string, answer: { readonly code: number; readonly text: string } | null): void
  /** Hands one mail to the mailboxes, as often as it is called. */
  deliver(mail: SiteMail): Promise<void>
}

export const heldDomain = 'held.test'
/** Nobody listens where its mail goes. */
export const deadDomain = 'dead.test'

export async function startSite(t: TestContext): Promise<Site> {
  const mails: SiteMail[] = []
  const holds = new Map<string, { caught: (mail: SiteMail) => void; kept: SiteMail[] }>()
  const aliases = new Map<string, string>()
  const answers = new Map<string, SmtpAnswer>()
  let smtpPort = 0
  const deliver = ({ to, raw }: SiteMail) => handOn(smtpPort, aliases.get(to) ?? to, raw)
  const take = async (mail: SiteMail): Promise<void> => {
    mails.push(mail)
    const hold = holds.get(mail.to)
    if (!hold) return deliver(mail)
    hold.kept.push(mail)
    hold.caught(mail)
  }
  const port = await listen(t, take, (to) => answers.get(to) ?? null)
  const [closed] = await freePorts(1)
  const route = [
    { domain: heldDomain, host: '127.0.0.1', port, tls: 'none' },
    { domain: deadDomain, host: '127.0.0.1', port: closed, tls: 'none' },
  ]
  return {
    port,
    set: [
      `server.domains=example.test,${heldDomain},${deadDomain}`,
      `relay.smtp_route=${JSON.stringify(route)}`,
    ],
    mails,
    deliverTo: (to) => {
      smtpPort = to
    },
    hold: (address) => {
      const { promise, resolve } = Promise.withResolvers<SiteMail>()
      const kept: SiteMail[] = []
      holds.set(address, { caught: resolve, kept })
      const release = async () => {
        holds.delete(address)
        for (const mail of kept) await deliver(mail)
      }
      return { caught: promise, release }
    },
    answer: (address, answer) => {
      if (answer) answers.set(address, answer)
      else answers.delete(address)
    },
    alias: (alias, address) => aliases.set(alias, address),
    deliver,
  }
}

interface SmtpAnswer {
  readonly code: number
  readonly text: string
}

async function listen(
  t: TestContext,
  take: (mail: SiteMail) => Promise<void>,
  answerTo: (address: string) => SmtpAnswer | null,
): Promise<number> {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    logger: false,
    // Senders keep idle connections for longer than a test should take to end.
    closeTimeout: 500,
    onRcptTo: ({ address }, _session, done) => {
      const answer = answerTo(address)
      done(answer ? Object.assign(new Error(answer.text), { responseCode: answer.code }) : null)
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const raw = Buffer.concat(chunks)
        const all = session.envelope.rcptTo.map(({ address }) => take({ to: address, raw }))
        Promise.all(all).then(() => done(), done)
      })
    },
  })
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  t.after(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return (server.server.address() as AddressInfo).port
}

/** Puts a mail into a mailbox of the embedded mail server by SMTP; resolves with its 250. */
export async function handOn(smtpPort: number, to: string, raw: Buffer): Promise<void> {
  const transport = createTransport({ host: '127.0.0.1', port: smtpPort, ignoreTLS: true })
  try {
    await transport.sendMail({ envelope: { from: 'mta@site.test', to: [to] }, raw })
  } finally {
    transport.close()
  }
}
