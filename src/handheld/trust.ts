/** The file by which handhelds on the same machine find and trust the relay: the server writes it, `activate` reads it. */
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { parseRelayId } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import { isMissing } from './file.ts'
import type { RelayTrust } from './run.ts'

/** Each given value takes the place of the file's. */
export interface TrustOptions {
  readonly url?: string | undefined
  readonly relayId?: string | undefined
  readonly caFile?: string | undefined
}

/** What the server writes as `handheld.json`. `caFile` may be relative to that file; leave it out for public CAs. */
export const relayTrustText = (trust: { url: string; relayId: string; caFile?: string }): string =>
  `${JSON.stringify({ relay_url: trust.url, relay_id: trust.relayId, ca_file: trust.caFile }, null, 2)}\n`

/**
 * The relay to use: options first, then the file at `path`.
 * @throws Fault handheld.no_relay
 */
export async function loadRelayTrust(path: string, options: TrustOptions): Promise<RelayTrust> {
  const file = await readTrustFile(path)
  const url = options.url ?? file.url
  const relayId = parseRelayId(options.relayId ?? file.relayId ?? '')
  if (url === undefined || !isRelayUrl(url))
    throw new Fault('handheld.no_relay', 'no URL like wss://relay.example:443')
  if (!relayId) throw new Fault('handheld.no_relay', 'no relay id')
  const caFile = options.caFile ?? (file.caFile && resolve(dirname(path), file.caFile))
  return { url, relayId, ...(caFile ? { ca: await readCa(caFile) } : {}) }
}

async function readTrustFile(path: string): Promise<TrustOptions> {
  let value: unknown
  try {
    value = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    if (isMissing(error)) return {}
    throw new Fault('handheld.no_relay', `${path} cannot be read`, error)
  }
  const text = (name: string): string | undefined => {
    const field: unknown = Reflect.get(Object(value), name)
    return typeof field === 'string' ? field : undefined
  }
  return { url: text('relay_url'), relayId: text('relay_id'), caFile: text('ca_file') }
}

const isRelayUrl = (url: string): boolean =>
  URL.canParse(url) && ['wss:', 'ws:'].includes(new URL(url).protocol)

async function readCa(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new Fault('handheld.no_relay', `the CA file ${path} cannot be read`, error)
  }
}
