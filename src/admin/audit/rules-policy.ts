/** What the audit log says of acts on policies, service books, the queue and handhelds: rows of `audit-rules.ts`. */
import { type ActRule, field, first, pick, reads, text } from './rule.ts'

const policy = ['name', 'rank', 'revision', 'groups', 'users', 'handhelds'] as const

const policyBefore: ActRule['before'] = async (admin, args) =>
  pick(await admin.policies.show(text(first(args))), ...policy)
const ofPolicy: ActRule = { on: first, before: policyBefore, after: (result) => pick(result, ...policy) }

/** Every rule that changed, as it was and as it is. */
const ofRules: ActRule = {
  on: first,
  when: (args) => args.every((arg) => field(arg, 'dryRun') !== true),
  asked: ([, , edit]) => pick(edit, 'note', 'dryRun'),
  after: (result) => {
    const { changes, dryRun } = result as { changes?: readonly unknown[]; dryRun?: boolean }
    return {
      dryRun: dryRun === true,
      changes: (changes ?? []).map((change) => pick(change, 'rule', 'before', 'after')),
    }
  },
}

const item = ['id', 'pin', 'user', 'kind', 'command', 'state'] as const
const ofItem: ActRule = {
  on: ([id], result) => (result as { pin?: string } | undefined)?.pin ?? `item ${Number(id)}`,
  asked: ([id]) => ({ id: Number(id) }),
  after: (result) => pick(result, ...item),
}
const ofCommand: ActRule = { on: first, after: (result) => pick(result, ...item) }
const ofBook: ActRule = { on: first, asked: ([, cid]) => ({ book: text(cid) }) }

export const policyAuditRules: Readonly<Record<string, ActRule | typeof reads>> = {
  'policies.rules': reads,
  'policies.list': reads,
  'policies.show': reads,
  'policies.create': { on: first, after: (result) => pick(result, ...policy, 'ruleCount') },
  'policies.change': ofRules,
  'policies.replace': ofRules,
  'policies.restore': { ...ofRules, asked: ([, revision]) => ({ revision: Number(revision) }) },
  'policies.rename': { ...ofPolicy, asked: ([, to]) => ({ to: text(to) }) },
  'policies.remove': { on: first, before: policyBefore },
  'policies.rank': { ...ofPolicy, asked: ([, rank]) => ({ rank: Number(rank) }) },
  'policies.assign': { ...ofPolicy, asked: ([, to]) => pick(to, 'group', 'user') },
  'policies.unassign': { ...ofPolicy, asked: ([, to]) => pick(to, 'group', 'user') },
  'policies.history': reads,
  'policies.diff': reads,
  'policies.preview': reads,
  'queue.list': reads,
  'queue.show': reads,
  'queue.cancel': ofItem,
  'queue.cancelGuarded': ofItem,
  'queue.resend': ofItem,
  'books.list': reads,
  'books.resend': { on: first },
  'books.remove': ofBook,
  'books.restore': ofBook,
  'handhelds.lock': {
    ...ofCommand,
    // The password itself is nobody's to read here; what stands on the locked screen is everybody's.
    asked: ([, terms]) => ({
      newPassword: field(terms, 'password') !== undefined,
      ownerText: text(field(terms, 'ownerText')) || null,
    }),
  },
  'handhelds.setOwner': { ...ofCommand, asked: ([, ownerText]) => ({ ownerText: text(ownerText) }) },
  'handhelds.wipe': {
    ...ofCommand,
    asked: ([, terms]) => pick(terms ?? {}, 'afterMinutes', 'organisationOnly'),
  },
  'handhelds.cancelWipe': ofCommand,
  'handhelds.remove': { on: first, after: (result) => pick(result, 'pin', 'user', 'state') },
  'handhelds.resendPolicy': ofCommand,
}
