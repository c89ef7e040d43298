/** Which SMTP servers take the mails that Postkey sends by itself. */
import type { SmtpRoute as RouteConfig } from '#config/schema.ts'
import { readSecretFile } from '#config/secret-file.ts'
import type { SmtpRoute, SmtpRoutes } from '#smtp-client/smtp-client.ts'
import type { Base } from './base.ts'
import { caIn, dialHost, trustIn } from './tls.ts'

/** The relay's: by mail domain, and for every other one. @param smtpPort where the embedded SMTP server listens */
export function relayRoutes(base: Base, smtpPort: number): SmtpRoutes {
  const { relay, smtp } = base.config
  const embedded: SmtpRoute = {
    host: dialHost(smtp.host),
    port: smtpPort,
    tls: 'starttls',
    ...trustIn(base, smtp, relay.smtp.ca_file),
    serverName: smtp.hostname,
  }
  return {
    route: relay.smtp.host ? routeOf(relay.smtp) : embedded,
    domains: Object.fromEntries(relay.smtp_route.map((route) => [route.domain, routeOf(route)])),
    ehloName: relay.id,
  }
}

/** Those of the mails that bring passwords: an SMTP server of their own, or the relay's. */
export function invitationRoutes(base: Base, smtpPort: number): SmtpRoutes {
  const { invitation, relay } = base.config
  return invitation.smtp.host === ''
    ? relayRoutes(base, smtpPort)
    : { route: routeOf(invitation.smtp), ehloName: relay.id }
}

function routeOf(route: Omit<RouteConfig, 'domain'>): SmtpRoute {
  return {
    host: route.host,
    port: route.port,
    tls: route.tls === 'none' ? 'plain' : route.tls,
    ...caIn(route.ca_file),
    ...(route.user ? { user: route.user, password: readSecretFile(route.password_file) } : {}),
  }
}
