/**
 * What the audit log says of each operation: one row per operation, `reads` for those that change nothing. Values are
 * picked by name, so that a password, key or token gets in only where somebody wrote its name here; a test plants secrets
 * in everything an operation is given and gives, and looks for them in the log.
 */
import { sha256 } from '#crypto/hash.ts'
import { toHex, utf8 } from '#kernel/bytes.ts'
import { type ActRule, field, first, isPlain, type Json, pick, reads, text } from './rule.ts'
import { changedUser, peopleAuditRules } from './rules-people.ts'
import { policyAuditRules } from './rules-policy.ts'

/** SHA-256 of the addresses, one a line. */
function digestOf(rows: unknown): string {
  const addresses = Array.isArray(rows) ? rows.map((row) => `${text(field(row, 'address'))}\n`) : []
  return toHex(sha256(utf8(addresses.join(''))))
}

const user = ['address', 'displayName', 'aliases'] as const
const issued = ['expiresAtMs', 'notBeforeMs', 'addresses', 'replaced'] as const
const terms = ['hours', 'pin', 'notBeforeMs', 'tries'] as const
const mailTo = ['to', 'instructionsTo', 'language'] as const
const askedPassword = (how: unknown): Json => {
  const sent = field(how, 'send')
  return { ...Object(pick(how, ...terms)), ...(sent === undefined ? {} : { send: pick(sent, ...mailTo) }) }
}
const ofPassword = (place: number): ActRule => ({
  ...ofUser,
  asked: (args) => askedPassword(args[place]),
  after: (result) => pick(result, ...issued),
})
const account = ['name', 'role', 'disabled'] as const

const userBefore: ActRule['before'] = async (admin, args) =>
  pick(await admin.users.show(text(first(args))), ...user)
const accountBefore: ActRule['before'] = async (admin, args) =>
  pick(await admin.accounts.show(text(first(args))), ...account)
const ofUser: ActRule = {
  on: (args, result) => field(result, 'address') ?? first(args),
}
const accessRule: ActRule = { on: first, after: (result) => pick(result, 'kind', 'value', 'verdict') }
const ofAccount: ActRule = { on: first, before: accountBefore, after: (result) => pick(result, ...account) }

export const auditRules: Readonly<Record<string, ActRule | typeof reads>> = {
  status: reads,
  doctor: {
    when: ([options]) => field(options, 'canary') !== false,
    asked: ([options]) => pick(options, 'canary'),
  },
  'users.add': {
    on: ([input], result) => field(result, 'address') ?? field(input, 'address'),
    asked: ([input]) => pick(input, ...user),
    after: (result) => pick(result, ...user),
  },
  'users.list': reads,
  'users.show': reads,
  'users.remove': { ...ofUser, before: userBefore },
  'users.setMailboxPassword': ofUser,
  'users.removeMailboxPassword': ofUser,
  'users.import': {
    when: ([, options]) => field(options, 'dryRun') !== true,
    asked: ([rows, options]) => ({
      rows: Array.isArray(rows) ? rows.length : 0,
      // Rows have lines of their own by and by; this says from the beginning which they are.
      digest: digestOf(rows),
      passwords:
        field(options, 'passwords') === undefined ? null : askedPassword(field(options, 'passwords')),
    }),
    each: (item) => changedUser(item, { password: (field(item, 'password') ?? null) !== null }),
  },
  'passwords.set': ofPassword(2),
  'passwords.generate': ofPassword(1),
  'passwords.send': ofPassword(1),
  'passwords.rowsOfGroup': reads,
  'passwords.generateMany': {
    asked: ([rows, how]) => ({
      rows: Array.isArray(rows) ? rows.length : 0,
      digest: digestOf(rows),
      ...Object(askedPassword(how)),
      replace: field(how, 'replace') === true,
    }),
    each: (item) => ({
      on: text(field(item, 'address')),
      outcome: text(field(field(item, 'fault'), 'code')) || 'ok',
      after: pick(item, 'outcome'),
    }),
  },
  'passwords.revoke': ofUser,
  'activations.list': reads,
  'activations.show': reads,
  'activations.explain': reads,
  'activations.approve': {
    ...ofUser,
    asked: ([, pin]) => ({ pin: text(pin) }),
    after: (result) => pick(result, 'pin', 'waiting'),
  },
  'activations.watch': reads,
  'access.deny': accessRule,
  'access.allow': accessRule,
  'access.remove': accessRule,
  'access.setDefault': {
    asked: ([verdict]) => ({ verdict: text(verdict) }),
    before: async (admin) => ({ verdict: (await admin.access.list()).fallback }),
  },
  'access.check': reads,
  'access.list': reads,
  'handhelds.list': reads,
  'handhelds.show': reads,
  'keys.list': reads,
  'keys.certificates': reads,
  'keys.rotateStorageKey': { after: (result) => pick(result, 'rows') },
  'keys.roll': { on: first, after: (result) => pick(result, 'pins') },
  ...peopleAuditRules,
  ...policyAuditRules,
  'mailboxes.generatePassword': ofUser,
  'srp.add': {
    on: (args, result) => field(result, 'srpId') ?? first(args),
    asked: ([, domains, options]) => ({
      domains: isPlain(domains) ? domains : null,
      ...Object(pick(options, 'replace')),
    }),
    before: async (admin, args) =>
      pick(
        (await admin.srp.list()).find(({ srpId }) => srpId === text(first(args)).trim().toUpperCase()),
        'domains',
      ),
    after: (result) => pick(result, 'domains'),
  },
  'srp.list': reads,
  'srp.resume': { on: first },
  'database.backup': { asked: ([path]) => ({ path: text(path) }), after: (result) => pick(result, 'bytes') },
  'database.verify': reads,
  'database.migrate': { after: (result) => pick(result, 'applied', 'version') },
  'audit.list': reads,
  'audit.verify': reads,
  'audit.export': {},
  'accounts.add': {
    on: ([input]) => field(input, 'name'),
    asked: ([input]) => pick(input, 'role'),
    after: (result) => pick(result, ...account),
  },
  'accounts.list': reads,
  'accounts.show': reads,
  'accounts.setPassword': { on: first },
  'accounts.setRole': { ...ofAccount, asked: ([, role]) => ({ role: text(role) }) },
  'accounts.disable': ofAccount,
  'accounts.enable': ofAccount,
  'accounts.remove': { on: first, before: accountBefore },
  'tokens.add': {
    on: ([input]) => field(input, 'name'),
    asked: ([input]) => pick(input, 'role', 'hours'),
    after: (result) => pick(result, 'id', 'role', 'expiresAtMs'),
  },
  'tokens.list': reads,
  'tokens.revoke': { on: first, after: (result) => pick(result, 'name', 'role') },
}
