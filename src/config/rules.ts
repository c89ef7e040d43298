/** What must hold between several keys, or between a key and the world's form, once each key is right by itself. */

import { isAbsolute } from 'node:path'
import { isLoopback } from '#kernel/loopback.ts'
import { loginClashes } from './imap-rules.ts'
import type { Config } from './schema.ts'

/** A key and what is wrong with it. */
export interface Clash {
  readonly key: string
  readonly says: string
}

/** `sun_path` holds 108 bytes on Linux and 104 elsewhere, with the terminating zero. */
const socketPathBytesMax = 103

type Rule = (config: Config) => readonly Clash[]

export const brokenRules = (config: Config): Clash[] => rules.flatMap((rule) => rule(config))

const clash = (broken: boolean, key: string, says: string): Clash[] => (broken ? [{ key, says }] : [])

const rules: readonly Rule[] = [
  ({ admin }) => [
    ...clash(
      Buffer.byteLength(admin.socket) > socketPathBytesMax,
      'admin.socket',
      `is longer than the ${socketPathBytesMax} bytes a socket's path may have; set a shorter absolute one`,
    ),
    ...clash(
      Buffer.byteLength(admin.group_socket) > socketPathBytesMax || admin.group_socket === admin.socket,
      'admin.group_socket',
      `must be another path than admin.socket, of at most ${socketPathBytesMax} bytes`,
    ),
  ],
  ({ smtp }) => pair('smtp', smtp),
  ({ imap_server }) => pair('imap_server', imap_server),
  ({ relay }) => pair('relay', relay),
  ({ imap }) => [
    ...connection('imap', imap),
    ...clash(
      !/\{(?:address|local)\}/.test(imap.mailbox) && imap.access === 'namespace',
      'imap.mailbox',
      'must contain {address} or {local}, so that each user has a mailbox of their own',
    ),
    ...loginClashes(imap),
  ],
  ({ relay }) => [
    ...connection('relay.smtp', relay.smtp),
    ...login('relay.smtp', relay.smtp),
    ...relay.smtp_route.flatMap((route, index) => [
      ...clash(route.host === '', `relay.smtp_route[${index}].host`, 'must not be empty'),
      ...connection(`relay.smtp_route[${index}]`, route),
      ...login(`relay.smtp_route[${index}]`, route),
    ]),
    ...twice(relay.smtp_route.map((route) => route.domain)),
  ],
  ({ agent, http }) =>
    clash(
      agent.push_token_file !== '' && !http.enabled,
      'agent.push_token_file',
      'needs the HTTP listener that the push hook speaks to: http.enabled = true',
    ),
  ({ ldap }) => directory(ldap),
  ({ relay_client }) => foreignRelay(relay_client),
  ({ invitation }) => [
    ...connection('invitation.smtp', invitation.smtp),
    ...login('invitation.smtp', invitation.smtp),
  ],
  ({ invitation, relay_client, imap, relay, delivery }) =>
    clash(
      invitation.from !== '' &&
        invitation.smtp.host === '' &&
        relay.smtp.host === '' &&
        relay_client.url !== '' &&
        imap.host !== '' &&
        delivery.to === 'store',
      'invitation.smtp.host',
      'must be set: there is no SMTP server in this installation that could take these mails',
    ),
  delivery,
]

