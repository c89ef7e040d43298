/** The use cases by name, as they are called over the admin socket: what arrives is checked before it is used. */
import type { AccessVerdict } from '#activation/access.ts'
import type { BulkPasswordRow, BulkPasswordTerms, DoctorOptions, NewUserInput } from '../admin.ts'
import {
  amount,
  type Call,
  fields,
  flag,
  type Guard,
  listMax,
  listOf,
  maybe,
  operation,
  text,
} from './operation.ts'
import { termShape, passwordTerms as terms } from './operation-terms.ts'
import { accessOperations, accessStreams } from './operations-access.ts'
import { peopleOperations, peopleStreams } from './operations-people.ts'
import { policyOperations } from './operations-policy.ts'

/** Rows of an import travel in requests of at most this many. */
export const importRowsMax = listMax

const newUser = fields<NewUserInput>(
  { address: text, displayName: text, aliases: listOf(text), organisation: text, groups: listOf(text) },
  ['address'],
)
const bulkRow = fields<BulkPasswordRow>({ address: text, pin: text, to: text }, ['address'])
const bulkTerms = fields<BulkPasswordTerms>({ ...termShape, replace: flag, hide: flag })
const verdict: Guard<AccessVerdict> = (value): value is AccessVerdict => value === 'allow' || value === 'deny'
const query = fields<{ of?: string; open?: boolean; limit?: number }>({ of: text, open: flag, limit: amount })
const watchQuery = fields<{ of?: string }>({ of: text })
const doctorOptions = fields<DoctorOptions>({ canary: flag }, ['canary'])
const srpOptions = fields<{ replace?: boolean }>({ replace: flag })

/** Those that answer once. */
export const operations: Readonly<Record<string, Call<Promise<unknown>>>> = {
  status: operation<[], Promise<unknown>>([], (admin) => admin.status()),
  'users.add': operation([newUser], (admin, [user]) => admin.users.add(user)),
  ...peopleOperations,
  'users.show': operation([text], (admin, [address]) => admin.users.show(address)),
  'users.remove': operation([text], (admin, [address]) => admin.users.remove(address)),
  'users.setMailboxPassword': operation([text, text], (admin, [address, password]) =>
    admin.users.setMailboxPassword(address, password),
  ),
  'users.removeMailboxPassword': operation([text], (admin, [address]) =>
    admin.users.removeMailboxPassword(address),
  ),
  'passwords.set': operation([text, text, maybe(terms)], (admin, [address, password, how]) =>
    admin.passwords.set(address, password, how),
  ),
  'passwords.generate': operation([text, maybe(terms)], (admin, [address, how]) =>
    admin.passwords.generate(address, how),
  ),
  'passwords.send': operation([text, maybe(terms)], (admin, [address, how]) =>
    admin.passwords.send(address, how),
  ),
  'passwords.rowsOfGroup': operation([text], (admin, [group]) => admin.passwords.rowsOfGroup(group)),
  'passwords.revoke': operation([text], (admin, [address]) => admin.passwords.revoke(address)),
  'activations.list': operation([maybe(query)], (admin, [which]) => admin.activations.list(which)),
  'activations.show': operation([text], (admin, [which]) => admin.activations.show(which)),
  'activations.explain': operation([text], (admin, [which]) => admin.activations.explain(which)),
  'activations.approve': operation([text, text], (admin, [address, pin]) =>
    admin.activations.approve(address, pin),
  ),
  'access.deny': operation([text], (admin, [what]) => admin.access.deny(what)),
  'access.allow': operation([text], (admin, [what]) => admin.access.allow(what)),
  'access.remove': operation([text], (admin, [what]) => admin.access.remove(what)),
  'access.setDefault': operation([verdict], (admin, [which]) => admin.access.setDefault(which)),
  'access.check': operation([text, maybe(text)], (admin, [pin, device]) => admin.access.check(pin, device)),
  'access.list': operation<[], Promise<unknown>>([], (admin) => admin.access.list()),
  'handhelds.list': operation<[], Promise<unknown>>([], (admin) => admin.handhelds.list()),
  'handhelds.show': operation([text], (admin, [pin]) => admin.handhelds.show(pin)),
  ...policyOperations,
  'keys.certificates': operation<[], Promise<unknown>>([], (admin) => admin.keys.certificates()),
  'keys.list': operation<[], Promise<unknown>>([], (admin) => admin.keys.list()),
  'keys.rotateStorageKey': operation<[], Promise<unknown>>([], (admin) => admin.keys.rotateStorageKey()),
  'keys.roll': operation([text], (admin, [which]) => admin.keys.roll(which)),
  'mailboxes.generatePassword': operation([text], (admin, [address]) =>
    admin.mailboxes.generatePassword(address),
  ),
  'srp.add': operation([text, listOf(text), maybe(srpOptions)], (admin, [srpId, domains, options]) =>
    admin.srp.add(srpId, domains, options),
  ),
  'srp.list': operation<[], Promise<unknown>>([], (admin) => admin.srp.list()),
  'srp.resume': operation([text], (admin, [srpId]) => admin.srp.resume(srpId)),
  'database.backup': operation([text], (admin, [path]) => admin.database.backup(path)),
  'database.verify': operation<[], Promise<unknown>>([], (admin) => admin.database.verify()),
  'database.migrate': operation<[], Promise<unknown>>([], (admin) => admin.database.migrate()),
  ...accessOperations,
}

/** Those that answer again and again. */
export const streams: Readonly<Record<string, Call<AsyncIterable<unknown>>>> = {
  ...peopleStreams,
  'passwords.generateMany': operation([listOf(bulkRow), bulkTerms], (admin, [rows, how]) =>
    admin.passwords.generateMany(rows, how),
  ),
  'activations.watch': operation([maybe(watchQuery)], (admin, [which], signal) =>
    admin.activations.watch(which, signal),
  ),
  ...accessStreams,
  doctor: operation([doctorOptions], (admin, [options], signal) => admin.doctor(options, signal)),
}
