/** The list of configuration keys, read off the schema: names, kinds, defaults, and how each is written elsewhere. */
import { z } from 'zod'
import { assert } from '#kernel/assert.ts'
import { configSchema } from './schema.ts'

export type ValueKind = 'text' | 'integer' | 'flag' | 'list' | 'tables'

export interface ConfigKey {
  /** As in the file, with dots: `smtp.port`. */
  readonly name: string
  readonly path: readonly string[]
  readonly kind: ValueKind
  /** `POSTKEY_SMTP_PORT`. */
  readonly environment: string
  readonly defaultValue: unknown
  readonly schema: z.ZodType
  /** Keys of one table, for `tables`. */
  readonly columns: readonly string[]
}

export const environmentPrefix = 'POSTKEY_'

/** Every key in the order of the schema, which is that of `config/postkey.toml`. */
export const configKeys: readonly ConfigKey[] = keysBelow(configSchema, [])

const byName = new Map(configKeys.map((key) => [key.name, key]))

export const findKey = (name: string): ConfigKey | undefined => byName.get(name)

/** Names of all sections, `relay.smtp` among them. */
export const sectionNames: ReadonlySet<string> = new Set(
  configKeys.flatMap(({ path }) => path.slice(0, -1).map((_, depth) => path.slice(0, depth + 1).join('.'))),
)

/** Keys whose value is a path below `server.data_dir` unless it is absolute. */
export const isPathKey = (name: string): boolean =>
  name === 'store.path' ||
  name === 'invitation.templates_dir' ||
  /(?:^|[._])socket$/.test(name) ||
  name.endsWith('_file')

function keysBelow(schema: z.core.$ZodType, path: readonly string[]): ConfigKey[] {
  const inner = schema instanceof z.ZodPrefault ? schema.def.innerType : schema
  if (inner instanceof z.ZodObject)
    return Object.entries(inner.shape).flatMap(([name, below]) => keysBelow(below, [...path, name]))
  return [keyAt(inner, path)]
}

function keyAt(schema: z.core.$ZodType, path: readonly string[]): ConfigKey {
  assert(schema instanceof z.ZodDefault, `${path.join('.')} has no default`)
  const value = schema.def.innerType
  return {
    name: path.join('.'),
    path,
    kind: kindOf(value),
    environment: environmentPrefix + path.join('_').toUpperCase(),
    defaultValue: schema.def.defaultValue,
    schema,
    columns: value instanceof z.ZodArray ? columnsOf(value.def.element) : [],
  }
}

function kindOf(value: z.core.$ZodType): ValueKind {
  if (value instanceof z.ZodBoolean) return 'flag'
  if (value instanceof z.ZodNumber) return 'integer'
  if (!(value instanceof z.ZodArray)) return 'text'
  return value.def.element instanceof z.ZodObject ? 'tables' : 'list'
}

function columnsOf(element: z.core.$ZodType): string[] {
  return element instanceof z.ZodObject ? Object.keys(element.shape) : []
}
