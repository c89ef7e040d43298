/** The configuration as people see it: every key with its value and origin, secrets masked. */
import { configKeys } from './keys.ts'
import type { LoadedConfig } from './load.ts'
import type { Config } from './schema.ts'
import type { OriginKind } from './sources.ts'

export interface ShownKey {
  readonly key: string
  /** As TOML writes it. */
  readonly value: string
  readonly origin: OriginKind
  readonly at: string
}

export const masked = '********'

/**
 * Secrets live in files and only file names are in the configuration; a URL is the one value in which a person
 * could still write one, so what stands before its @ is masked.
 */
export function showConfig({ config, origins }: LoadedConfig): ShownKey[] {
  return configKeys.map(({ name, path }) => {
    const origin = origins.get(name) ?? { kind: 'default', at: 'default' }
    return {
      key: name,
      value: tomlValue(maskUrls(valueAt(config, path))),
      origin: origin.kind,
      at: origin.at,
    }
  })
}

export function valueAt(config: Config, path: readonly string[]): unknown {
  let value: unknown = config
  for (const part of path) value = (value as Readonly<Record<string, unknown>>)[part]
  return value
}

/** One value in TOML's own notation, tables inline. */
export function tomlValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(tomlValue).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).map(([name, field]) => `${name} = ${tomlValue(field)}`)
  return `{ ${fields.join(', ')} }`
}

const maskUrls = (value: unknown): unknown =>
  typeof value === 'string' ? value.replace(/^([a-z]+:\/\/)[^/@]*@/i, `$1${masked}@`) : value
