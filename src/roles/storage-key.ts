/** The storage key as the configuration says where it is. */

import type { Config } from '#config/schema.ts'
import { readSecretFile } from '#config/secret-file.ts'
import type { StorageKeySource } from '#edge/storage-key-source.ts'

/** @throws Fault config.invalid where the passphrase cannot be read */
export function storageKeySource({ store }: Config): StorageKeySource {
  switch (store.storage_key) {
    case 'file':
      return { kind: 'file', path: store.storage_key_file }
    case 'credential':
      return {
        kind: 'credential',
        name: store.storage_key_credential,
        directory: process.env.CREDENTIALS_DIRECTORY,
      }
    case 'passphrase':
      return { kind: 'passphrase', passphrase: readSecretFile(store.storage_key_passphrase_file) }
  }
}
