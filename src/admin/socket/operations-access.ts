/** The use cases about administrators, as they are called over the admin socket. */

import type { AuditQuery, NewAccount, NewTokenInput } from '../access/cases.ts'
import { amount, type Call, fields, maybe, operation, text } from './operation.ts'

const auditQuery = fields<AuditQuery>({ by: text, on: text, what: text, sinceMs: amount, limit: amount })
const newAccount = fields<NewAccount>({ name: text, role: text, password: text }, [
  'name',
  'role',
  'password',
])
const newToken = fields<NewTokenInput>({ name: text, role: text, hours: amount }, ['name', 'role', 'hours'])

export const accessOperations: Readonly<Record<string, Call<Promise<unknown>>>> = {
  'audit.list': operation([maybe(auditQuery)], (admin, [query]) => admin.audit.list(query)),
  'audit.verify': operation([maybe(amount)], (admin, [at]) => admin.audit.verify(at)),
  'accounts.add': operation([newAccount], (admin, [account]) => admin.accounts.add(account)),
  'accounts.list': operation<[], Promise<unknown>>([], (admin) => admin.accounts.list()),
  'accounts.show': operation([text], (admin, [name]) => admin.accounts.show(name)),
  'accounts.setPassword': operation([text, text], (admin, [name, password]) =>
    admin.accounts.setPassword(name, password),
  ),
  'accounts.setRole': operation([text, text], (admin, [name, role]) => admin.accounts.setRole(name, role)),
  'accounts.disable': operation([text], (admin, [name]) => admin.accounts.disable(name)),
  'accounts.enable': operation([text], (admin, [name]) => admin.accounts.enable(name)),
  'accounts.remove': operation([text], (admin, [name]) => admin.accounts.remove(name)),
  'tokens.add': operation([newToken], (admin, [token]) => admin.tokens.add(token)),
  'tokens.list': operation<[], Promise<unknown>>([], (admin) => admin.tokens.list()),
  'tokens.revoke': operation([text], (admin, [which]) => admin.tokens.revoke(which)),
}

export const accessStreams: Readonly<Record<string, Call<AsyncIterable<string>>>> = {
  'audit.export': operation<[], AsyncIterable<string>>([], (admin) => admin.audit.export()),
}
