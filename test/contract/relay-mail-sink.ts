/** An SMTP server that keeps what it takes and answers as it is told. */
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

export interface SunkMail {
  readonly from: string
  readonly to: readonly string[]
  readonly secure: boolean
  readonly raw: string
}

export interface MailSink {
  readonly port: number
  readonly mails: SunkMail[]
  /** SMTP code for the next recipients, or null to take them. */
  answer: { readonly code: number; readonly text: string } | null
  close(): Promise<void>
}

export async function startMailSink(tls: {
  readonly certificate: string
  readonly key: string
}): Promise<MailSink> {
  const server = new SMTPServer({
    cert: tls.certificate,
    key: tls.key,
    authOptional: true,
    logger: false,
    onRcptTo: (_address, _session, done) => {
      const { answer } = sink
      done(answer ? Object.assign(new Error(answer.text), { responseCode: answer.code }) : null)
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        sink.mails.push({
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          secure: session.secure,
          raw: Buffer.concat(chunks).toString('latin1'),
        })
        done()
      })
    },
  })
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const sink: MailSink = {
    port: (server.server.address() as AddressInfo).port,
    mails: [],
    answer: null,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
  return sink
}
