/** The use cases of policies, service books, the queue and commands by name: rows of the table in `operations.ts`. */

import type { LockTerms, PolicyAssignee, PolicyEdit, QueueQuery, WipeTerms } from '../policy/cases.ts'
import { amount, type Call, fields, flag, maybe, operation, text, textOrNull } from './operation.ts'

const edit = fields<PolicyEdit>({ note: text, dryRun: flag })
const assignee = fields<PolicyAssignee>({ group: text, user: text })
const query = fields<QueueQuery>({ of: text, all: flag, limit: amount })
const lockTerms = fields<LockTerms>({ password: text, ownerText: text })
const wipeTerms = fields<WipeTerms>({ afterMinutes: amount, organisationOnly: flag })

/** More than the catalogue will ever have. */
const rulesMax = 256

const record =
  <T>(item: (value: unknown) => value is T) =>
  (value: unknown): value is Readonly<Record<string, T>> =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).length <= rulesMax &&
    Object.entries(value).every(([name, one]) => text(name) && item(one))

/** What a rule may be is the catalogue's to say; here only that it is small. */
const ruleLike = (value: unknown): value is unknown =>
  ['boolean', 'number', 'string'].includes(typeof value) || (Array.isArray(value) && value.length <= rulesMax)

export const policyOperations: Readonly<Record<string, Call<Promise<unknown>>>> = {
  'policies.rules': operation<[], Promise<unknown>>([], (admin) => admin.policies.rules()),
  'policies.list': operation<[], Promise<unknown>>([], (admin) => admin.policies.list()),
  'policies.show': operation([text], (admin, [name]) => admin.policies.show(name)),
  'policies.create': operation([text, maybe(text)], (admin, [name, from]) =>
    admin.policies.create(name, from),
  ),
  'policies.change': operation([text, record(textOrNull), maybe(edit)], (admin, [name, changes, how]) =>
    admin.policies.change(name, changes, how),
  ),
  'policies.replace': operation([text, record(ruleLike), maybe(edit)], (admin, [name, rules, how]) =>
    admin.policies.replace(name, rules, how),
  ),
  'policies.restore': operation([text, amount, maybe(edit)], (admin, [name, revision, how]) =>
    admin.policies.restore(name, revision, how),
  ),
  'policies.rename': operation([text, text], (admin, [name, to]) => admin.policies.rename(name, to)),
  'policies.remove': operation([text], (admin, [name]) => admin.policies.remove(name)),
  'policies.rank': operation([text, amount], (admin, [name, rank]) => admin.policies.rank(name, rank)),
  'policies.assign': operation([text, assignee], (admin, [name, to]) => admin.policies.assign(name, to)),
  'policies.unassign': operation([text, assignee], (admin, [name, to]) => admin.policies.unassign(name, to)),
  'policies.history': operation([text], (admin, [name]) => admin.policies.history(name)),
  'policies.diff': operation([text, text], (admin, [one, other]) => admin.policies.diff(one, other)),
  'policies.preview': operation([text], (admin, [who]) => admin.policies.preview(who)),
  'queue.list': operation([maybe(query)], (admin, [which]) => admin.queue.list(which)),
  'queue.show': operation([amount], (admin, [id]) => admin.queue.show(id)),
  'queue.cancel': operation([amount], (admin, [id]) => admin.queue.cancel(id)),
  'queue.cancelGuarded': operation([amount], (admin, [id]) => admin.queue.cancelGuarded(id)),
  'queue.resend': operation([amount], (admin, [id]) => admin.queue.resend(id)),
  'books.list': operation([text], (admin, [pin]) => admin.books.list(pin)),
  'books.resend': operation([text], (admin, [pin]) => admin.books.resend(pin)),
  'books.remove': operation([text, text], (admin, [pin, cid]) => admin.books.remove(pin, cid)),
  'books.restore': operation([text, text], (admin, [pin, cid]) => admin.books.restore(pin, cid)),
  'handhelds.lock': operation([text, maybe(lockTerms)], (admin, [pin, terms]) =>
    admin.handhelds.lock(pin, terms),
  ),
  'handhelds.setOwner': operation([text, text], (admin, [pin, words]) =>
    admin.handhelds.setOwner(pin, words),
  ),
  'handhelds.wipe': operation([text, maybe(wipeTerms)], (admin, [pin, terms]) =>
    admin.handhelds.wipe(pin, terms),
  ),
  'handhelds.cancelWipe': operation([text], (admin, [pin]) => admin.handhelds.cancelWipe(pin)),
  'handhelds.remove': operation([text], (admin, [pin]) => admin.handhelds.remove(pin)),
  'handhelds.resendPolicy': operation([text], (admin, [pin]) => admin.handhelds.resendPolicy(pin)),
}
