/** The least that a mail's way costs, whatever reads it: submitted by SMTP, in its mailbox, fetched by a raw client. */
import { setTimeout as after } from 'node:timers/promises'
import { exampleMail } from '../ingress.ts'
import { ImapClient } from './imap-client.ts'
import { SmtpClient } from './smtp-client.ts'

export interface MailPath {
  /** From MAIL FROM until the mail's text has been fetched, in milliseconds, on connections that are open already. */
  timeMs(owner: string): Promise<number>
  close(): void
}

export interface MailPathServers {
  readonly smtpPort: number
  readonly imapPort: number
  readonly serviceAccount: { readonly user: string; readonly pass: string }
}

/** Often enough to find it at once, and not so often that the asking takes the servers' time. */
const askEveryMs = 1
const givenUpMs = 30_000

export async function openMailPath({
  smtpPort,
  imapPort,
  serviceAccount,
}: MailPathServers): Promise<MailPath> {
  const smtp = await SmtpClient.connect(smtpPort)
  const imap = await ImapClient.connect(imapPort)
  await imap.ask(`LOGIN ${serviceAccount.user} "${serviceAccount.pass}"`)
  const mail = exampleMail()
  return {
    timeMs: async (owner) => {
      await imap.ask(`EXAMINE "all/${owner}"`)
      const begunMs = performance.now()
      await smtp.mail(owner, mail)
      const fetched = await imap.ask(`FETCH ${await numberOfNext(imap)} (UID BODY.PEEK[])`)
      const tookMs = performance.now() - begunMs
      if (fetched.length < mail.length / 2) throw new Error(`no mail came for ${owner}`)
      return tookMs
    },
    close: () => {
      smtp.close()
      imap.close()
    },
  }
}

/** Asks until the selected mailbox has one message more. */
async function numberOfNext(imap: ImapClient): Promise<string> {
  for (const endMs = performance.now() + givenUpMs; performance.now() < endMs; ) {
    const exists = /^\* (\d+) EXISTS/m.exec((await imap.ask('NOOP')).toString('latin1'))
    if (exists?.[1] !== undefined) return exists[1]
    await after(askEveryMs)
  }
  throw new Error('the mail did not come into its mailbox')
}
