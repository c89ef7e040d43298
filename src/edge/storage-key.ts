/** The storage key: kept in a file outside the database, made at the first start, checked at every other. */
import { existsSync, linkSync, readFileSync, rmSync } from 'node:fs'
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
  if (!fitsStorageKey(key, kept)) throw new Fault('storage_key.wrong', path)
  return {
    seal: (context, plain) => sealColumn(key, random, context, plain),
    open: (context, sealed) => openColumn(key, context, sealed),
  }
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
