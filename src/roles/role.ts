/** The parts of Postkey that run together or apart. */
import type { Config } from '#config/schema.ts'

export type Role = 'smtp' | 'imap' | 'relay' | 'agent'

/**
 * What `postkey serve` runs: the embedded mail server and relay only where no others are configured. Its SMTP half
 * alone runs where it hands mail on.
 */
export function configuredRoles(config: Config): Role[] {
  const embeddedImap = config.imap.host === ''
  const ownRelay = config.relay_client.url === ''
  const embeddedSmtp =
    config.delivery.to !== 'store' || embeddedImap || (ownRelay && config.relay.smtp.host === '')
  return [
    ...(embeddedSmtp ? (['smtp'] as const) : []),
    ...(embeddedImap ? (['imap'] as const) : []),
    ...(ownRelay ? (['relay'] as const) : []),
    'agent',
  ]
}
