/** An IT policy as a file: TOML with its rules, to be kept beside other configuration and compared. */
import { parse, stringify } from 'smol-toml'

export interface PolicyFile {
  readonly name: string | null
  readonly rules: Readonly<Record<string, unknown>>
}

export const writePolicyFile = (name: string, rules: Readonly<Record<string, unknown>>): string =>
  `${stringify({ name, rules })}\n`

/** Null where it is no TOML of that form; what the rules may be is not looked at. */
export function readPolicyFile(text: string): PolicyFile | null {
  const read = parsed(text)
  const { name = null, rules, ...others } = read ?? {}
  if (!isTable(rules) || Object.keys(others).length > 0) return null
  return typeof name === 'string' || name === null ? { name, rules } : null
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    return parse(text)
  } catch {
    return null
  }
}

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
