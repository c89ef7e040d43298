/** The addresses the doctor knocks at: this installation's own listeners and the servers it was told of. */

import type { SmtpRoute } from '#config/schema.ts'
import { readSecretFile } from '#config/secret-file.ts'
import type { Endpoint } from '#doctor/endpoint.ts'
import type { MailRoute } from '#doctor/smtp.ts'
import type { Ports } from './agent-role.ts'
import type { Base } from './base.ts'
import { configuredRoles } from './role.ts'
import { caIn, dialHost, trustIn } from './tls.ts'

/** Listeners of roles that run here or beside, at the ports of this process where they are its own. */
export function ownListeners(base: Base, ports: Ports): Endpoint[] {
  const { config } = base
  const { smtp, imap_server: imap, relay } = config
  const roles = configuredRoles(config)
  const smtpPort = ports.smtp ?? smtp.port
  const imapTlsPort = ports.imapTls ?? imap.tls_port
  return [
    ...(roles.includes('smtp')
      ? [
          {
            name: `SMTP on port ${smtpPort}`,
            speaks: 'smtp' as const,
            tls: 'starttls' as const,
            host: dialHost(smtp.host),
            port: smtpPort,
            serverName: smtp.hostname,
            unreachable: 'smtp.unreachable' as const,
            ...trustIn(base, smtp, config.relay.smtp.ca_file),
          },
        ]
      : []),
    ...(roles.includes('imap')
      ? [
          {
            name: `IMAP over TLS on port ${imapTlsPort}`,
            speaks: 'imap' as const,
            tls: 'implicit' as const,
            host: dialHost(imap.host),
            port: imapTlsPort,
            serverName: smtp.hostname,
            unreachable: 'imap.unreachable' as const,
            ...trustIn(base, imap, config.imap.ca_file),
          },
        ]
      : []),
    ...(roles.includes('relay')
      ? [relayEndpoint(base, `relay on port ${ports.relay ?? relay.port}`, dialHost(relay.host), ports)]
      : []),
  ]
}

function relayEndpoint(base: Base, name: string, host: string, ports: Ports): Endpoint {
  const { relay, relay_client: client } = base.config
  return {
    name,
    speaks: 'tls',
    tls: 'implicit',
    host,
    port: ports.relay ?? relay.port,
    serverName: relay.id,
    unreachable: 'relay.unreachable',
    ...trustIn(base, relay, client.ca_file),
  }
}

/** Another installation's relay, where one is configured. */
export function foreignRelay({ config }: Base): Endpoint[] {
  const { url, relay_id, ca_file } = config.relay_client
  if (!url) return []
  const { hostname, port } = new URL(url)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  return [
    {
      name: `relay at ${host}:${port || 443}`,
      speaks: 'tls',
      tls: 'implicit',
      host,
      port: Number(port || 443),
      serverName: relay_id,
      unreachable: 'relay.unreachable',
      ...caIn(ca_file),
    },
  ]
}

/** The IMAP server the agent works with. */
export function imapEndpoint(base: Base, ports: Ports): Endpoint {
  const { imap, imap_server: embedded, smtp } = base.config
  const common = { speaks: 'imap', unreachable: 'imap.unreachable' } as const
  if (imap.host)
    return {
      ...common,
      name: `IMAP server ${imap.host}:${imap.port}`,
      host: imap.host,
      port: imap.port,
      tls: imap.tls,
      serverName: imap.host,
      ...caIn(imap.ca_file),
    }
  const port = ports.imap ?? embedded.port
  return {
    ...common,
    name: `IMAP on port ${port}`,
    host: dialHost(embedded.host),
    port,
    tls: 'starttls',
    serverName: smtp.hostname,
    ...trustIn(base, embedded, imap.ca_file),
  }
}

/** The relay's, and that of mails with passwords. @param recipientIn somebody in a domain, or in any where null is given */
export function mailRoutes(
  base: Base,
  ports: Ports,
  recipientIn: (domain: string | null) => string | null,
): MailRoute[] {
  const { relay, relay_client: client, smtp, invitation } = base.config
  const ofInvitations =
    invitation.from && invitation.smtp.host
      ? [
          {
            ehloName: relay.id,
            sender: invitation.from,
            ...ofServer(invitation.smtp),
            recipient: recipientIn(null),
          },
        ]
      : []
  if (client.url) return ofInvitations
  const { sender } = relay.smtp
  const common = {
    ehloName: relay.id,
    sender: sender === '<>' ? '' : sender || `bounce+postkey-doctor@${relay.id}`,
  }
  const embeddedPort = ports.smtp ?? smtp.port
  const standard: MailRoute = relay.smtp.host
    ? { ...common, ...ofServer(relay.smtp), recipient: recipientIn(null) }
    : {
        ...common,
        login: null,
        recipient: recipientIn(null),
        endpoint: {
          name: `SMTP on port ${embeddedPort}`,
          speaks: 'smtp',
          tls: 'starttls',
          host: dialHost(smtp.host),
          port: embeddedPort,
          serverName: smtp.hostname,
          unreachable: 'smtp.unreachable',
          ...trustIn(base, smtp, relay.smtp.ca_file),
        },
      }
  return [
    standard,
    ...relay.smtp_route.map((route) => ({
      ...common,
      ...ofServer(route),
      recipient: recipientIn(route.domain),
    })),
    ...ofInvitations,
  ]
}

function ofServer(route: Omit<SmtpRoute, 'domain'>): Pick<MailRoute, 'endpoint' | 'login'> {
  const { host, port, tls, ca_file, user, password_file } = route
  return {
    login: user ? { user, password: readSecretFile(password_file) } : null,
    endpoint: {
      name: `SMTP server ${host}:${port}`,
      speaks: 'smtp',
      host,
      port,
      tls,
      serverName: host,
      unreachable: 'smtp.unreachable',
      ...caIn(ca_file),
    },
  }
}
