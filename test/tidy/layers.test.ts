/** Who may import whom. The picture is in docs/architecture.md; this is the list it is held to. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { importsOf, type Source, sources } from './sources.ts'

/** Components each component may import; its own is always allowed. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  crypto: ['kernel'],
  protocol: ['kernel', 'crypto'],
  activation: ['kernel', 'protocol'],
  policy: ['kernel', 'protocol', 'activation'],
  rollover: ['kernel'],
  audit: ['kernel', 'crypto', 'protocol'],
  store: ['kernel', 'activation', 'rollover', 'audit'],
  mailbox: ['kernel', 'store'],
  'imap-server': ['kernel', 'crypto', 'store'],
  ingress: ['kernel', 'mailbox'],
  'smtp-client': ['kernel'],
  invitation: ['kernel', 'protocol', 'smtp-client'],
  relay: ['kernel', 'crypto', 'protocol', 'store', 'smtp-client'],
  agent: [
    'kernel',
    'crypto',
    'protocol',
    'activation',
    'policy',
    'rollover',
    'store',
    'mailbox',
    'relay',
    'invitation',
    'smtp-client',
  ],
  admin: ['kernel', 'crypto', 'protocol', 'activation', 'policy', 'rollover', 'audit', 'store', 'directory'],
  directory: ['kernel'],
  config: ['kernel', 'policy'],
  telemetry: ['kernel', 'protocol', 'activation', 'store'],
  http: ['kernel', 'crypto'],
  handheld: ['kernel', 'crypto', 'protocol', 'relay'],
  doctor: ['kernel', 'activation', 'admin', 'store', 'mailbox', 'handheld', 'directory'],
  edge: ['kernel', 'crypto', 'store', 'mailbox'],
  cli: ['kernel', 'activation', 'audit', 'admin', 'config', 'handheld', 'invitation'],
}

/** Each package has one owner: nobody else meets its types. */
const owners: Readonly<Record<string, string>> = {
  cborg: 'protocol',
  tr46: 'protocol',
  'node-forge': 'crypto',
  pkijs: 'crypto',
  asn1js: 'crypto',
  '@noble/curves': 'crypto',
  '@noble/post-quantum': 'crypto',
  'better-sqlite3': 'store',
  'smtp-server': 'ingress',
  ldapts: 'directory',
  imapflow: 'mailbox',
  mailparser: 'agent',
  ws: 'relay',
  nodemailer: 'smtp-client',
  qr: 'invitation',
  zod: 'config',
  'smol-toml': 'config',
  pino: 'telemetry',
  'prom-client': 'telemetry',
  hono: 'http',
  '@hono/node-server': 'http',
  commander: 'cli',
  '@clack/prompts': 'cli',
  'cli-table3': 'cli',
  'csv-parse': 'cli',
}

/** Files that only the composition imports: everybody else knows their port. */
const adapters = [
  /^#store\/sqlite\//,
  /^#mailbox\/(imap-mailbox|deliver-)/,
  /^#directory\/ldap-/,
  /^#telemetry\//,
  /^#edge\//,
]

/** What a handheld may know of the relay: its client, not its server. */
const relayClientSide = /^#relay\/(client|relay-client|link|memory-link|ws-dial)\.ts$/

const componentOf = (path: string): string | null => /^src\/([^/]+)\//.exec(path)?.[1] ?? null

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

function mistakes(source: Source): string[] {
  const component = componentOf(source.path)
  // The composition, directly below src and in its roles, may know everything.
  if (component === null || component === 'roles') return []
  return importsOf(source).flatMap((specifier) => {
    const why = mistake(component, specifier)
    return why ? [`${source.path}: '${specifier}' ${why}`] : []
  })
}

function mistake(component: string, specifier: string): string | null {
  if (specifier.startsWith('node:')) return null
  if (specifier.startsWith('.'))
    return specifier.startsWith('../..') ? 'leaves its component without its name' : null
  if (!specifier.startsWith('#')) return packageMistake(component, specifier)
  const target = specifier.slice(1).split('/')[0] ?? ''
  if (target === component) return 'names its own component: use ./'
  if (!allowed[component]?.includes(target)) return `is not for ${component}`
  if (adapters.some((adapter) => adapter.test(specifier))) return 'is an adapter: import its port'
  const strangerAtRelay = target === 'relay' && component === 'handheld' && !relayClientSide.test(specifier)
  return strangerAtRelay ? "is the relay's inside" : null
}

function packageMistake(component: string, specifier: string): string | null {
  const owner = owners[packageOf(specifier)]
  if (owner === undefined) return 'has no owner: name one'
  return owner === component ? null : `belongs to ${owner}`
}

test('every import stays inside the layers', () => {
  const all = sources('src')
  assert(all.length > 100, `${all.length} files read`)
  assert.deepEqual(all.flatMap(mistakes), [])
})

test('every component of src is in the list', () => {
  const components = new Set(sources('src').map(({ path }) => componentOf(path)))
  components.delete(null)
  components.delete('roles')
  for (const component of components) assert(component && component in allowed, `${component} has no row`)
})

const planted: readonly [string, string][] = [
  ['src/activation/planted.ts', "import { x } from '#store/store.ts'"],
  ['src/handheld/planted.ts', "import { reduce } from '#activation/reduce.ts'"],
  ['src/handheld/planted.ts', "import { x } from '#relay/server.ts'"],
  ['src/agent/planted.ts', "import { x } from '#store/sqlite/open.ts'"],
  ['src/agent/planted.ts', "import Sqlite from 'better-sqlite3'"],
  ['src/crypto/planted.ts', "import { x } from '../../relay/server.ts'"],
  ['src/kernel/planted.ts', "const x = await import('#crypto/hash.ts')"],
  ['src/kernel/planted.ts', "import leftpad from 'left-pad'"],
]
for (const [path, text] of planted)
  test(`a planted import is caught: ${text} in ${path}`, () => {
    assert.equal(mistakes({ path, text }).length, 1)
  })
