/** Secrets are read from files only: never from the configuration, the environment or a flag. */
import { readFileSync, statSync } from 'node:fs'
import { Fault } from '#kernel/fault.ts'
import { configKeys } from './keys.ts'
import type { Clash } from './rules.ts'
import type { Config } from './schema.ts'
import { valueAt } from './show.ts'

const secretBytesMax = 4_096

/** Files made by Postkey itself when they do not exist yet. */
const madeByPostkey: ReadonlySet<string> = new Set(['store.storage_key_file'])

const secretKeys = /(?:password|passphrase|key|secret|token)_file$/

/**
 * The text of a secret file without the line end that editors add.
 * @throws Fault config.invalid where it is missing, empty or too long; never with its content
 */
export function readSecretFile(path: string): string {
  const secret = readWhole(path).replace(/\r?\n$/, '')
  if (secret === '') throw new Fault('config.invalid', `${path} is empty`)
  if (secret.length > secretBytesMax) throw new Fault('config.invalid', `${path} is too long for a secret`)
  return secret
}

/** Files that are named and cannot be read, and secrets that others on this machine may read. */
export function brokenFiles(config: Config): { mistakes: Clash[]; warnings: string[] } {
  const mistakes: Clash[] = []
  const warnings: string[] = []
  for (const { name, path } of configKeys.filter((key) => key.name.endsWith('_file'))) {
    const file = valueAt(config, path)
    if (typeof file !== 'string' || file === '') continue
    const mode = modeOf(file)
    if (mode === null && !madeByPostkey.has(name))
      mistakes.push({ key: name, says: `names ${file}, which cannot be read` })
    if (mode !== null && secretKeys.test(name) && (mode & 0o077) !== 0)
      warnings.push(`${file} (${name}) may be read by others; chmod 600 it`)
  }
  return { mistakes, warnings }
}

function readWhole(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new Fault('config.invalid', `${path} cannot be read`, error)
  }
}

function modeOf(path: string): number | null {
  try {
    return statSync(path).mode
  } catch {
    return null
  }
}
