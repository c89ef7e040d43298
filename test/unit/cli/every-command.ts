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
  /** Needs the handheld 2100AB3F of a user. */
  readonly handheld?: boolean
}

const alice = 'alice@example.test'
const addAlice = ['user', 'add', alice]
const withAlice = (...argv: readonly string[]): Typed => ({ argv, first: [addAlice] })
const order = (...argv: readonly string[]): Typed => ({ argv: ['2100AB3F', ...argv], handheld: true })
const sales: readonly string[] = ['policy', 'create', 'sales']
const addStaff: readonly string[] = ['group', 'add', 'Staff']
const password = 'correct horse battery\n'
const addMaria: readonly string[] = ['account', 'add', 'maria', '--role', 'auditor']

/** Not run here: they run until they are stopped, or are tested as programs of their own. */
export const apart: ReadonlySet<string> = new Set([
  'handheld activate',
  'handheld fleet',
  'handheld screen',
  'handheld run',
  'handheld unlock',
  'handheld set-password',
  'handheld lock-screen',
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
  'user export': withAlice(),
  'user import': { argv: ['-'], stdin: `${alice},Alice\n` },
  'user sync-ldap': { argv: [] },
  'user set': withAlice(alice, '--name', 'Alice'),
  'user disable': withAlice(alice),
  'user enable': withAlice(alice),
  'user redirect': withAlice(alice, 'off'),
  'group add': { argv: ['Staff'] },
  'group list': { argv: [] },
  'group show': { argv: ['Staff'], first: [addStaff] },
  'group rename': { argv: ['Staff', 'Crew'], first: [addStaff] },
  'group describe': { argv: ['Staff', 'Everybody'], first: [addStaff] },
  'group remove': { argv: ['Staff', '--yes'], first: [addStaff] },
  'group add-user': { argv: ['Staff', alice], first: [addStaff, addAlice] },
  'group remove-user': { argv: ['Staff', alice], first: [addStaff, addAlice] },
  'user mailbox-password': { ...withAlice(alice), stdin: 'a password\n' },
  'user remove': withAlice(alice, '--yes'),
  'password generate': withAlice(alice),
  'password set': { ...withAlice(alice), stdin: 'Correct Horse\n' },
  'password send': withAlice(alice),
  'password revoke': { argv: [alice], first: [addAlice, ['password', 'generate', alice]] },
  'activation list': { argv: [] },
  'activation show': { argv: [alice], first: [addAlice], code: 3 },
  'activation explain': withAlice(alice),
  'activation approve': { argv: [alice, '2100AB3F'], first: [addAlice, ['password', 'generate', alice]] },
  'activation watch': { argv: [] },
  'handheld list': { argv: [] },
  'handheld show': { argv: ['2100AB3F'], code: 3 },
  'handheld lock': order('--owner-text', 'Please call'),
  'handheld owner-text': order('Property of Acme'),
  'handheld wipe': order('--after', '60', '--yes'),
  'handheld cancel-wipe': { ...order(), first: [['handheld', 'wipe', '2100AB3F', '--yes']] },
  'handheld remove': order('--yes'),
  'handheld resend-policy': order(),
  'policy list': { argv: [] },
  'policy rules': { argv: [] },
  'policy show': { argv: ['default'] },
  'policy preview': withAlice(alice),
  'policy diff': { argv: ['default', 'sales'], first: [sales] },
  'policy history': { argv: ['default'] },
  'policy export': { argv: ['default'] },
  'policy create': { argv: ['sales'] },
  'policy set': { argv: ['sales', 'allow_browser=false', '--dry-run'], first: [sales] },
  'policy unset': { argv: ['sales', 'allow_browser'], first: [sales] },
  'policy import': { argv: ['sales', 'none.toml'], code: 1 },
  'policy restore': {
    argv: ['sales', '1'],
    first: [sales, ['policy', 'set', 'sales', 'allow_browser=false']],
  },
  'policy assign': { argv: ['sales', '--user', alice], first: [addAlice, sales] },
  'policy unassign': {
    argv: ['sales', '--user', alice],
    first: [addAlice, sales, ['policy', 'assign', 'sales', '--user', alice]],
  },
  'policy rank': { argv: ['sales', '1'], first: [sales] },
  'policy rename': { argv: ['sales', 'field-sales'], first: [sales] },
  'policy remove': { argv: ['sales', '--yes'], first: [sales] },
  'book list': order(),
  'book resend': order(),
  'book remove': order('CICAL'),
  'book restore': { ...order('CICAL'), first: [['book', 'remove', '2100AB3F', 'CICAL']] },
  'queue list': { argv: [], handheld: true, first: [['handheld', 'lock', '2100AB3F']] },
  'queue show': { argv: ['1'], handheld: true, first: [['handheld', 'lock', '2100AB3F']] },
  'queue cancel': { argv: ['1'], handheld: true, first: [['handheld', 'lock', '2100AB3F']] },
  'queue resend': { argv: ['1'], handheld: true, first: [['handheld', 'lock', '2100AB3F']] },
  'keys list': { argv: [], handheld: true },
  'keys certificates': { argv: [] },
  'keys roll': { argv: ['2100AB3F'], handheld: true },
  'keys rotate-storage-key': { argv: [] },
  'access deny': { argv: ['2100AB3F'] },
  'access allow': { argv: ['2100AB3F'], first: [['access', 'deny', '2100AB3F']] },
  'access list': { argv: [] },
  'access remove': { argv: ['2100AB3F'], first: [['access', 'deny', '2100AB3F']] },
  'access default': { argv: ['deny'] },
  'access check': { argv: ['2100AB3F'] },
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
