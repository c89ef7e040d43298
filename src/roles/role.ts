/** The parts of Postkey that run together or apart. */
import type { Config } from '#config/schema.ts'

export type Role = 'smtp' | 'imap' | 'relay' | 'agent'

/** What `postkey serve` runs: the embedded mail server and relay only where no others are configured. */
export function configuredRoles(config: Config): Role[] {
  const embeddedImap = config.imap.host === ''
  const ownRelay = config.relay_client.url === ''
  const embeddedSmtp = embeddedImap || (ownRelay && config.relay.smtp.host === '')
  return [
    ...(embeddedSmtp ? (['smtp'] as const) : []),
    ...(embeddedImap ? (['imap'] as const) : []),
    ...(ownRelay ? (['relay'] as const) : []),
    'agent',
  ]
}
