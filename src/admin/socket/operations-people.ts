/** Operations on users in numbers, groups and the directory. */

import type {
  GroupChange,
  ImportOptions,
  ImportRow,
  SyncOptions,
  UserChanges,
  UserQuery,
} from '../people/people.ts'
import { amount, type Call, fields, flag, listOf, maybe, operation, text } from './operation.ts'
import { passwordTerms } from './operation-terms.ts'

const userQuery = fields<UserQuery>({
  group: text,
  organisation: text,
  disabled: flag,
  directory: flag,
  search: text,
  after: text,
  limit: amount,
})
const userChanges = fields<UserChanges>({
  address: text,
  displayName: text,
  organisation: text,
  aliases: listOf(text),
  addAliases: listOf(text),
  removeAliases: listOf(text),
  enabled: flag,
  redirect: flag,
})
const importRow = fields<ImportRow>(
  {
    address: text,
    displayName: text,
    aliases: listOf(text),
    groups: listOf(text),
    organisation: text,
    enabled: flag,
  },
  ['address'],
)
const importOptions = fields<ImportOptions>({
  passwords: passwordTerms,
  dryRun: flag,
})
const groupChange = fields<GroupChange>({ name: text, description: text })
const syncOptions = fields<SyncOptions>({ dryRun: flag, removeMissing: flag, force: flag, adopt: flag })

export const peopleOperations: Readonly<Record<string, Call<Promise<unknown>>>> = {
  'users.list': operation([maybe(userQuery)], (admin, [which]) => admin.users.list(which)),
  'users.count': operation([maybe(userQuery)], (admin, [which]) => admin.users.count(which)),
  'users.change': operation([text, userChanges], (admin, [address, to]) => admin.users.change(address, to)),
  'groups.add': operation([text, maybe(text)], (admin, [name, description]) =>
    admin.groups.add(name, description),
  ),
  'groups.list': operation<[], Promise<unknown>>([], (admin) => admin.groups.list()),
  'groups.show': operation([text], (admin, [name]) => admin.groups.show(name)),
  'groups.change': operation([text, groupChange], (admin, [name, to]) => admin.groups.change(name, to)),
  'groups.remove': operation([text], (admin, [name]) => admin.groups.remove(name)),
  'groups.addUsers': operation([text, listOf(text)], (admin, [name, addresses]) =>
    admin.groups.addUsers(name, addresses),
  ),
  'groups.removeUsers': operation([text, listOf(text)], (admin, [name, addresses]) =>
    admin.groups.removeUsers(name, addresses),
  ),
}

export const peopleStreams: Readonly<Record<string, Call<AsyncIterable<unknown>>>> = {
  'users.import': operation([listOf(importRow), maybe(importOptions)], (admin, [rows, options]) =>
    admin.users.import(rows, options),
  ),
  'directory.sync': operation([maybe(syncOptions)], (admin, [options], signal) =>
    admin.directory.sync(options, signal),
  ),
}
