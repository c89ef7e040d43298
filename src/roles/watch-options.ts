/** Which mailboxes are watched, through which server, and how closely. */
import type { WatchingOptions, WatchingParts } from '#agent/watching.ts'
import type { Config } from '#config/schema.ts'
import { readSecretFile } from '#config/secret-file.ts'
import { authzidAccess, namespaceAccess } from '#mailbox/access.ts'
import type { MailboxAbilities } from '#mailbox/mailbox.ts'
import type { Base } from './base.ts'
import { serviceAccountPassword } from './secrets.ts'
import { caIn, dialHost, trustIn } from './tls.ts'

/** The embedded server's namespace of all inboxes. */
const embeddedMailbox = 'user/{address}'

export function watchingOptions({ config }: Base): WatchingOptions {
  const { agent, imap } = config
  return {
    connectionsMax: agent.connections,
    scanIntervalMs: agent.scan_interval_seconds * 1000,
    relayHint: agent.relay_hint,
    idleConnectionsMax: agent.idle ? agent.idle_connections : 0,
    pollMs: agent.poll_seconds * 1000,
    junk: imap.junk === '' ? null : imap.junk,
    removeAccepted: agent.etp_mail === 'delete',
  }
}

/** How new mail is heard of, as a sentence for administrators. */
export function watchStrategy({ agent }: Config, { listStatus, idle, uidExpunge }: MailboxAbilities): string {
  const ways = [
    ...(agent.relay_hint ? ["the relay's hint"] : []),
    ...(agent.push_token_file ? ["the mail server's push hook"] : []),
    ...(agent.idle && idle ? ['IDLE'] : []),
    ...(agent.poll_seconds > 0 ? [listStatus ? 'counters (LIST-STATUS)' : 'counters (STATUS)'] : []),
    `a scan each ${agent.scan_interval_seconds} s`,
  ]
  const removal =
    uidExpunge || agent.etp_mail === 'keep' ? '' : ' No UIDPLUS: read mail is only marked deleted.'
  return `News is heard of by ${ways.join(', ')}.${removal}`
}

/** @param imapPort where the embedded IMAP server of this process listens, or null where it runs apart */
export async function watchedServer(
  base: Base,
  imapPort: number | null,
): Promise<Pick<WatchingParts, 'server' | 'access'>> {
  const { config, clock, edge } = base
  const { imap } = config
  if (!imap.host) {
    const address = {
      host: dialHost(config.imap_server.host),
      port: imapPort ?? config.imap_server.port,
      tls: 'starttls',
      serverName: config.smtp.hostname,
      ...trustIn(base, config.imap_server, imap.ca_file),
    } as const
    const account = { user: imap.user, password: await serviceAccountPassword(base) }
    return { server: edge.mailServer(address, account, clock), access: namespaceAccess(embeddedMailbox) }
  }
  const address = {
    host: imap.host,
    port: imap.port,
    tls: imap.tls,
    ...caIn(imap.ca_file),
  }
  const account = { user: imap.user, password: readSecretFile(imap.password_file) }
  return {
    server: edge.mailServer(address, account, clock),
    access: imap.access === 'authzid' ? authzidAccess() : namespaceAccess(imap.mailbox),
  }
}