/** Nothing of it counts where no directory is named. */
function directory(ldap: Config['ldap']): Clash[] {
  if (ldap.url === '') return []
  const { protocol, hostname, username, password, pathname, search } = new URL(
    URL.canParse(ldap.url) ? ldap.url : 'none:',
  )
  const more = username + password + pathname.replace(/^\/$/, '') + search
  return [
    ...clash(
      !/^ldaps?:$/.test(protocol) || hostname === '' || more !== '',
      'ldap.url',
      'must be ldaps://host or ldap://host, with a port where it is not the usual one, and nothing else',
    ),
    ...clash(
      protocol === 'ldap:' && !ldap.starttls && !isLoopback(hostname),
      'ldap.starttls',
      'may be false on loopback only',
    ),
    ...clash(ldap.base_dn === '', 'ldap.base_dn', 'must be set, since ldap.url is'),
    ...clash(
      (ldap.bind_dn === '') !== (ldap.bind_password_file === ''),
      'ldap.bind_dn',
      'and ldap.bind_password_file must both be set, or both be empty',
    ),
    ...clash(ldap.name_attributes.length === 0, 'ldap.name_attributes', 'must name at least one'),
  ]
}

/** Mail must go where the agent looks for it, by one way. */
function delivery(config: Config): Clash[] {
  const { delivery: to, imap } = config
  const lmtp = to.to === 'lmtp'
  const one = (to.host !== '') !== (to.socket !== '')
  return [
    ...clash(
      to.to !== 'store' && imap.host === '',
      'imap.host',
      `must be set, since delivery.to is "${to.to}": the agent looks for mail where it is delivered`,
    ),
    ...clash(lmtp && !one, 'delivery.host', 'or delivery.socket must be set, and only one of them'),
    ...clash(
      !lmtp && (to.host !== '' || to.socket !== ''),
      to.host !== '' ? 'delivery.host' : 'delivery.socket',
      `is set, but delivery.to is "${to.to}", not "lmtp"`,
    ),
    ...clash(
      to.to === 'store' && imap.host !== '' && takesOwnMail(config),
      'delivery.to',
      'must be "lmtp" or "append", or relay.smtp.host be set: mail would be stored where the agent of imap.host does not look',
    ),
    ...connection('delivery', to),
  ]
}

/** The relay of this installation hands mail for a domain served here to our own SMTP server. */
function takesOwnMail({ relay, relay_client, server }: Config): boolean {
  if (relay_client.url !== '' || relay.smtp.host !== '') return false
  const routed = new Set(relay.smtp_route.map((route) => route.domain))
  return server.domains.some((domain) => !routed.has(domain))
}

function pair(name: string, tls: { tls_cert_file: string; tls_key_file: string }): Clash[] {
  return clash(
    (tls.tls_cert_file === '') !== (tls.tls_key_file === ''),
    `${name}.tls_cert_file`,
    `and ${name}.tls_key_file must both be set, or both be empty`,
  )
}

function connection(name: string, to: { host: string; tls: string }): Clash[] {
  return clash(
    to.tls === 'none' && to.host !== '' && !isLoopback(to.host),
    `${name}.tls`,
    'may be "none" on loopback only; use "implicit" or "starttls"',
  )
}

function login(name: string, to: { user: string; password_file: string }): Clash[] {
  return clash(
    (to.user === '') !== (to.password_file === ''),
    `${name}.user`,
    `and ${name}.password_file must both be set, or both be empty`,
  )
}

const twice = (domains: readonly string[]): Clash[] =>
  clash(new Set(domains).size !== domains.length, 'relay.smtp_route', 'names one domain twice')

function foreignRelay(client: Config['relay_client']): Clash[] {
  if (client.url === '') return []
  const needed = [
    ['relay_id', client.relay_id === ''],
    ['srp_key_file', client.srp_key_file === ''],
    ['seal_keys', client.seal_keys.length === 0],
  ] as const
  return [
    ...clash(!isRelayUrl(client.url), 'relay_client.url', 'must be a URL that begins with wss://'),
    ...needed.flatMap(([key, missing]) =>
      clash(missing, `relay_client.${key}`, 'must be set, since relay_client.url is'),
    ),
  ]
}

const isRelayUrl = (url: string): boolean => URL.canParse(url) && new URL(url).protocol === 'wss:'

/** Whether a value of a path key still depends on the data directory. */
export const isRelativePath = (value: string): boolean => value !== '' && !isAbsolute(value)
