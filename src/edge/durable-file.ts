/** Small files that must outlive a power cut, for their owner alone. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** Writes a new file; it must not exist. */
export function writeDurably(path: string, bytes: Uint8Array): void {
  const file = openSync(path, 'wx', 0o600)
  try {
    writeSync(file, bytes)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Puts new bytes in the place of a file, or makes it: whole or not at all, and for good when this returns. */
export function replaceDurably(path: string, bytes: Uint8Array): void {
  const draft = `${path}.${process.pid}.new`
  try {
    rmSync(draft, { force: true })
    writeDurably(draft, bytes)
    renameSync(draft, path)
    syncDirectory(dirname(path))
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}

/** The names in a directory, as they are now, outlive a power cut. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
