/** What differs between the configuration a process runs with and the one that is there now, files it names included. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { configKeys, findKey } from './keys.ts'
import type { Config } from './schema.ts'
import { valueAt } from './show.ts'

/** For each key that names files, what they held when they were looked at. */
export type FileMarks = ReadonlyMap<string, string>

/** To be taken before the files are read: what changes in between is then seen once more, and never missed. */
export const fileMarks = (config: Config): FileMarks =>
  new Map(
    configKeys.flatMap(({ name, path }) => {
      const files = filesIn(name, valueAt(config, path))
      return files.length > 0 ? [[name, files.map(markOf).join(' ')] as const] : []
    }),
  )

/** Names of keys whose value is another, or whose file holds something else; in the order of the schema. */
export function changedKeys(
  before: { readonly config: Config; readonly marks: FileMarks },
  after: { readonly config: Config; readonly marks: FileMarks },
): string[] {
  const said = (config: Config, path: readonly string[]) => JSON.stringify(valueAt(config, path))
  return configKeys
    .filter(
      ({ name, path }) =>
        said(before.config, path) !== said(after.config, path) ||
        before.marks.get(name) !== after.marks.get(name),
    )
    .map(({ name }) => name)
}

/** `config`, but for these keys, whose values are those of `other`. */
export function withKeysOf(config: Config, other: Config, names: readonly string[]): Config {
  const mixed = structuredClone(config)
  for (const name of names) {
    const { path = [] } = findKey(name) ?? {}
    const section = valueAt(mixed, path.slice(0, -1)) as Record<string, unknown>
    section[path.at(-1) ?? ''] = valueAt(other, path)
  }
  return mixed
}

/** The file of a `…_file` key, or those in a table of them. */
function filesIn(name: string, value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => filesIn(name, one))
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([column, below]) => filesIn(column, below))
  return name.endsWith('_file') && typeof value === 'string' && value !== '' ? [value] : []
}

function markOf(path: string): string {
  try {
    return createHash('sha256').update(readFileSync(path)).digest('base64')
  } catch {
    return 'unreadable'
  }
}
