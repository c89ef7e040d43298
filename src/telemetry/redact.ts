/** The second fence around secrets: fields whose name says that they hold one are never written. */
import type { LogFields } from '#kernel/log.ts'

export const redacted = '[redacted]'

/** Judged by the last word of the name, so that `password_file` and `key_id` stay and `srpKey` goes. */
const secretWords: ReadonlySet<string> = new Set([
  'password',
  'passphrase',
  'passwd',
  'pass',
  'secret',
  'secrets',
  'key',
  'keys',
  'seed',
  'token',
  'tokens',
  'bearer',
  'assertion',
  'credential',
  'credentials',
  'authorization',
  'cookie',
  'record',
  'verifier',
  'w0',
  'w1',
  'l',
  'z',
  'v',
])

export function withoutSecrets(fields: LogFields): LogFields {
  if (!Object.keys(fields).some(isSecretName)) return fields
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, isSecretName(name) ? redacted : value]),
  )
}

/** Names are written in the code, so that they are few; each is judged once. */
const judged = new Map<string, boolean>()
const judgedMax = 1_000

export function isSecretName(name: string): boolean {
  const known = judged.get(name)
  if (known !== undefined) return known
  const secret = soundsSecret(name)
  if (judged.size < judgedMax) judged.set(name, secret)
  return secret
}

function soundsSecret(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
  return secretWords.has(words.at(-1) ?? '')
}
