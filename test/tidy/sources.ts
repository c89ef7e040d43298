/** The project's own source text, for tests that hold it to its rules. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

export interface Source {
  /** From the repository's root, with forward slashes. */
  readonly path: string
  readonly text: string
}

export const root = join(import.meta.dirname, '..', '..')

/** Every TypeScript file below `folders`. */
export function sources(...folders: readonly string[]): Source[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => ({ path: relative(root, file), text: readFileSync(file, 'utf8') })),
  )
}

export const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** What `source` imports, as written. */
export function importsOf({ text }: Source): string[] {
  const found = text.matchAll(/(?:from\s+|import\s*\(\s*|import\s+)'([^']+)'/g)
  return [...found].map(([, specifier = '']) => specifier)
}
