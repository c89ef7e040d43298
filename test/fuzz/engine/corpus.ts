/**
 * The committed corpus: `corpus/<target>/found.hex` holds inputs that reached new blocks, `failed.hex` each that
 * ever broke a promise; one input in hexadecimal a line.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '..', 'corpus')

export type Shelf = 'found' | 'failed'

const fileOf = (target: string, shelf: Shelf): string => join(folder, target, `${shelf}.hex`)

export function readCorpus(target: string, shelf: Shelf): Uint8Array[] {
  const file = fileOf(target, shelf)
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
  return lines.map((line) => new Uint8Array(Buffer.from(line, 'hex')))
}

/** Writes the shelf anew, without doubles and in an order of its own, so that two runs differ only in what differs. */
export function writeCorpus(target: string, shelf: Shelf, inputs: readonly Uint8Array[]): void {
  const lines = new Set(inputs.map((input) => Buffer.from(input).toString('hex')))
  if (lines.size === 0) return
  mkdirSync(join(folder, target), { recursive: true })
  const sorted = [...lines].sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
  writeFileSync(fileOf(target, shelf), sorted.map((line) => `${line}\n`).join(''))
}
