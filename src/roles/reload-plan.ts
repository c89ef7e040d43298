/**
 * What a changed key of the configuration asks for: nothing but to be read, a role that is ended and started again in
 * its place, or a restart of the process. Roles keep their ports, so that nobody loses sight of them.
 */
import type { Role } from './role.ts'

/** `restart`: where the process keeps its data, where it is found, and which parts it has, hold for its life. */
type Consequence = readonly Role[] | 'restart'

export interface ReloadPlan {
  /** Roles to be started again. */
  readonly roles: ReadonlySet<Role>
  /** Keys that count after a restart only. */
  readonly needRestart: readonly string[]
}

/** The longest beginning of a key decides. */
const consequences: Readonly<Record<string, Consequence>> = {
  'server.organisation': ['agent'],
  'server.domains': ['smtp', 'relay', 'agent'],
  'server.data_dir': 'restart',
  'store.': 'restart',
  'log.level': [],
  'log.format': 'restart',
  'admin.': 'restart',
  'smtp.': ['smtp'],
  'smtp.host': 'restart',
  'smtp.port': 'restart',
  'smtp.hostname': 'restart',
  // Whoever dials a listener trusts it by its certificate.
  'smtp.tls_': ['smtp', 'relay', 'agent'],
  'delivery.': ['smtp'],
  // Whether there is an SMTP server of our own.
  'delivery.to': 'restart',
  'imap_server.': ['imap'],
  'imap_server.host': 'restart',
  'imap_server.port': 'restart',
  'imap_server.tls_port': 'restart',
  'imap_server.tls_cert_file': ['imap', 'agent'],
  'imap_server.tls_key_file': ['imap', 'agent'],
  // By IMAP APPEND the SMTP server goes there too.
  'imap.': ['smtp', 'agent'],
  // Whether there is a mail server of our own.
  'imap.host': 'restart',
  'imap.user': ['smtp', 'imap', 'agent'],
  // Read when the administrator's parts are made.
  'ldap.': [],
  'agent.': ['agent'],
  'relay.': ['relay'],
  'relay.id': 'restart',
  'relay.host': 'restart',
  'relay.port': 'restart',
  'relay.tls_': ['relay', 'agent'],
  // Mails with passwords may go the same way.
  'relay.smtp': ['relay', 'agent'],
  'relay.smtp.host': 'restart',
  'relay_client.': ['agent'],
  'relay_client.url': 'restart',
  'relay_client.srp_id': 'restart',
  'activation.': ['agent'],
  'invitation.': ['agent'],
  'http.': 'restart',
  'doctor.': [],
  'policy.': ['agent'],
}

/** @param changed names of keys */
export function planReload(changed: readonly string[]): ReloadPlan {
  const known = changed.map((name) => ({ name, follows: consequenceOf(name) ?? 'restart' }))
  return {
    roles: new Set(known.flatMap(({ follows }) => (follows === 'restart' ? [] : follows))),
    needRestart: known.flatMap(({ name, follows }) => (follows === 'restart' ? [name] : [])),
  }
}

/** Undefined where nobody has thought about the key. */
export function consequenceOf(name: string): Consequence | undefined {
  const beginnings = Object.keys(consequences).filter((beginning) => name.startsWith(beginning))
  const [longest] = beginnings.toSorted((a, b) => b.length - a.length)
  return longest === undefined ? undefined : consequences[longest]
}
