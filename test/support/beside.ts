// Mail servers as a site runs them, and what Postkey is told to work beside them: Postfix and Dovecot here, the others
// in beside-others.ts.

import { writeFileSync } from 'node:fs'
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ImapFlow } from 'imapflow'
import { makeTestTls } from '../contract/imap-server-tls.ts'
import { type Dovecot, type DovecotOptions, type MailUser, startDovecot } from './dovecot.ts'
import { loopback } from './ports.ts'
import { startPostfix } from './postfix.ts'
import { type Scope, temporaryDirectory } from './store.ts'

export interface MessageSeen {
  readonly subject: string
  /** Without \Recent, which no client sets. */
  readonly flags: readonly string[]
}

/** Where the mailboxes are. */
export interface MailboxServer {
  readonly host: string
  readonly imapsPort: number | undefined
  readonly serviceAccount: { readonly user: string; readonly pass: string }
}

export interface Beside {
  /** `--set` values: mail by way of this MTA, mailboxes on this server, TLS verified. */
  readonly set: readonly string[]
  /** Works in a user's INBOX as the user's own mail program. */
  inInbox<T>(user: MailUser, work: (imap: ImapFlow) => Promise<T>): Promise<T>
  /** A user's INBOX as the user sees it. */
  inbox(user: MailUser): Promise<readonly MessageSeen[]>
}

export interface BesideDovecot extends Beside {
  readonly dovecot: Dovecot
}

/**
 * @param undeletable users in whose mailboxes the service account may not delete
 * @param more a script of the site that every mail goes through, the push hook, access tokens, or a site's own settings
 */
export async function startBeside(
  t: Scope,
  users: readonly MailUser[],
  undeletable: readonly MailUser[] = [],
  more: Pick<DovecotOptions, 'sieve' | 'push' | 'oauth2' | 'config'> = {},
): Promise<BesideDovecot> {
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
  return { dovecot, ...besideServers(t, tls.ca, dovecot, 'all/{address}', postfix.smtpPort) }
}

/** @param mailbox how the service account calls an INBOX */
export function besideServers(
  t: Scope,
  ca: string,
  server: MailboxServer,
  mailbox: string,
  smtpPort: number,
): Beside {
  const directory = temporaryDirectory(t)
  const [caFile, passwordFile] = [join(directory, 'mail-ca.pem'), join(directory, 'imap-password')]
  writeFileSync(caFile, ca)
  writeFileSync(passwordFile, `${server.serviceAccount.pass}\n`, { mode: 0o600 })
  const inInbox: Beside['inInbox'] = (user, work) => withInbox(server, ca, user, work)
  const set = [
    ...[`host=${loopback}`, `port=${smtpPort}`, 'tls=starttls', `ca_file=${caFile}`].map(
      (value) => `relay.smtp.${value}`,
    ),
    ...[
      `host=${server.host}`,
      `port=${server.imapsPort}`,
      'tls=implicit',
      `ca_file=${caFile}`,
      `user=${server.serviceAccount.user}`,
      `password_file=${passwordFile}`,
      `mailbox=${mailbox}`,
    ].map((value) => `imap.${value}`),
  ]
  return { set, inInbox, inbox: (user) => inInbox(user, messagesOf) }
}

async function withInbox<T>(
  { host, imapsPort }: MailboxServer,
  ca: string,
  user: MailUser,
  work: (imap: ImapFlow) => Promise<T>,
): Promise<T> {
  const imap = new ImapFlow({
    host,
    port: imapsPort ?? 993,
    secure: true,
    tls: { ca },
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
