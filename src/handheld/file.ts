/** A handheld in a directory of its own: `handheld.json`, written whole or not at all, and a lock against a second process. */
import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '#kernel/fault.ts'
import { takeLock } from './lock.ts'
import { decodeSaved, encodeSaved, type SavedHandheld } from './state-codec.ts'
import type { HandheldStorage } from './storage.ts'

const stateFile = 'handheld.json'
const lockFile = 'lock'

/**
 * Opens (or makes, mode 0700) the directory and takes its lock.
 * @throws Fault handheld.in_use while another process has it, handheld.storage where it cannot be written
 */
export async function openHandheldDirectory(dir: string): Promise<HandheldStorage> {
  const release = await onDisk(async () => {
    await mkdir(dir, { recursive: true, mode: 0o700 })
    return takeLock(join(dir, lockFile))
  })
  const path = join(dir, stateFile)
  return {
    load: () => readHandheld(dir),
    save: (saved) => onDisk(() => writeWhole(dir, path, encodeSaved(saved))),
    close: release,
  }
}

async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Fault) throw error
    throw new Fault('handheld.storage', error instanceof Error ? error.message : String(error), error)
  }
}

/** What the directory holds, without taking its lock: a whole state, if not the newest. */
export async function readHandheld(dir: string): Promise<SavedHandheld | null> {
  let text: string
  try {
    text = await readFile(join(dir, stateFile), 'utf8')
  } catch (error) {
    if (isMissing(error)) return null
    throw new Fault('handheld.damaged', String(error), error)
  }
  return decodeSaved(text)
}

/** Forgets everything the directory holds, its key included: the next start is a new handheld. */
export const removeHandheld = (dir: string): Promise<void> => rm(dir, { recursive: true, force: true })

/** A crash leaves the old file or the new one: the name changes only after the bytes are on the disk. */
async function writeWhole(dir: string, path: string, text: string): Promise<void> {
  const temporary = `${path}.new`
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await chmod(temporary, 0o600)
  await rename(temporary, path)
  await syncDirectory(dir)
}

/** The new name is on the disk only when its directory is. */
async function syncDirectory(dir: string): Promise<void> {
  const directory = await open(dir, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

export const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'
