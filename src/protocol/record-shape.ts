/** Shapes of records: maps with integer keys (and their extension rule) and arrays with fixed elements. */
import { assert } from '#kernel/assert.ts'
import { type Decoded, decoded, refused } from '#kernel/result.ts'
import { type CborKey, type CborMap, type CborValue, isCborArray, isCborMap } from './cbor.ts'
import type { Shape } from './shape.ts'

interface MapField<T, Optional extends boolean> {
  readonly key: number
  readonly shape: Shape<T>
  readonly optional: Optional
}

interface Element<T, Optional extends boolean> {
  readonly shape: Shape<T>
  readonly optional: Optional
}

type IsOptional<T, K extends keyof T> = Record<never, never> extends Pick<T, K> ? true : false
type MapFields<T> = { readonly [K in keyof T]-?: MapField<Exclude<T[K], undefined>, IsOptional<T, K>> }
export type Elements<T> = { readonly [K in keyof T]-?: Element<Exclude<T[K], undefined>, IsOptional<T, K>> }

export interface MapRules {
  /** The map begins with `1 => version`; another number is `bad_version`. */
  readonly version?: number
  /** `from32` ignores unknown keys ≥ 32 and refuses the others; `any` ignores every unknown integer key. */
  readonly unknownKeys?: 'from32' | 'any'
}

export const key = <T>(number: number, shape: Shape<T>): MapField<T, false> => ({
  key: number,
  shape,
  optional: false,
})

export const optionalKey = <T>(number: number, shape: Shape<T>): MapField<T, true> => ({
  key: number,
  shape,
  optional: true,
})

export const element = <T>(shape: Shape<T>): Element<T, false> => ({ shape, optional: false })

export const optionalElement = <T>(shape: Shape<T>): Element<T, true> => ({ shape, optional: true })

const extensionKeyMin = 32

/** A map with integer keys as an object with named fields. Ignored extension keys are not kept. */
export function keyed<T>(fields: MapFields<T>, rules: MapRules = {}): Shape<T> {
  const entries = fieldEntries<MapField<unknown, boolean>>(fields)
  const known = new Set<CborKey>(entries.map(([, field]) => field.key))
  if (rules.version !== undefined) known.add(1)
  return {
    read: (value, at) => {
      if (!isCborMap(value)) return refused('wrong_shape', at)
      const fault = checkVersion(value, rules, at) ?? checkUnknownKeys(value, known, rules, at)
      return fault ?? readFields(entries, (field) => value.get(field.key), at)
    },
    write: (record) => {
      const map = new Map<CborKey, CborValue>()
      if (rules.version !== undefined) map.set(1, rules.version)
      for (const [name, field] of entries) {
        const item = property(record, name)
        if (item !== undefined) map.set(field.key, field.shape.write(item))
      }
      return map
    },
  }
}

/**
 * An array `[...prefix, elements...]` as an object with named fields, in the order they are given.
 * Optional elements stand last; the array has exactly the elements shown. `version` is one more
 * number between prefix and elements; another one is `bad_version`.
 */
export function row<T>(first: readonly number[], elements: Elements<T>, version?: number): Shape<T> {
  const prefix = version === undefined ? first : [...first, version]
  const entries = fieldEntries<Element<unknown, boolean>>(elements)
  const positions = new Map(entries.map(([, field], i) => [field, prefix.length + i]))
  const min = prefix.length + entries.filter(([, field]) => !field.optional).length
  const max = prefix.length + entries.length
  return {
    read: (value, at) => {
      if (!isCborArray(value)) return refused('wrong_shape', at)
      if (first.some((number, i) => value[i] !== number)) return refused('wrong_shape', at)
      const found = value[first.length]
      if (typeof version === 'number' && typeof found === 'number' && found !== version)
        return refused('bad_version', at)
      if (prefix.some((number, i) => value[i] !== number) || value.length > max)
        return refused('wrong_shape', at)
      if (value.length < min) return refused('missing_field', at)
      return readFields(entries, (field) => value[positions.get(field) ?? max], at)
    },
    write: (record) => {
      const items = entries.map(([name]) => property(record, name))
      const firstLeftOut = items.indexOf(undefined)
      const count = firstLeftOut < 0 ? items.length : firstLeftOut
      assert(
        items.slice(count).every((item) => item === undefined),
        'optional elements are given from the left',
      )
      return [...prefix, ...entries.slice(0, count).map(([, field], i) => field.shape.write(items[i]))]
    },
  }
}

function checkVersion(value: CborMap, rules: MapRules, at: string): ReturnType<typeof refused> | null {
  if (rules.version === undefined) return null
  const version = value.get(1)
  if (version === undefined) return refused('missing_field', `${at}.version`)
  if (typeof version !== 'number') return refused('wrong_shape', `${at}.version`)
  return version === rules.version ? null : refused('bad_version', at)
}

function checkUnknownKeys(
  value: CborMap,
  known: ReadonlySet<CborKey>,
  rules: MapRules,
  at: string,
): ReturnType<typeof refused> | null {
  for (const name of value.keys()) {
    if (known.has(name)) continue
    if (typeof name !== 'number') return refused('unknown_field', at)
    if (rules.unknownKeys !== 'any' && name < extensionKeyMin)
      return refused('unknown_field', `${at}[${name}]`)
  }
  return null
}

function readFields<T, F extends Element<unknown, boolean>>(
  entries: readonly (readonly [string, F])[],
  rawOf: (field: F) => CborValue | undefined,
  at: string,
): Decoded<T> {
  const record: Record<string, unknown> = {}
  for (const [name, field] of entries) {
    const raw = rawOf(field)
    if (raw === undefined) {
      if (field.optional) continue
      return refused('missing_field', `${at}.${name}`)
    }
    const item = field.shape.read(raw, `${at}.${name}`)
    if (!item.ok) return item
    record[name] = item.value
  }
  return decoded(record as T)
}

const fieldEntries = <F>(fields: object): readonly (readonly [string, F])[] => Object.entries(fields)

const property = (record: unknown, name: string): unknown => (record as Record<string, unknown>)[name]
