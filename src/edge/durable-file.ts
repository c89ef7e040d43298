/** Small files that must outlive a power cut, for their owner alone. */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'

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

/** The names in a directory, as they are now, outlive a power cut. */
export function syncDirectory(path: string): void {
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
