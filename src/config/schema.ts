/**
 * Every configuration key with its kind, limits and default. The file `config/postkey.toml` explains them to
 * people; a test holds the two against each other. Keys are spelled here as in the file, so that one search
 * finds every use.
 */
import { z } from 'zod'
import { limits } from '#kernel/limits.ts'
import {
  addressOrEmpty,
  attribute,
  choice,
  distinctList,
  domain,
  flag,
  host,
  integer,
  languageTag,
  list,
  path,
  port,
  relayId,
  relayIdOrEmpty,
  srpId,
  text,
  timeZone,
  tlsMode,
} from './values.ts'

const section = <T extends z.ZodRawShape>(shape: T) => z.strictObject(shape)

const listener = { tls_cert_file: path().default(''), tls_key_file: path().default('') }

const smartHost = {
  host: host().default(''),
  port: port().default(25),
  tls: tlsMode().default('starttls'),
  ca_file: path().default(''),
  user: text().default(''),
  password_file: path().default(''),
}

const server = section({
  organisation: text(128).default('Example Organisation'),
  domains: distinctList(domain(), limits.domainsPerServerMax).default(['example.test']),
  data_dir: path().min(1, 'must not be empty').default('data'),
})

const store = section({
  path: path().min(1, 'must not be empty').default('postkey.db'),
  storage_key: choice('file', 'credential', 'passphrase').default('file'),
  storage_key_file: path().min(1, 'must not be empty').default('storage.key'),
  storage_key_credential: z
    .string('must be text')
    .regex(/^[A-Za-z0-9._-]{1,128}$/, 'must be the name of a credential')
    .default('postkey-storage-key'),
  storage_key_passphrase_file: path().default(''),
})

const log = section({
  level: choice('debug', 'info', 'warn', 'error').default('info'),
  format: choice('auto', 'json', 'pretty').default('auto'),
})

const admin = section({
  socket: path().min(1, 'must not be empty').default('admin.sock'),
  group_socket: path().default(''),
})

const smtp = section({
  host: host().min(1, 'must not be empty').default('127.0.0.1'),
  port: port().default(2525),
  hostname: host().min(1, 'must not be empty').default('localhost'),
  ...listener,
  message_bytes_max: integer(65_536, limits.messageBytesMax).default(limits.messageBytesMax),
  recipients_max: integer(1, 10_000).default(limits.recipientsMax),
  connections_max: integer(1, 100_000).default(200),
  idle_timeout_seconds: integer(1, 3_600).default(60),
})

const delivery = section({
  to: choice('store', 'lmtp', 'append').default('store'),
  host: host().default(''),
  port: port().default(24),
  socket: path().default(''),
  tls: tlsMode().default('starttls'),
  ca_file: path().default(''),
  connections: integer(1, 256).default(8),
  timeout_seconds: integer(1, 600).default(20),
  answer_seconds: integer(1, 600).default(300),
})

const imapServer = section({
  host: host().min(1, 'must not be empty').default('127.0.0.1'),
  port: port().default(1143),
  tls_port: port().default(1993),
  ...listener,
  connections_max: integer(1, 100_000).default(1_000),
  idle_timeout_seconds: integer(60, 86_400).default(1_800),
})

const imap = section({
  host: host().default(''),
  port: port().default(993),
  tls: tlsMode().default('implicit'),
  ca_file: path().default(''),
  user: text().min(1, 'must not be empty').default('postkey'),
  password_file: path().default(''),
  access: choice('namespace', 'authzid', 'master', 'per_user').default('namespace'),
  auth: choice('password', 'xoauth2').default('password'),
  login_name: text(255).default('{address}'),
  master_separator: text(8).min(1, 'must not be empty').default('*'),
  token_command: list(path(), 32).default([]),
  token_url: text(2_048).default(''),
  token_ca_file: path().default(''),
  client_id: text(255).default(''),
  client_secret_file: path().default(''),
  refresh_token_file: path().default(''),
  scope: text(1_024).default(''),
  mailbox: text(255).default('user/{address}'),
  junk: text(255).default('Junk'),
  strategy: choice('auto', 'list_status', 'status', 'login', 'idle', 'interval').default('auto'),
})

