/** What the audit log says of acts on users in numbers, groups and the directory. */
import { type ActRule, field, first, isPlain, type Json, pick, reads, text } from './rule.ts'

const user = ['address', 'displayName', 'aliases', 'organisation', 'disabled', 'redirect'] as const
const group = ['name', 'description', 'members'] as const
const changes = [
  'address',
  'displayName',
  'organisation',
  'aliases',
  'addAliases',
  'removeAliases',
  'enabled',
  'redirect',
] as const

const plain = (value: unknown): Json => (isPlain(value) ? value : null)
const userBefore: ActRule['before'] = async (admin, args) =>
  pick(await admin.users.show(text(first(args))), ...user)
const groupBefore: ActRule['before'] = async (admin, args) =>
  pick(await admin.groups.show(text(first(args))), ...group)
const membersAfter: ActRule['after'] = (result) => ({ users: plain(field(result, 'changed')) })

/** Field by field, before and after. */
const fieldChanges = (said: unknown): Json =>
  Array.isArray(said) ? said.map((one) => pick(one, 'field', 'from', 'to')) : []

/** One line for each user of many who is otherwise now, and for each who was set aside. */
export const changedUser = (item: unknown, more: { readonly [name: string]: Json }) =>
  field(item, 'outcome') === 'unchanged'
    ? null
    : {
        on: text(field(item, 'address')),
        outcome: text(field(field(item, 'fault'), 'code')) || 'ok',
        after: {
          outcome: text(field(item, 'outcome')),
          changes: fieldChanges(field(item, 'changes')),
          ...more,
        },
      }

export const peopleAuditRules: Readonly<Record<string, ActRule | typeof reads>> = {
  'users.count': reads,
  'users.change': {
    on: (args, result) => field(field(result, 'user'), 'address') ?? first(args),
    before: userBefore,
    asked: ([, to]) => pick(to, ...changes),
    after: (result) => fieldChanges(field(result, 'changes')),
  },
  'groups.add': { on: first, asked: ([, description]) => ({ description: text(description) }) },
  'groups.list': reads,
  'groups.show': reads,
  'groups.change': { on: first, before: groupBefore, after: (result) => pick(result, ...group) },
  'groups.remove': { on: first, before: groupBefore },
  'groups.addUsers': { on: first, asked: ([, users]) => ({ users: plain(users) }), after: membersAfter },
  'groups.removeUsers': { on: first, asked: ([, users]) => ({ users: plain(users) }), after: membersAfter },
  'directory.sync': {
    when: ([options]) => field(options, 'dryRun') !== true,
    asked: ([options]) => pick(options, 'removeMissing', 'force', 'adopt'),
    each: (note) => (field(note, 'kind') === 'result' ? changedUser(field(note, 'result'), {}) : null),
  },
}
