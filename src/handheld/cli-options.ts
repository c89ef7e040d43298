/** Options as typed, turned into values. */
import { join, resolve } from 'node:path'
import type { Suite } from '#crypto/packet.ts'
import { Fault } from '#kernel/fault.ts'
import type { HandheldIo } from './cli-io.ts'
import type { PostQuantum } from './event.ts'
import type { RelayTrust } from './run.ts'
import { loadRelayTrust } from './trust.ts'

export type Options = Readonly<Record<string, unknown>>

/** The option as text; undefined where it was not given. */
export function textOption(options: Options, name: string): string | undefined {
  const value = options[name]
  return typeof value === 'string' ? value : undefined
}

export function countOption(options: Options, name: string, max: number): number {
  const text = textOption(options, name) ?? ''
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (value < 1 || value > max)
    throw new Fault('admin.usage', `--${name} must be a whole number from 1 to ${max}`)
  return value
}

const suites: ReadonlyMap<string, readonly Suite[]> = new Map([
  ['aes', [1]],
  ['3des', [2]],
  ['both', [1, 2]],
])

export function suiteOption(options: Options): readonly Suite[] {
  const offer = suites.get(textOption(options, 'suite') ?? 'aes')
  if (!offer) throw new Fault('admin.usage', '--suite must be aes, 3des or both')
  return offer
}

const isPostQuantum = (text: string): text is PostQuantum => ['off', 'optional', 'required'].includes(text)

export function postQuantumOption(options: Options): PostQuantum {
  const text = textOption(options, 'postQuantum') ?? 'optional'
  if (!isPostQuantum(text)) throw new Fault('admin.usage', '--post-quantum must be off, optional or required')
  return text
}

export function pathOption(io: HandheldIo, options: Options, name: string): string | undefined {
  const path = textOption(options, name)
  return path === undefined ? undefined : resolve(io.cwd, path)
}

/** The directory of this terminal's handheld. */
export const handheldDirectory = (io: HandheldIo, options: Options): string =>
  pathOption(io, options, 'dir') ?? join(io.dataDir(), 'handheld')

/** A command for the same handheld as it can be typed where this one was: without its `--dir` it would be another one's. */
export function sameHandheld(options: Options, command: string): string {
  const dir = textOption(options, 'dir')
  return `postkey handheld ${command}${dir === undefined ? '' : ` --dir ${quoted(dir)}`}`
}

const quoted = (text: string): string =>
  /^[\w./@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

/** @throws Fault handheld.no_relay */
export const relayOptions = (io: HandheldIo, options: Options): Promise<RelayTrust> =>
  loadRelayTrust(pathOption(io, options, 'trust') ?? join(io.dataDir(), 'handheld.json'), {
    url: textOption(options, 'relay'),
    relayId: textOption(options, 'relayId'),
    caFile: pathOption(io, options, 'ca'),
  })
