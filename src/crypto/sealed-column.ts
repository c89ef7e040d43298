/**
 * Seals secrets before they reach the database (registration records, master keys, Z and V), under a storage key
 * kept outside it: who copies the database alone reads none of them.
 */
import { utf8 } from '#kernel/bytes.ts'
import type { Random } from '#kernel/random.ts'
import { equalInConstantTime } from './equal.ts'
import { gcmNonceBytes, openBox, sealBox } from './gcm.ts'
import { hmacSha256 } from './hash.ts'

export const storageKeyBytes = 32

/** `context` names table, column and row; a value moved to another place does not open there. */
export const sealColumn = (
  storageKey: Uint8Array,
  random: Random,
  context: string,
  plaintext: Uint8Array,
): Uint8Array => sealBox(storageKey, random.bytes(gcmNonceBytes), utf8(context), plaintext)

/** The plaintext, or null under another key or context, or where a byte has changed. */
export const openColumn = (storageKey: Uint8Array, context: string, sealed: Uint8Array): Uint8Array | null =>
  openBox(storageKey, utf8(context), sealed)

/** Stored once in the database, so that a wrong storage key is noticed at start. It tells nothing about the key. */
export const storageKeyCheck = (storageKey: Uint8Array): Uint8Array =>
  hmacSha256(storageKey, utf8('postkey storage key check'))

/** Whether `check`, as stored, was made under this key; the caller raises `storage_key.wrong`. */
export const fitsStorageKey = (storageKey: Uint8Array, check: Uint8Array): boolean =>
  equalInConstantTime(storageKeyCheck(storageKey), check)
