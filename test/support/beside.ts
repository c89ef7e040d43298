// Postfix and Dovecot as a site runs them, and what Postkey is told to work beside them.

import { writeFileSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { ImapFlow } from 'imapflow'
import { makeTestTls } from '../contract/imap-server-tls.ts'
import { type Dovecot, type DovecotOptions, type MailUser, startDovecot } from './dovecot.ts'
import { loopback } from './ports.ts'
import { startPostfix } from './postfix.ts'
import { temporaryDirectory } from './store.ts'

export interface MessageSeen {
  readonly subject: string
  /** Without \Recent, which no client sets. */
  readonly flags: readonly string[]
}

export interface Beside {
  readonly dovecot: Dovecot
  /** `--set` values: mail by way of this Postfix, mailboxes in this Dovecot, TLS verified. */
  readonly set: readonly string[]
  /** Works in a user's INBOX as the user's own mail program. */
  inInbox<T>(user: MailUser, work: (imap: ImapFlow) => Promise<T>): Promise<T>
  /** A user's INBOX as the user sees it. */
  inbox(user: MailUser): Promise<readonly MessageSeen[]>
}

/**
 * @param undeletable users in whose mailboxes the service account may not delete
 * @param more a script of the site that every mail goes through, or the push hook
 */
export async function startBeside(
  t: TestContext,
  users: readonly MailUser[],
  undeletable: readonly MailUser[] = [],
  more: Pick<DovecotOptions, 'sieve' | 'push'> = {},
): Promise<Beside> {
  const tls = makeTestTls([loopback])
  const dovecot = await startDovecot({
    users: [...users, ...undeletable],
    tls,
    ...more,
  })
  t.after(() => dovecot.stop())
  const denied = undeletable.map(({ address }) => `all/${address} -user=${dovecot.serviceAccount.user} te\n`)
  await appendFile(join(dovecot.directory, 'etc/acl'), denied.join(''))
  const postfix = await startPostfix({
    domain: dovecot.domain,
    lmtp: { host: dovecot.host, port: dovecot.lmtpPort },
    policy: { host: dovecot.host, port: dovecot.policyPort },
    tls,
  })
  t.after(() => postfix.stop())
  const inInbox: Beside['inInbox'] = (user, work) => withInbox(dovecot, user, work)
  return {
    dovecot,
    set: settings(temporaryDirectory(t), tls.ca, dovecot, postfix.smtpPort),
    inInbox,
    inbox: (user) => inInbox(user, messagesOf),
  }
}

function settings(directory: string, ca: string, dovecot: Dovecot, smtpPort: number): string[] {
  const [caFile, passwordFile] = [join(directory, 'mail-ca.pem'), join(directory, 'imap-password')]
  writeFileSync(caFile, ca)
  writeFileSync(passwordFile, `${dovecot.serviceAccount.pass}\n`, { mode: 0o600 })
  return [
    ...[`host=${loopback}`, `port=${smtpPort}`, 'tls=starttls', `ca_file=${caFile}`].map(
      (value) => `relay.smtp.${value}`,
    ),
    ...[
      `host=${dovecot.host}`,
      `port=${dovecot.imapsPort}`,
      'tls=implicit',
      `ca_file=${caFile}`,
      `user=${dovecot.serviceAccount.user}`,
      `password_file=${passwordFile}`,
      'mailbox=all/{address}',
    ].map((value) => `imap.${value}`),
  ]
}

async function withInbox<T>(
  dovecot: Dovecot,
  user: MailUser,
  work: (imap: ImapFlow) => Promise<T>,
): Promise<T> {
  const imap = new ImapFlow({
    host: dovecot.host,
    port: dovecot.imapPort,
    secure: false,
    doSTARTTLS: false,
    auth: { user: user.address, pass: user.password },
    logger: false,
  })
  await imap.connect()
  try {
    await imap.mailboxOpen('INBOX')
    return await work(imap)
  } finally {
    await imap.logout()
  }
}

async function messagesOf(imap: ImapFlow): Promise<MessageSeen[]> {
  const seen: MessageSeen[] = []
  for await (const { envelope, flags } of imap.fetch('1:*', { envelope: true, flags: true })) {
    const shown = [...(flags ?? [])].filter((flag) => flag !== '\\Recent')
    seen.push({ subject: envelope?.subject ?? '', flags: shown.sort() })
  }
  return seen
}