const ldap = section({
  url: text(255).default(''),
  starttls: flag().default(true),
  ca_file: path().default(''),
  bind_dn: text(1_024).default(''),
  bind_password_file: path().default(''),
  base_dn: text(1_024).default(''),
  filter: text(4_096).default('(&(objectClass=person)(mail=*))'),
  page_size: integer(10, 1_000).default(500),
  timeout_seconds: integer(1, 600).default(30),
  id_attribute: attribute().default('entryUUID'),
  address_attribute: attribute().default('mail'),
  name_attributes: list(attribute(), 8).default(['displayName', 'cn']),
  alias_attributes: list(attribute(), 8).default(['mailAlternateAddress', 'proxyAddresses']),
  organisation_attribute: attribute(0).default(''),
  groups: choice('none', 'member_of', 'search').default('none'),
  group_base_dn: text(1_024).default(''),
  group_filter: text(4_096).default('(objectClass=groupOfNames)'),
  group_name_attribute: attribute().default('cn'),
  group_member_attribute: attribute().default('member'),
  vanish_percent_max: integer(0, 100).default(20),
})

const agent = section({
  connections: integer(1, 64).default(4),
  scan_interval_seconds: integer(1, 86_400).default(900),
  relay_hint: flag().default(true),
  idle: flag().default(true),
  idle_connections: integer(1, 1_000).default(16),
  poll_seconds: integer(0, 3_600).default(5),
  etp_mail: choice('delete', 'keep').default('delete'),
  push_token_file: path().default(''),
})

const smtpRoute = section({ domain: domain(), ...smartHost })

const relay = section({
  id: relayId().default('localhost'),
  host: host().min(1, 'must not be empty').default('127.0.0.1'),
  port: port().default(8443),
  ...listener,
  enrolments_per_hour: integer(0, 1_000_000).default(20),
  loopback_enrolments_per_hour: integer(0, 1_000_000).default(10_000),
  transactions_per_pin_hour: integer(1, 1_000).default(limits.transactionsPerPinHour),
  mails_per_address_hour: integer(1, 10_000).default(limits.mailsPerAddressHour),
  smtp_route: list(smtpRoute, 1_000).default([]),
  smtp: section({ ...smartHost, sender: text(254).default('') }).prefault({}),
})

const relayClient = section({
  url: text().default(''),
  relay_id: relayIdOrEmpty().default(''),
  srp_id: srpId().default('S00000001'),
  srp_key_file: path().default(''),
  ca_file: path().default(''),
  seal_keys: list(
    z.string('must be text').regex(/^[0-9a-f]{64}$/, 'must be a public key of 64 lower-case hex digits'),
    8,
  ).default([]),
})

const activation = section({
  algorithms: distinctList(choice('aes', '3des'), 2).default(['aes']),
  post_quantum: choice('off', 'optional', 'required').default('optional'),
  password_hours: integer(1, 720).default(48),
  password_tries: integer(1, limits.triesPerPin).default(limits.triesPerPin),
  handhelds_per_user: integer(1, 100).default(1),
  history_days: integer(7, 3_650).default(365),
})

const invitation = section({
  from: addressOrEmpty().default(''),
  from_name: text(128).default(''),
  reply_to: addressOrEmpty().default(''),
  helpdesk: text(1_024).default(''),
  language: languageTag().default('en'),
  time_zone: timeZone().default(''),
  templates_dir: path().default(''),
  smtp: section({ ...smartHost }).prefault({}),
})

const http = section({
  enabled: flag().default(false),
  host: host().min(1, 'must not be empty').default('127.0.0.1'),
  port: port().default(9464),
})

const doctor = section({
  canary: text(254).default(''),
  canary_seconds: integer(1, 3_600).default(60),
  disk_free_mib: integer(0, 1_000_000).default(1_024),
})

const policy = section({
  resend_cap_minutes: integer(30, 360).default(30),
  cut_off_hours: integer(0, 8_760).default(0),
})

export const configSchema = section({
  server: server.prefault({}),
  store: store.prefault({}),
  log: log.prefault({}),
  admin: admin.prefault({}),
  smtp: smtp.prefault({}),
  delivery: delivery.prefault({}),
  imap_server: imapServer.prefault({}),
  imap: imap.prefault({}),
  ldap: ldap.prefault({}),
  agent: agent.prefault({}),
  relay: relay.prefault({}),
  relay_client: relayClient.prefault({}),
  activation: activation.prefault({}),
  invitation: invitation.prefault({}),
  http: http.prefault({}),
  doctor: doctor.prefault({}),
  policy: policy.prefault({}),
})

/** The whole configuration. Paths are absolute once `load.ts` has resolved them. */
export type Config = z.output<typeof configSchema>
export type SmtpRoute = z.output<typeof smtpRoute>
