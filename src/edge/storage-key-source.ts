/** Where the storage key comes from: a file of its own, a credential of the service manager, or a passphrase. */
import { scryptSync } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { storageKeyBytes } from '#crypto/sealed-column.ts'
import { fromHex } from '#kernel/bytes.ts'
import { Fault } from '#kernel/fault.ts'
import type { Random } from '#kernel/random.ts'
import type { Vault } from '#kernel/vault.ts'
import type { InstallationStore } from '#store/installation.ts'
import { openVault, vaultUnder } from './storage-key.ts'

export type StorageKeySource =
  | { readonly kind: 'file'; readonly path: string }
  /** `directory`: what the service manager calls CREDENTIALS_DIRECTORY. */
  | { readonly kind: 'credential'; readonly name: string; readonly directory: string | undefined }
  /** As in its file, line end taken off. */
  | { readonly kind: 'passphrase'; readonly passphrase: string }

const saltName = 'storage_key_salt'
const saltBytes = 16
/** 128 MiB and about half a second: a passphrase is chosen by a person, and this is done once for each start. */
const stretching = { N: 2 ** 17, r: 8, p: 1, maxmem: 160 * 1024 * 1024 }

/** @throws Fault storage_key.wrong where there is no key, or it is not the database's */
export async function openVaultFrom(
  source: StorageKeySource,
  store: InstallationStore,
  random: Random,
): Promise<Vault> {
  switch (source.kind) {
    case 'file':
      return openVault(source.path, store, random)
    case 'credential':
      return vaultUnder(credential(source), `the credential ${source.name}`, store, random)
    case 'passphrase': {
      const salt = (await store.find(saltName)) ?? (await store.keepFirst(saltName, random.bytes(saltBytes)))
      const key = scryptSync(source.passphrase.normalize('NFKC'), salt, storageKeyBytes, stretching)
      return vaultUnder(new Uint8Array(key), 'the passphrase', store, random)
    }
  }
}

/** 32 bytes as they are, or as 64 hex digits. */
function credential({ name, directory }: Extract<StorageKeySource, { kind: 'credential' }>): Uint8Array {
  const path = directory === undefined ? null : join(directory, name)
  if (!path || !existsSync(path))
    throw new Fault('storage_key.wrong', `the service manager gives no credential ${name}`)
  const bytes = readFileSync(path)
  if (bytes.length === storageKeyBytes) return new Uint8Array(bytes)
  const text = bytes.toString('latin1').trim()
  if (/^[0-9a-f]{64}$/i.test(text)) return fromHex(text.toLowerCase())
  throw new Fault('storage_key.wrong', `${path} holds neither ${storageKeyBytes} bytes nor 64 hex digits`)
}
