/** RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2) by node:crypto: a signature with 3072 bits takes a millisecond. */
import { type KeyObject, sign } from 'node:crypto'

/** Signs `bytes`, which it hashes itself. */
export type RsaSign = (bytes: Uint8Array, key: KeyObject) => Promise<Uint8Array>

/** On a thread of its own, so that a thousand policies are signed while the server goes on answering. */
export const signOnThread: RsaSign = (bytes, key) =>
  new Promise((resolve, reject) =>
    sign('sha256', bytes, key, (error, signature) => (error ? reject(error) : resolve(signature))),
  )

/** Here and now: what runs by a clock of its own cannot wait for a thread. */
export const signAtOnce: RsaSign = async (bytes, key) => sign('sha256', bytes, key)
