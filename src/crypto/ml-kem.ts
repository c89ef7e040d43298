/** ML-KEM-768 (FIPS 203) as the protocol uses it. Chance is handed in, so that the same input gives the same bytes. */

export const kemSeedBytes = 64
export const kemRandomBytes = 32
export const kemSecretBytes = 32

export interface MlKem {
  /** Of the seed d ‖ z, 64 random bytes; 1184 bytes. */
  encapsulationKey(seed: Uint8Array): Uint8Array
  /** `m`: 32 random bytes. Null where the key fails the check of FIPS 203, section 7.2. */
  encapsulate(encapsulationKey: Uint8Array, m: Uint8Array): Encapsulated | null
  /** 32 bytes for any ciphertext of 1088; a wrong one gives another secret than its maker's. */
  decapsulate(seed: Uint8Array, ciphertext: Uint8Array): Uint8Array
}

export interface Encapsulated {
  readonly ciphertext: Uint8Array
  readonly secret: Uint8Array
}
