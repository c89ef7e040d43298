/** The form of a row in the audit log's tables, and how their values are picked. */
import type { Admin } from '../admin.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

export interface ActRule {
  /** Whether these arguments ask for a change at all: a dry run does not. */
  when?(args: readonly unknown[]): boolean
  /** On whom: a user's address, a PIN, a name. */
  on?(args: readonly unknown[], result: unknown): unknown
  /** What was asked for. */
  asked?(args: readonly unknown[]): Json
  /** How it was; a fault of it is no fault of the act. */
  before?(admin: Admin, args: readonly unknown[]): Promise<Json>
  /** How it is now, from what the operation answered. */
  after?(result: unknown): Json
  /** For streams: the line that one of the answers is worth. */
  each?(item: unknown): { readonly on: string; readonly outcome: string; readonly after: Json } | null
}

export const reads = 'reads'

/** These fields of an object, as far as they are plain values or lists of them. */
export function pick(value: unknown, ...names: readonly string[]): Json {
  if (typeof value !== 'object' || value === null) return null
  const fields = names.flatMap((name) => {
    const field: unknown = Reflect.get(value, name)
    return isPlain(field) ? [[name, field] as const] : []
  })
  return Object.fromEntries(fields)
}

export const isPlain = (value: unknown): value is Json =>
  value === null ||
  ['string', 'number', 'boolean'].includes(typeof value) ||
  (Array.isArray(value) && value.every(isPlain))

export const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined

export const first = ([value]: readonly unknown[]): unknown => value
export const text = (value: unknown): string => (typeof value === 'string' ? value : '')
