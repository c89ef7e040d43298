/**
 * Arguments with which each operation can be called, for the tests that call all of them. A new operation needs a line
 * here; the tests name the one that is missing.
 */
import { everyPolicyOperation } from './every-operation-policy.ts'

export interface Given {
  /** Arguments; `secret` stands wherever a person could type a secret. */
  readonly args: (secret: string) => readonly unknown[]
  /** Called first, so that the operation finds what it works on. */
  readonly first?: readonly (readonly [string, ...unknown[]])[]
  /** A handheld of PIN 2100AB3F works for somebody. */
  readonly handheld?: true
}

const alice = 'alice@example.test'
const addAlice = ['users.add', { address: alice }] as const
const addSales = ['groups.add', 'Sales'] as const
const addSue = ['accounts.add', { name: 'sue', role: 'security', password: 'correct horse battery' }] as const
const addAnn = ['accounts.add', { name: 'ann', role: 'auditor', password: 'correct horse battery' }] as const
const addServer = ['srp.add', 'S00000007', ['branch.test']] as const

const none: Given = { args: () => [] }
const ofAlice: Given = { args: () => [alice], first: [addAlice] }

export const everyOperation: Readonly<Record<string, Given>> = {
  status: none,
  doctor: { args: () => [{ canary: true }] },
  'users.add': { args: () => [{ address: alice, displayName: 'Alice', aliases: ['al@example.test'] }] },
  'users.list': none,
  'users.show': ofAlice,
  'users.remove': ofAlice,
  'users.setMailboxPassword': { args: (secret) => [alice, secret], first: [addAlice] },
  'users.removeMailboxPassword': {
    args: () => [alice],
    first: [addAlice, ['users.setMailboxPassword', alice, 'a password']],
  },
  'users.import': { args: () => [[{ address: alice }, { address: 'nobody' }], { passwords: { hours: 5 } }] },
  'users.count': none,
  'users.change': { args: () => [alice, { displayName: 'Alice L.', enabled: false }], first: [addAlice] },
  'groups.add': { args: () => ['Sales', 'On the road'] },
  'groups.list': none,
  'groups.show': { args: () => ['Sales'], first: [addSales] },
  'groups.change': { args: () => ['Sales', { name: 'Field' }], first: [addSales] },
  'groups.remove': { args: () => ['Sales'], first: [addSales] },
  'groups.addUsers': { args: () => ['Sales', [alice]], first: [addSales, addAlice] },
  'groups.removeUsers': { args: () => ['Sales', [alice]], first: [addSales, addAlice] },
  'directory.sync': { args: () => [{}] },
  'passwords.set': { args: (secret) => [alice, secret, { hours: 3 }], first: [addAlice] },
  'passwords.generate': ofAlice,
  'passwords.send': { args: () => [alice, { send: { to: 'boss@example.test' } }], first: [addAlice] },
  'passwords.rowsOfGroup': { args: () => ['staff'] },
  'passwords.generateMany': {
    args: () => [[{ address: alice }, { address: 'nobody' }], { hours: 5 }],
    first: [addAlice],
  },
  'passwords.revoke': { args: () => [alice], first: [addAlice, ['passwords.generate', alice]] },
  'activations.list': none,
  'activations.show': { args: () => ['00ff'] },
  'activations.explain': ofAlice,
  'activations.approve': {
    args: () => [alice, '2100AB3F'],
    first: [addAlice, ['passwords.generate', alice]],
  },
  'activations.watch': none,
  'access.deny': { args: () => ['2100AB3F'] },
  'access.allow': { args: () => ['2100AB3F'], first: [['access.deny', '2100AB3F']] },
  'access.remove': { args: () => ['2100AB3F'], first: [['access.deny', '2100AB3F']] },
  'access.setDefault': { args: () => ['deny'] },
  'access.check': { args: () => ['2100AB3F', 'Acme 90'] },
  'access.list': none,
  'handhelds.list': none,
  'handhelds.show': { args: () => ['2100AB3F'] },
  'mailboxes.generatePassword': ofAlice,
  'srp.add': { args: () => ['S00000007', ['branch.test'], { replace: true }] },
  'srp.list': none,
  'srp.resume': { args: () => ['S00000007'], first: [addServer] },
  'database.backup': { args: () => ['/var/backups/postkey.db'] },
  'database.verify': none,
  'database.migrate': none,
  'keys.list': none,
  'keys.certificates': none,
  'keys.roll': { args: () => ['2100AB3F'], handheld: true },
  'keys.rotateStorageKey': none,
  ...everyPolicyOperation,
  'audit.list': { args: () => [{ limit: 10 }] },
  'audit.verify': none,
  'audit.export': none,
  'accounts.add': { args: (secret) => [{ name: 'bob', role: 'helpdesk', password: secret }] },
  'accounts.list': none,
  'accounts.show': { args: () => ['ann'], first: [addAnn] },
  'accounts.setPassword': { args: (secret) => ['ann', secret], first: [addAnn] },
  'accounts.setRole': { args: () => ['ann', 'helpdesk'], first: [addAnn] },
  'accounts.disable': { args: () => ['ann'], first: [addAnn] },
  'accounts.enable': { args: () => ['ann'], first: [addAnn] },
  'accounts.remove': { args: () => ['ann'], first: [addSue, addAnn] },
  'tokens.add': { args: () => [{ name: 'ci', role: 'auditor', hours: 24 }] },
  'tokens.list': none,
  'tokens.revoke': {
    args: () => ['ci'],
    first: [['tokens.add', { name: 'ci', role: 'auditor', hours: 24 }]],
  },
}
