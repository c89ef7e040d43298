/**
 * Makes the configuration out of flags, environment, file and defaults, in this order of precedence, and keeps
 * where each value came from. All mistakes are found at once.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { z } from 'zod'
import { Fault } from '#kernel/fault.ts'
import { type ConfigKey, configKeys, isPathKey } from './keys.ts'
import { nearest } from './nearest.ts'
import { brokenRules, isRelativePath } from './rules.ts'
import { type Config, configSchema } from './schema.ts'
import {
  type Mistake,
  type Origin,
  type RawValue,
  readEnvironment,
  readFileText,
  readFlags,
  type Source,
} from './sources.ts'

export interface ConfigInput {
  /** `--config FILE`; without it POSTKEY_CONFIG, then the first of the usual places that exists, then no file. */
  readonly file?: string
  /** `--set key=value`, in their order. */
  readonly set: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** What relative paths of `--config` and `server.data_dir` start from. */
  readonly cwd: string
}

export interface LoadedConfig {
  readonly config: Config
  /** Where the value of each key (`smtp.port`) came from. */
  readonly origins: ReadonlyMap<string, Origin>
  /** The file that was read, or null. */
  readonly file: string | null
  readonly warnings: readonly string[]
}

export interface CheckedConfig {
  /** Null where a value cannot be used. */
  readonly loaded: LoadedConfig | null
  /** The file that was looked at, also where it cannot be read; null where there is none. */
  readonly file: string | null
  readonly mistakes: readonly Mistake[]
  readonly warnings: readonly string[]
}

/** Where a configuration file is looked for when none is named. */
export const usualFiles = ['./postkey.toml', '/etc/postkey/postkey.toml']

/** @throws Fault config.invalid with every mistake, one per line */
export function loadConfig(input: ConfigInput): LoadedConfig {
  const { loaded, mistakes } = checkConfig(input)
  if (loaded && mistakes.length === 0) return loaded
  throw new Fault('config.invalid', mistakes.map(sayMistake).join('\n'))
}

export const sayMistake = ({ key, says, origin }: Mistake): string =>
  origin.kind === 'default' ? `${key} ${says}` : `${key} ${says} (${origin.at})`

/** Reads and judges everything; never throws for what is written in the configuration. */
export function checkConfig(input: ConfigInput): CheckedConfig {
  const found = findFile(input)
  const sources = [readFlags(input.set), readEnvironment(input.env), readSourceFile(found)]
  const judged = configKeys.map((key) => judge(key, firstValue(key, sources)))
  const mistakes = [...sources, ...judged].flatMap((part) => part.mistakes)
  const warnings = sources.flatMap((source) => source.warnings)
  const file = found?.path ?? null
  if (judged.some((one) => one.mistakes.length > 0)) return { loaded: null, file, mistakes, warnings }
  const config = assemble(judged, input.cwd)
  const origins = new Map(judged.map(({ key, origin }) => [key.name, origin]))
  const clashes = brokenRules(config).map(({ key, says }) => ({ key, says, origin: originOf(origins, key) }))
  const loaded = { config, origins, file, warnings }
  return { loaded, file, mistakes: [...mistakes, ...clashes], warnings }
}

interface FoundFile {
  readonly path: string
  readonly origin: Origin
}

function findFile({ file, env, cwd }: ConfigInput): FoundFile | null {
  if (file) return { path: resolve(cwd, file), origin: { kind: 'flag', at: '--config' } }
  if (env.POSTKEY_CONFIG)
    return { path: resolve(cwd, env.POSTKEY_CONFIG), origin: { kind: 'environment', at: 'POSTKEY_CONFIG' } }
  const usual = usualFiles.map((name) => resolve(cwd, name)).find((path) => existsSync(path))
  return usual === undefined ? null : { path: usual, origin: { kind: 'default', at: usual } }
}

function readSourceFile(found: FoundFile | null): Source {
  if (!found) return { values: new Map(), mistakes: [], warnings: [] }
  try {
    return readFileText(readFileSync(found.path, 'utf8'), found.path)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const mistake = { key: found.path, says: `cannot be read: ${reason}`, origin: found.origin }
    return { values: new Map(), mistakes: [mistake], warnings: [] }
  }
}

const firstValue = (key: ConfigKey, sources: readonly Source[]): RawValue =>
  sources.map((source) => source.values.get(key.name)).find((raw) => raw !== undefined) ?? {
    value: undefined,
    origin: { kind: 'default', at: 'default' },
  }

interface Judged {
  readonly key: ConfigKey
  readonly origin: Origin
  readonly value: unknown
  readonly mistakes: readonly Mistake[]
}

function judge(key: ConfigKey, { value, origin }: RawValue): Judged {
  const parsed = key.schema.safeParse(value)
  if (parsed.success) return { key, origin, value: parsed.data, mistakes: [] }
  const mistakes = parsed.error.issues.flatMap((issue) => mistakesOf(key, issue, origin))
  return { key, origin, value: undefined, mistakes }
}

function mistakesOf(key: ConfigKey, issue: z.core.$ZodIssue, origin: Origin): Mistake[] {
  const name =
    key.name +
    issue.path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  if (issue.code !== 'unrecognized_keys') return [{ key: name, says: issue.message, origin }]
  return issue.keys.map((unknown) => {
    const near = nearest(unknown, key.columns)
    return {
      key: `${name}.${unknown}`,
      says: `is no known key${near ? `; did you mean ${near}?` : ''}`,
      origin,
    }
  })
}

/** Puts judged values into their sections, paths made absolute: the data directory's from `cwd`, the rest from it. */
function assemble(judged: readonly Judged[], cwd: string): Config {
  const tree: Record<string, unknown> = {}
  for (const { key, value } of judged) put(tree, key.path, value)
  const config = configSchema.parse(tree)
  const dataDir = resolve(cwd, config.server.data_dir)
  const absolute = (value: unknown) =>
    typeof value === 'string' && isRelativePath(value) ? join(dataDir, value) : value
  put(tree, ['server', 'data_dir'], dataDir)
  for (const { key, value } of judged) if (isPathKey(key.name)) put(tree, key.path, absolute(value))
  put(
    tree,
    ['relay', 'smtp_route'],
    config.relay.smtp_route.map((route) => ({
      ...route,
      ca_file: absolute(route.ca_file),
      password_file: absolute(route.password_file),
    })),
  )
  return configSchema.parse(tree)
}

function put(tree: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name, ...rest] = path
  if (name === undefined) return
  if (rest.length === 0) {
    tree[name] = value
    return
  }
  const below = (tree[name] ?? {}) as Record<string, unknown>
  tree[name] = below
  put(below, rest, value)
}

/** A clash may name a part of a key: `relay.smtp_route[0].host`. */
const originOf = (origins: ReadonlyMap<string, Origin>, key: string): Origin =>
  origins.get(key.replace(/\[.*$/, '')) ?? { kind: 'default', at: 'default' }
