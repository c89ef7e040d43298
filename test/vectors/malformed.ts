/** Reads the samples of `malformed/*.json`. */
import { readdirSync, readFileSync } from 'node:fs'
import { fromHex } from '#kernel/bytes.ts'

/** A null fault means that the bytes are good, odd as they look. */
export interface MalformedSample {
  readonly name: string
  readonly decoder: string
  readonly bytes: Uint8Array
  readonly fault: string | null
}

const folder = new URL('malformed/', import.meta.url)

export const malformedFiles = (): readonly string[] =>
  readdirSync(folder).filter((file) => file.endsWith('.json'))

export function samplesOf(file: string): readonly MalformedSample[] {
  const written = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as readonly (Omit<
    MalformedSample,
    'bytes'
  > & { readonly bytes: string })[]
  return written.map((sample) => ({ ...sample, bytes: fromHex(sample.bytes) }))
}

export const malformedSamples = (): readonly MalformedSample[] => malformedFiles().flatMap(samplesOf)
