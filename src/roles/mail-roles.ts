/** The embedded mail server's two halves: SMTP takes mail in, IMAP shows it. Neither knows the other. */
import type { Check } from '#admin/views.ts'
import { hashPassword } from '#crypto/password-hash.ts'
import { type ImapServer, startImapServer } from '#imap-server/start-imap-server.ts'
import { startSmtpIngress } from '#ingress/smtp-server.ts'
import { assert } from '#kernel/assert.ts'
import type { MailAddress } from '#kernel/brand.ts'
import { canonicalEmail } from '#protocol/canonical.ts'
import type { Base } from './base.ts'
import { openDelivery } from './delivery.ts'
import { serviceAccountPassword } from './secrets.ts'
import { tlsFor } from './tls.ts'

export interface Listening {
  readonly port: number
  close(): Promise<void>
}

const canonicalAddress = (text: string): MailAddress | null => {
  const canonical = canonicalEmail(text)
  return canonical.ok ? canonical.value : null
}

export interface SmtpRole extends Listening {
  /** How the mail server that mail is handed on to does, where there is one. */
  health(): readonly Check[]
}

export async function startSmtp(base: Base): Promise<SmtpRole> {
  const { smtp, server } = base.config
  const [mainDomain] = server.domains
  assert(mainDomain, 'the configuration names a mail domain')
  const { certificate, key } = await tlsFor(base, smtp, smtp.hostname)
  const log = base.log.with({ role: 'smtp' })
  const { deliverer, health } = await openDelivery(base, log)
  const ingress = await startSmtpIngress({
    deliverer,
    clock: base.clock,
    failpoint: base.failpoint,
    log,
    metrics: base.metrics,
    host: smtp.host,
    port: smtp.port,
    name: smtp.hostname,
    tls: { cert: certificate, key },
    canonicalAddress,
    servesDomain: (domain) => server.domains.includes(domain),
    mainDomain,
    limits: {
      messageBytesMax: smtp.message_bytes_max,
      recipientsMax: smtp.recipients_max,
      connectionsMax: smtp.connections_max,
      idleMs: smtp.idle_timeout_seconds * 1000,
    },
  })
  return {
    port: ingress.port,
    health,
    close: async () => {
      await ingress.close()
      await deliverer.close()
    },
  }
}

export async function startImap(base: Base): Promise<ImapServer> {
  const { imap_server: imap, imap: client, smtp } = base.config
  const { certificate, key } = await tlsFor(base, imap, smtp.hostname)
  const passwordHash = await hashPassword(await serviceAccountPassword(base), base.random)
  return startImapServer({
    store: base.store,
    clock: base.clock,
    log: base.log.with({ role: 'imap' }),
    metrics: base.metrics,
    host: imap.host,
    port: imap.port,
    tls: { key, cert: certificate, port: imap.tls_port },
    serviceAccounts: [{ name: client.user, passwordHash }],
    canonicalAddress,
    limits: { connectionsMax: imap.connections_max, idleMs: imap.idle_timeout_seconds * 1000 },
  })
}
