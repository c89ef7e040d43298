/**
 * How each command can be typed, for the tests that run all of them. A new command needs a line here; the tests name the
 * one that is missing.
 */
export interface Typed {
  readonly argv: readonly string[]
  readonly stdin?: string
  /** Commands that come first. */
  readonly first?: readonly (readonly string[])[]
  /** Another exit code than 0. */
  readonly code?: number
}

const alice = 'alice@example.test'
const addAlice = ['user', 'add', alice]
const withAlice = (...argv: readonly string[]): Typed => ({ argv, first: [addAlice] })
const password = 'correct horse battery\n'
const addMaria: readonly string[] = ['account', 'add', 'maria', '--role', 'auditor']

/** Not run here: they run until they are stopped, or are tested as programs of their own. */
export const apart: ReadonlySet<string> = new Set([
  'handheld activate',
  'handheld fleet',
  'handheld screen',
  'serve',
  'agent',
  'relay',
  'smtp',
  'imap',
  'start',
  'demo',
])

export const everyCommand: Readonly<Record<string, Typed>> = {
  'user add': { argv: [alice] },
  'user list': withAlice(),
  'user show': withAlice(alice),
  'user mailbox-password': { ...withAlice(alice), stdin: 'a password\n' },
  'user remove': withAlice(alice, '--yes'),
  'password generate': withAlice(alice),
  'password set': { ...withAlice(alice), stdin: 'Correct Horse\n' },
  'password revoke': { argv: [alice], first: [addAlice, ['password', 'generate', alice]] },
  'activation list': { argv: [] },
  'activation show': { argv: [alice], first: [addAlice], code: 3 },
  'activation explain': withAlice(alice),
  'activation approve': { argv: [alice, '2100AB3F'], first: [addAlice, ['password', 'generate', alice]] },
  'activation watch': { argv: [] },
  'handheld list': { argv: [] },
  'handheld show': { argv: ['2100AB3F'], code: 3 },
  'access deny': { argv: ['2100AB3F'] },
  'access allow': { argv: ['2100AB3F'], first: [['access', 'deny', '2100AB3F']] },
  'access list': { argv: [] },
  'mailbox password': withAlice(alice),
  'srp add': { argv: ['S00000002', '--domain', 'branch.test'] },
  'srp list': { argv: [] },
  'srp resume': { argv: ['S00000002'], first: [['srp', 'add', 'S00000002', '--domain', 'branch.test']] },
  'account add': { argv: ['maria', '--role', 'auditor'], stdin: password },
  'account list': { argv: [], first: [addMaria] },
  'account show': { argv: ['maria'], first: [addMaria] },
  'account set-password': { argv: ['maria'], first: [addMaria], stdin: password },
  'account set-role': { argv: ['maria', 'helpdesk'], first: [addMaria] },
  'account disable': { argv: ['maria'], first: [addMaria] },
  'account enable': { argv: ['maria'], first: [addMaria] },
  'account remove': { argv: ['maria', '--yes'], first: [addMaria] },
  'token add': { argv: ['ci', '--role', 'auditor', '--hours', '4'] },
  'token list': { argv: [], first: [['token', 'add', 'ci', '--role', 'auditor', '--hours', '4']] },
  'token revoke': { argv: ['ci'], first: [['token', 'add', 'ci', '--role', 'auditor', '--hours', '4']] },
  login: { argv: ['maria'], first: [addMaria], stdin: password },
  logout: { argv: [], code: 77 },
  whoami: { argv: [] },
  'audit list': withAlice(),
  'audit verify': withAlice(),
  'audit export': { argv: ['audit.jsonl'], first: [addAlice] },
  status: { argv: [], code: 1 },
  doctor: { argv: ['--no-canary'] },
  'config check': { argv: [] },
  'config show': { argv: [] },
  'db migrate': { argv: [] },
  'db backup': { argv: ['copy.db'] },
  'db verify': { argv: [] },
  help: { argv: ['exit-codes'] },
  completion: { argv: ['bash'] },
}
