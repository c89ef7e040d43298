/** The use cases by name, as they are called over the admin socket: what arrives is checked before it is used. */
import { Fault } from '#kernel/fault.ts'
import type { Admin, DoctorOptions, ImportResult, NewUserInput, PasswordTerms } from './admin.ts'
import type { ActivationView, DoctorNote } from './views.ts'

/** Longest text of one argument, in UTF-16 units; paths are the longest that are meant. */
const textLengthMax = 4_096
const listMax = 1_000

type Guard<T> = (value: unknown) => value is T
type Guards<A extends readonly unknown[]> = { readonly [K in keyof A]: Guard<A[K]> }

type Call<R> = (admin: Admin, args: readonly unknown[], signal: AbortSignal) => R

/** Rows of an import travel in requests of at most this many. */
export const importRowsMax = listMax

const text: Guard<string> = (value): value is string =>
  typeof value === 'string' && value.length <= textLengthMax
const amount: Guard<number> = (value): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value)
const flag: Guard<boolean> = (value): value is boolean => typeof value === 'boolean'
const listOf =
  <T>(item: Guard<T>): Guard<readonly T[]> =>
  (value): value is readonly T[] =>
    Array.isArray(value) && value.length <= listMax && value.every(item)

/** An object with these fields and no others, each of which may be absent unless it is in `needed`. */
const fields =
  <T extends object>(
    shape: { readonly [K in keyof Required<T>]: Guard<unknown> },
    needed: readonly (keyof T)[] = [],
  ) =>
  (value: unknown): value is T =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(value).every(
      ([name, field]) => Object.hasOwn(shape, name) && shape[name as keyof T](field),
    ) &&
    needed.every((name) => Object.hasOwn(value, name))

const maybe =
  <T>(guard: Guard<T>): Guard<T | undefined> =>
  (value): value is T | undefined =>
    value === undefined || guard(value)

const newUser = fields<NewUserInput>({ address: text, displayName: text, aliases: listOf(text) }, ['address'])
const terms = fields<PasswordTerms>({ hours: amount, pin: text })
const query = fields<{ of?: string; open?: boolean; limit?: number }>({ of: text, open: flag, limit: amount })
const watchQuery = fields<{ of?: string }>({ of: text })
const doctorOptions = fields<DoctorOptions>({ canary: flag }, ['canary'])
const srpOptions = fields<{ replace?: boolean }>({ replace: flag })

function operation<A extends readonly unknown[], R>(
  guards: Guards<A>,
  call: (admin: Admin, args: A, signal: AbortSignal) => R,
): Call<R> {
  return (admin, args, signal) => {
    const fits = args.length <= guards.length && guards.every((guard, i) => guard(args[i]))
    if (!fits) throw new Fault('admin.usage', 'arguments do not have the form this version expects')
    return call(admin, args as A, signal)
  }
}

/** Those that answer once. */
export const operations: Readonly<Record<string, Call<Promise<unknown>>>> = {
  status: operation<[], Promise<unknown>>([], (admin) => admin.status()),
  'users.add': operation([newUser], (admin, [user]) => admin.users.add(user)),
  'users.list': operation<[], Promise<unknown>>([], (admin) => admin.users.list()),
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
  'passwords.revoke': operation([text], (admin, [address]) => admin.passwords.revoke(address)),
  'activations.list': operation([maybe(query)], (admin, [which]) => admin.activations.list(which)),
  'activations.show': operation([text], (admin, [which]) => admin.activations.show(which)),
  'activations.explain': operation([text], (admin, [which]) => admin.activations.explain(which)),
  'activations.approve': operation([text, text], (admin, [address, pin]) =>
    admin.activations.approve(address, pin),
  ),
  'access.deny': operation([text], (admin, [what]) => admin.access.deny(what)),
  'access.allow': operation([text], (admin, [what]) => admin.access.allow(what)),
  'access.list': operation<[], Promise<unknown>>([], (admin) => admin.access.list()),
  'handhelds.list': operation<[], Promise<unknown>>([], (admin) => admin.handhelds.list()),
  'handhelds.show': operation([text], (admin, [pin]) => admin.handhelds.show(pin)),
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
}

/** Those that answer again and again. */
export const streams: Readonly<
  Record<string, Call<AsyncIterable<ImportResult | ActivationView | DoctorNote>>>
> = {
  'users.import': operation([listOf(newUser), maybe(terms)], (admin, [rows, passwords]) =>
    admin.users.import(rows, passwords),
  ),
  'activations.watch': operation([maybe(watchQuery)], (admin, [which], signal) =>
    admin.activations.watch(which, signal),
  ),
  doctor: operation([doctorOptions], (admin, [options], signal) => admin.doctor(options, signal)),
}
