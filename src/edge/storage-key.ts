/** The storage key: kept in a file outside the database, made at the first start, checked at every other. */
import { existsSync, linkSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  fitsStorageKey,
  openColumn,
  sealColumn,
  storageKeyBytes,
  storageKeyCheck,
} from '#crypto/sealed-column.ts'
import { Fault } from '#kernel/fault.ts'
import type { Random } from '#kernel/random.ts'
import type { Vault } from '#kernel/vault.ts'
import type { InstallationStore } from '#store/installation.ts'
import { syncDirectory, writeDurably } from './durable-file.ts'

/** The fact by which a key is known to be this database's; there from the first start on. */
export const checkName = 'storage_key_check'

/**
 * Reads the key file, or makes it where neither the file nor anything sealed with it exists.
 * @throws Fault storage_key.wrong where the key is not the database's
 */
export async function openVault(path: string, store: InstallationStore, random: Random): Promise<Vault> {
  const check = await store.find(checkName)
  const made = !existsSync(path)
  if (made && check) throw new Fault('storage_key.wrong', `${path} is missing`)
  const key = made ? makeKey(path, random) : readKey(path)
  const kept = check ?? (await store.keepFirst(checkName, storageKeyCheck(key)))
  const next = existsSync(nextPath(path)) ? readKey(nextPath(path)) : null
  if (next && fitsStorageKey(next, kept)) {
    finishRotation(path)
    return vaultOf([next], random)
  }
  if (!fitsStorageKey(key, kept)) throw new Fault('storage_key.wrong', path)
  // A rotation that was interrupted: both keys open, and what is sealed now need not be sealed anew.
  return vaultOf(next ? [next, key] : [key], random)
}

/** A key that comes from elsewhere: the first one there is becomes the database's. @throws Fault storage_key.wrong */
export async function vaultUnder(
  key: Uint8Array,
  where: string,
  store: InstallationStore,
  random: Random,
): Promise<Vault> {
  const kept = (await store.find(checkName)) ?? (await store.keepFirst(checkName, storageKeyCheck(key)))
  if (!fitsStorageKey(key, kept)) throw new Fault('storage_key.wrong', where)
  return vaultOf([key], random)
}

/** Seals under the first key; opens what any of them sealed. */
function vaultOf(keys: readonly [Uint8Array, ...Uint8Array[]], random: Random): Vault {
  return {
    seal: (context, plain) => sealColumn(keys[0], random, context, plain),
    open: (context, sealed) => {
      for (const key of keys) {
        const plain = openColumn(key, context, sealed)
        if (plain) return plain
      }
      return null
    },
  }
}

/** The new key of a rotation lies here until everything is sealed under it. */
const nextPath = (path: string): string => `${path}.next`

export interface Rotation {
  /** What is sealed under the old key, sealed under the new one; null where it is already. @throws Fault storage_key.wrong */
  turn(context: string, sealed: Uint8Array): Uint8Array | null
  /** Of the new key: once it is in the database, the database is the new key's. */
  readonly check: Uint8Array
}

/** Makes the new key, or goes on with the one that an interrupted rotation has made. */
export function beginRotation(path: string, random: Random): Rotation {
  const old = readKey(path)
  const next = existsSync(nextPath(path)) ? readKey(nextPath(path)) : makeKey(nextPath(path), random)
  return {
    turn: (context, sealed) => {
      if (openColumn(next, context, sealed)) return null
      const plain = openColumn(old, context, sealed)
      if (!plain) throw new Fault('storage_key.wrong', context)
      return sealColumn(next, random, context, plain)
    },
    check: storageKeyCheck(next),
  }
}

/** The new key takes the place of the old one, which is gone. */
export function finishRotation(path: string): void {
  renameSync(nextPath(path), path)
  syncDirectory(dirname(path))
}

function readKey(path: string): Uint8Array {
  const bytes = new Uint8Array(readFileSync(path))
  if (bytes.length !== storageKeyBytes)
    throw new Fault('storage_key.wrong', `${path} does not hold ${storageKeyBytes} bytes`)
  return bytes
}

/**
 * On disk, with its name in the directory, before anything is sealed with it. The file appears whole or not at all:
 * a crash leaves no half key, and of two first starts at once both end with one key.
 */
function makeKey(path: string, random: Random): Uint8Array {
  const key = random.bytes(storageKeyBytes)
  const draft = `${path}.${process.pid}.new`
  try {
    rmSync(draft, { force: true })
    writeDurably(draft, key)
    linkSync(draft, path)
    syncDirectory(dirname(path))
    return key
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return readKey(path)
    throw new Fault('store.unavailable', path, error)
  } finally {
    rmSync(draft, { force: true })
  }
}
