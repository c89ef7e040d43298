/**
 * Who may do what: one row per operation. An operation without a row is the owner's alone. A test calls every operation
 * with every role over a real socket and holds the answers against this table.
 */
import type { Caller, RoleName } from './caller.ts'

export const roleNames: readonly RoleName[] = ['helpdesk', 'administrator', 'security', 'auditor']

export const roleWords: Readonly<Record<RoleName, string>> = {
  helpdesk: 'activation passwords and approvals; sees users, activations and handhelds',
  administrator: 'users, groups, mailboxes, the access list; and what the helpdesk may',
  security: 'keys, wipe and lock, policies, the access list, accounts and tokens; sees the audit log',
  auditor: 'sees everything, the audit log among it, and changes nothing',
}

const everybody = roleNames
const desk: readonly RoleName[] = ['helpdesk', 'administrator']
const administrators: readonly RoleName[] = ['administrator']
const security: readonly RoleName[] = ['security']
const both: readonly RoleName[] = ['administrator', 'security']
const auditing: readonly RoleName[] = ['security', 'auditor']
const ownerAlone: readonly RoleName[] = []

export const operationRoles: Readonly<Record<string, readonly RoleName[]>> = {
  status: everybody,
  doctor: both,
  'users.add': administrators,
  'users.list': everybody,
  'users.show': everybody,
  'users.remove': administrators,
  'users.setMailboxPassword': administrators,
  'users.removeMailboxPassword': administrators,
  'users.import': administrators,
  'users.count': everybody,
  'users.change': administrators,
  'groups.add': administrators,
  'groups.list': everybody,
  'groups.show': everybody,
  'groups.change': administrators,
  'groups.remove': administrators,
  'groups.addUsers': administrators,
  'groups.removeUsers': administrators,
  'directory.sync': administrators,
  'passwords.set': desk,
  'passwords.generate': desk,
  'passwords.send': desk,
  'passwords.rowsOfGroup': desk,
  'passwords.generateMany': desk,
  'passwords.revoke': desk,
  'activations.list': everybody,
  'activations.show': everybody,
  'activations.explain': everybody,
  'activations.approve': desk,
  'activations.watch': everybody,
  'access.deny': both,
  'access.allow': both,
  'access.remove': both,
  'access.setDefault': both,
  'access.check': everybody,
  'access.list': everybody,
  'handhelds.list': everybody,
  'handhelds.show': everybody,
  'handhelds.lock': security,
  'handhelds.setOwner': both,
  'handhelds.wipe': security,
  'keys.list': auditing,
  'keys.certificates': auditing,
  'keys.roll': security,
  'keys.rotateStorageKey': security,
  'handhelds.cancelWipe': security,
  'handhelds.remove': both,
  'handhelds.resendPolicy': both,
  'policies.rules': everybody,
  'policies.list': everybody,
  'policies.show': everybody,
  'policies.create': security,
  'policies.change': security,
  'policies.replace': security,
  'policies.restore': security,
  'policies.rename': security,
  'policies.remove': security,
  'policies.rank': security,
  'policies.assign': security,
  'policies.unassign': security,
  'policies.history': everybody,
  'policies.diff': everybody,
  'policies.preview': everybody,
  'queue.list': everybody,
  'queue.show': everybody,
  'queue.cancel': both,
  'queue.cancelGuarded': security,
  'queue.resend': both,
  'books.list': everybody,
  'books.resend': both,
  'books.remove': both,
  'books.restore': both,
  'mailboxes.generatePassword': administrators,
  'srp.add': security,
  'srp.list': everybody,
  'srp.resume': security,
  'database.backup': ownerAlone,
  'database.verify': everybody,
  'database.migrate': ownerAlone,
  'audit.list': auditing,
  'audit.verify': auditing,
  'audit.export': auditing,
  'accounts.add': security,
  'accounts.list': auditing,
  'accounts.show': auditing,
  'accounts.setPassword': security,
  'accounts.setRole': security,
  'accounts.disable': security,
  'accounts.enable': security,
  'accounts.remove': security,
  'tokens.add': security,
  'tokens.list': auditing,
  'tokens.revoke': security,
}

export function mayDo(role: Caller['role'], operation: string): boolean {
  if (role === 'owner' || role === 'system') return true
  const allowed = Object.hasOwn(operationRoles, operation) ? operationRoles[operation] : undefined
  return allowed?.includes(role) ?? false
}
