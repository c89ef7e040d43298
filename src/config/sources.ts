/**
 * Where configuration values come from: flags, environment, file. Each source is read into raw values by key,
 * still unjudged, with the mistakes that reading it showed.
 */
import { parse, TomlError } from 'smol-toml'
import { type ConfigKey, configKeys, environmentPrefix, findKey, sectionNames } from './keys.ts'
import { nearest } from './nearest.ts'

export type OriginKind = 'flag' | 'environment' | 'file' | 'default'

/** Where the value of a key was set; `at` names the flag, variable or file. */
export interface Origin {
  readonly kind: OriginKind
  readonly at: string
}

/** One thing wrong with the configuration, to be shown as it is. Secrets are never in it. */
export interface Mistake {
  readonly key: string
  readonly says: string
  readonly origin: Origin
}

export interface RawValue {
  readonly value: unknown
  readonly origin: Origin
}

export interface Source {
  readonly values: ReadonlyMap<string, RawValue>
  readonly mistakes: readonly Mistake[]
  readonly warnings: readonly string[]
}

/** Variables with our prefix that are no keys: the file itself, and where a test has the process die. */
const otherVariables: ReadonlySet<string> = new Set(['POSTKEY_CONFIG', 'POSTKEY_FAILPOINT', 'POSTKEY_TOKEN'])

export function readFlags(pairs: readonly string[]): Source {
  const values = new Map<string, RawValue>()
  const mistakes: Mistake[] = []
  for (const pair of pairs) {
    const split = pair.indexOf('=')
    const name = (split < 0 ? pair : pair.slice(0, split)).trim()
    const origin: Origin = { kind: 'flag', at: `--set ${name}` }
    const key = findKey(name)
    if (split < 0) mistakes.push({ key: name, says: 'is not of the form key=value', origin })
    else if (!key) mistakes.push(unknownKey(name, origin))
    else values.set(name, { value: fromText(key, pair.slice(split + 1)), origin })
  }
  return { values, mistakes, warnings: [] }
}

/**
 * Variables `POSTKEY_<SECTION>_<KEY>`; empty ones count as not set. One that resembles a key but is none is a
 * mistake; any other is only mentioned, since container platforms add variables of their own under our prefix.
 */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Source {
  const values = new Map<string, RawValue>()
  const mistakes: Mistake[] = []
  const warnings: string[] = []
  const known = new Map(configKeys.map((key) => [key.environment, key]))
  for (const [name, written] of Object.entries(env)) {
    if (!name.startsWith(environmentPrefix) || !written || otherVariables.has(name)) continue
    const origin: Origin = { kind: 'environment', at: name }
    const key = known.get(name)
    const near = nearestVariable(name, known.keys())
    if (key) values.set(key.name, { value: fromText(key, written), origin })
    else if (near) mistakes.push({ key: name, says: `is no known variable; did you mean ${near}?`, origin })
    else warnings.push(`${name} is not a variable of Postkey and is ignored`)
  }
  return { values, mistakes, warnings }
}

/** The prefix they all share says nothing about resemblance. */
function nearestVariable(name: string, known: Iterable<string>): string | null {
  const bare = (variable: string) => variable.slice(environmentPrefix.length)
  const near = nearest(bare(name), Array.from(known, bare))
  return near && environmentPrefix + near
}

export function readFileText(toml: string, file: string): Source {
  const origin: Origin = { kind: 'file', at: file }
  const values = new Map<string, RawValue>()
  const mistakes: Mistake[] = []
  const visit = (table: Readonly<Record<string, unknown>>, path: readonly string[]): void => {
    for (const [name, value] of Object.entries(table)) {
      const full = [...path, name].join('.')
      if (findKey(full)) values.set(full, { value, origin })
      else if (sectionNames.has(full) && isTable(value)) visit(value, [...path, name])
      else mistakes.push(unknownKey(full, origin))
    }
  }
  try {
    visit(parse(toml, { maxDepth: 16 }), [])
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const says = `is not valid TOML in line ${error.line}, column ${error.column}: ${firstLine(error.message)}`
    mistakes.push({ key: file, says, origin })
  }
  return { values, mistakes, warnings: [] }
}

function unknownKey(name: string, origin: Origin): Mistake {
  const near = nearest(name, [...configKeys.map((key) => key.name), ...sectionNames])
  const hint = near ? `; did you mean ${near}?` : '; `postkey config show` lists all keys'
  return { key: name, says: `is no known key${hint}`, origin }
}

/** A value as flags and variables write it. What does not fit stays text, for the schema to refuse. */
function fromText(key: ConfigKey, written: string): unknown {
  const text = written.trim()
  switch (key.kind) {
    case 'integer':
      return /^-?\d{1,15}$/.test(text) ? Number(text) : written
    case 'flag':
      return text === 'true' ? true : text === 'false' ? false : written
    case 'list':
      return text.startsWith('[')
        ? fromJson(text)
        : text === ''
          ? []
          : text.split(',').map((one) => one.trim())
    case 'tables':
      return fromJson(text)
    default:
      return written
  }
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const isTable = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)

const firstLine = (message: string): string =>
  (message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '')
