/** How one use case is called over the admin socket: what arrives is checked before it is used. */
import { Fault } from '#kernel/fault.ts'
import type { Admin } from '../admin.ts'

/** Longest text of one argument, in UTF-16 units; paths are the longest that are meant. */
const textLengthMax = 4_096
export const listMax = 1_000

export type Guard<T> = (value: unknown) => value is T
type Guards<A extends readonly unknown[]> = { readonly [K in keyof A]: Guard<A[K]> }

export type Call<R> = (admin: Admin, args: readonly unknown[], signal: AbortSignal) => R

export const text: Guard<string> = (value): value is string =>
  typeof value === 'string' && value.length <= textLengthMax
export const textOrNull: Guard<string | null> = (value): value is string | null =>
  value === null || text(value)
export const amount: Guard<number> = (value): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value)
export const flag: Guard<boolean> = (value): value is boolean => typeof value === 'boolean'
export const listOf =
  <T>(item: Guard<T>): Guard<readonly T[]> =>
  (value): value is readonly T[] =>
    Array.isArray(value) && value.length <= listMax && value.every(item)

/** An object with these fields and no others, each of which may be absent unless it is in `needed`. */
export const fields =
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

export const maybe =
  <T>(guard: Guard<T>): Guard<T | undefined> =>
  (value): value is T | undefined =>
    value === undefined || guard(value)

export function operation<A extends readonly unknown[], R>(
  guards: Guards<A>,
  call: (admin: Admin, args: A, signal: AbortSignal) => R,
): Call<R> {
  return (admin, args, signal) => {
    const fits = args.length <= guards.length && guards.every((guard, i) => guard(args[i]))
    if (!fits) throw new Fault('admin.usage', 'arguments do not have the form this version expects')
    return call(admin, args as A, signal)
  }
}
