// Puts mail into a mailbox of a mail server, as a site's own MTA does.

import { createTransport } from 'nodemailer'

/** Resolves when the server has taken the mail in. */
export async function deliverByLmtp(port: number, to: string, raw: Uint8Array): Promise<void> {
  const transport = createTransport({ host: '127.0.0.1', port, lmtp: true, ignoreTLS: true })
  try {
    await transport.sendMail({ envelope: { from: '', to: [to] }, raw: Buffer.from(raw) })
  } finally {
    transport.close()
  }
}
