/** Postkey before a real Dovecot (gateway mode), and a client that sends mail to it as a mail server does. */
import { writeFileSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { ImapFlow } from 'imapflow'
import { RawSmtp } from '../contract/smtp-raw.ts'
import { type Dovecot, startDovecot } from './dovecot.ts'
import { loopback } from './ports.ts'
import { type Postkey, startPostkey } from './postkey.ts'
import { temporaryDirectory } from './store.ts'

export interface Gateway {
  readonly postkey: Postkey
  readonly dovecot: Dovecot
  /** Subjects of what is in a user's INBOX. */
  subjects(user: string): Promise<string[]>
}

const passwordOf = (user: string): string => `${user}'s own`

export async function startGateway(
  t: TestContext,
  to: 'lmtp' | 'append',
  names: readonly string[],
  more: readonly string[] = [],
): Promise<Gateway> {
  const users = names.map((name) => `${name}@example.test`)
  const dovecot = await startDovecot({
    users: users.map((address) => ({ address, password: passwordOf(address) })),
  })
  t.after(() => dovecot.stop())
  const { user, pass } = dovecot.serviceAccount
  // To put mail in is a right of its own.
  if (to === 'append') await appendFile(join(dovecot.directory, 'etc/acl'), `* user=${user} lrwstie\n`)
  const passwordFile = join(temporaryDirectory(t), 'imap-password')
  writeFileSync(passwordFile, `${pass}\n`, { mode: 0o600 })
  const lmtp = ['delivery.host=127.0.0.1', `delivery.port=${dovecot.lmtpPort}`, 'delivery.tls=none']
  const postkey = await startPostkey(t, {
    set: [
      `delivery.to=${to}`,
      ...(to === 'lmtp' ? lmtp : []),
      `imap.host=${loopback}`,
      `imap.port=${dovecot.imapPort}`,
      'imap.tls=none',
      `imap.user=${user}`,
      `imap.password_file=${passwordFile}`,
      'imap.mailbox=all/{address}',
      ...more,
    ],
  })
  return { postkey, dovecot, subjects: (of) => subjectsOf(dovecot, of) }
}

async function subjectsOf(dovecot: Dovecot, user: string): Promise<string[]> {
  const imap = new ImapFlow({
    host: dovecot.host,
    port: dovecot.imapPort,
    secure: false,
    doSTARTTLS: false,
    auth: { user, pass: passwordOf(user) },
    logger: false,
  })
  await imap.connect()
  try {
    const { exists } = await imap.mailboxOpen('INBOX')
    if (exists === 0) return []
    const found: string[] = []
    for await (const { envelope } of imap.fetch('1:*', { envelope: true }))
      found.push(envelope?.subject ?? '')
    return found
  } finally {
    await imap.logout()
  }
}

/** What came of one try: the answer, and whether the text had been sent before it came. */
export interface Tried {
  readonly answer: string
  readonly sent: boolean
}

/** One try to send a mail, on a connection of its own; an empty answer: the connection was lost. */
export async function trySending(port: number, to: string, subject: string): Promise<Tried> {
  const client = await RawSmtp.connect(port)
  try {
    const before = ['EHLO client.test', 'MAIL FROM:<a@client.test>', `RCPT TO:<${to}>`, 'DATA']
    for (const line of before) {
      const answer = await client.say(line)
      if (!/^[23]/.test(answer)) return { answer, sent: false }
    }
    return {
      answer: await client.say(`From: a@client.test\r\nSubject: ${subject}\r\n\r\nHello\r\n.`),
      sent: true,
    }
  } finally {
    client.close()
  }
}
