/**
 * ML-KEM-768 on node:crypto: the secret key stays inside OpenSSL. It draws the randomness of an encapsulation itself, so
 * that one, which holds no long secret, is left to the portable code.
 */
import { createPrivateKey, createPublicKey, decapsulate, type KeyObject } from 'node:crypto'
import { concat, fromHex } from '#kernel/bytes.ts'
import type { MlKem } from './ml-kem.ts'
import { nobleMlKem } from './ml-kem-noble.ts'

/** PKCS#8 with the seed alone (RFC 9935), up to the seed. */
const pkcs8Head = fromHex('3054020100300b060960864801650304040204428040')
/** What stands before the key in its SubjectPublicKeyInfo. */
const spkiHeadBytes = 22

const privateKey = (seed: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.from(concat(pkcs8Head, seed)), format: 'der', type: 'pkcs8' })

export const nodeMlKem: MlKem = {
  encapsulationKey: (seed) => {
    const spki = createPublicKey(privateKey(seed)).export({ format: 'der', type: 'spki' })
    return new Uint8Array(spki.subarray(spkiHeadBytes))
  },
  encapsulate: nobleMlKem.encapsulate,
  decapsulate: (seed, ciphertext) => new Uint8Array(decapsulate(privateKey(seed), ciphertext)),
}
