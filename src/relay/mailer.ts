/** The relay's way out for activation messages. */
import { type MailOutcome, type Message, makeSmtpClient, type SmtpRoutes } from '#smtp-client/smtp-client.ts'
import type { EtpMail } from './etp-mail.ts'

export interface Mailer {
  /** Never rejects. */
  mail(domain: string, mail: EtpMail): Promise<MailOutcome>
  close(): void
}

export function makeMailer(routes: SmtpRoutes): Mailer {
  const client = makeSmtpClient(routes)
  return { mail: (domain, mail) => client.send(domain, composed(mail)), close: client.close }
}

/** The mail as nodemailer takes it. */
export function composed(mail: EtpMail): Message {
  return {
    from: mail.from,
    to: { name: '', address: mail.to },
    envelope: { from: mail.envelopeFrom, to: [mail.to] },
    subject: mail.subject,
    messageId: mail.messageId,
    headers: { ...mail.headers },
    // The library writes every word of a header's name as X-Mdap.
    normalizeHeaderKey: (name: string) => name.replace(/^X-Mdap-/, 'X-MDAP-'),
    date: new Date(mail.dateMs),
    text: mail.text,
    attachments: [
      {
        filename: 'ETP.DAT',
        contentType: 'application/octet-stream',
        contentTransferEncoding: 'base64' as const,
        content: Buffer.from(mail.file),
      },
    ],
  }
}
