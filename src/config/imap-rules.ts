/** Which settings of `[imap]` go together: how the agent reaches mailboxes, and how it proves who it is. */
import { isAbsolute } from 'node:path'
import { isLoopback } from '#kernel/loopback.ts'
import type { Clash } from './rules.ts'
import type { Config } from './schema.ts'

type Imap = Config['imap']

/** Nothing of it counts for the embedded IMAP server. */
export function loginClashes(imap: Imap): Clash[] {
  if (imap.host === '') return []
  return [
    ...clash(
      !/\{(?:address|local)\}/.test(imap.login_name),
      'login_name',
      'must contain {address} or {local}, so that each user has a log-in of their own',
    ),
    ...passwordClashes(imap),
    ...(imap.auth === 'xoauth2' ? tokenClashes(imap) : unusedTokenKeys(imap)),
  ]
}

const clash = (broken: boolean, key: keyof Imap, says: string): Clash[] =>
  broken ? [{ key: `imap.${key}`, says }] : []

function passwordClashes({ access, auth, password_file }: Imap): Clash[] {
  if (access === 'per_user')
    return [
      ...clash(password_file !== '', 'password_file', 'has no use with access = "per_user"; leave it empty'),
      ...clash(
        auth === 'xoauth2',
        'auth',
        'must be "password" with access = "per_user"; for a token for each user set access = "authzid" and {address} in token_command',
      ),
    ]
  if (auth === 'xoauth2')
    return [
      ...clash(password_file !== '', 'password_file', 'has no use with auth = "xoauth2"; leave it empty'),
      ...clash(
        access === 'master',
        'access',
        'must not be "master" with auth = "xoauth2"; with "authzid" the log-in names the user\'s mailbox',
      ),
    ]
  return clash(
    password_file === '',
    'password_file',
    'must name the file with the password of the service account, since imap.host is set',
  )
}

const endpointKeys = [
  'token_ca_file',
  'client_id',
  'client_secret_file',
  'refresh_token_file',
  'scope',
] as const

function tokenClashes(imap: Imap): Clash[] {
  const byCommand = imap.token_command.length > 0
  const byUrl = imap.token_url !== ''
  if (byCommand && byUrl) return clash(true, 'token_command', 'and imap.token_url cannot both be set')
  if (byCommand) return [...commandClashes(imap), ...unused(imap, endpointKeys, 'without imap.token_url')]
  if (byUrl) return endpointClashes(imap)
  return clash(true, 'token_command', 'or imap.token_url must be set, since auth is "xoauth2"')
}

function commandClashes({ access, token_command: [program = '', ...args] }: Imap): Clash[] {
  const perUser = args.some((arg) => arg.includes('{address}'))
  return [
    ...clash(!isAbsolute(program), 'token_command', 'must begin with the absolute path of a program'),
    ...clash(
      perUser && access !== 'authzid',
      'token_command',
      'may hold {address} with access = "authzid" only, where each user has a log-in',
    ),
  ]
}

function endpointClashes(imap: Imap): Clash[] {
  return [
    ...clash(
      !isTokenUrl(imap.token_url),
      'token_url',
      'must be a URL that begins with https:// and holds no password',
    ),
    ...clash(imap.client_id === '', 'client_id', 'must be set, since imap.token_url is'),
    ...clash(
      imap.client_secret_file === '' && imap.refresh_token_file === '',
      'refresh_token_file',
      'or imap.client_secret_file must be set, since imap.token_url is',
    ),
  ]
}

/** Plain HTTP stays on this machine. */
function isTokenUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password } = new URL(text)
  const safe = protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))
  return safe && username === '' && password === ''
}

const unusedTokenKeys = (imap: Imap): Clash[] =>
  unused(imap, ['token_command', 'token_url', ...endpointKeys], 'with auth = "password"')

const unused = (imap: Imap, keys: readonly (keyof Imap)[], why: string): Clash[] =>
  keys.flatMap((key) => clash(imap[key].toString() !== '', key, `has no use ${why}; leave it empty`))
