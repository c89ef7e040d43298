/**
 * The store's generation, kept once more outside of the database: a backup that is restored a second time does not
 * know of the first. The larger of the two counts.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '#kernel/fault.ts'
import type { InstallationStore } from '#store/installation.ts'
import { replaceDurably } from './durable-file.ts'
import { checkName } from './storage-key.ts'

export interface RestoreEnv {
  readonly store: InstallationStore
  readonly dataDir: string
  readonly nowMs: number
  /** For a restored relay. */
  newRouteKeySealed(): Uint8Array
}

const generationFile = (dataDir: string): string => join(dataDir, 'generation')

/** Whether a database has been begun beside it, though it may be gone. */
export const hasGeneration = (dataDir: string): boolean => existsSync(generationFile(dataDir))

/**
 * To be called before the storage key is looked at: an empty database where there was one before is not begun anew,
 * for everything in it would be lost without a word.
 * @throws Fault store.empty
 */
export async function refuseEmptied(dataDir: string, store: InstallationStore): Promise<void> {
  const path = generationFile(dataDir)
  if (existsSync(path) && !(await store.find(checkName))) throw new Fault('store.empty', path)
}

/**
 * Where the database is a backup, or older than what this machine has seen, does what a restore asks for. The
 * generation is on disk outside of the database before anything can be sent under it.
 * @returns whether it was a restore
 * @throws Fault store.unavailable where the file cannot be read or written
 */
export async function continueGeneration(env: RestoreEnv): Promise<boolean> {
  const seen = readGeneration(generationFile(env.dataDir))
  const restored = await env.store.continueAfterRestore({
    routeKeySealed: env.newRouteKeySealed(),
    seenGeneration: seen ?? 0,
    nowMs: env.nowMs,
  })
  const generation = await env.store.generation()
  if (generation !== seen) writeGeneration(generationFile(env.dataDir), generation)
  return restored
}

function readGeneration(path: string): number | null {
  if (!existsSync(path)) return null
  const text = readFileSync(path, 'latin1').trim()
  if (!/^\d{1,9}$/.test(text)) throw new Fault('store.unavailable', `${path} does not hold a number`)
  return Number(text)
}

function writeGeneration(path: string, generation: number): void {
  try {
    replaceDurably(path, Buffer.from(`${generation}\n`))
  } catch (error) {
    throw new Fault('store.unavailable', path, error)
  }
}
