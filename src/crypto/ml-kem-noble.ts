/** ML-KEM-768 in portable JavaScript: what a server answers with, and the cross-check of `ml-kem-node.ts`. */
import { ml_kem768 as kem } from '@noble/post-quantum/ml-kem.js'
import type { MlKem } from './ml-kem.ts'

export const nobleMlKem: MlKem = {
  encapsulationKey: (seed) => kem.keygen(seed).publicKey,
  encapsulate: (encapsulationKey, m) => {
    try {
      const { cipherText, sharedSecret } = kem.encapsulate(encapsulationKey, m)
      return { ciphertext: cipherText, secret: sharedSecret }
    } catch {
      return null
    }
  },
  decapsulate: (seed, ciphertext) => kem.decapsulate(ciphertext, kem.keygen(seed).secretKey),
}
