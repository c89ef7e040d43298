/** The ephemeral secrets behind a server's offer: sealed while they wait for the answer, and erased with it. */
import { scalarBytes } from '#crypto/p256-scalar.ts'
import type { Pin } from '#kernel/brand.ts'
import { concat } from '#kernel/bytes.ts'
import { Fault } from '#kernel/fault.ts'
import type { Vault } from '#kernel/vault.ts'

export const offerContext = (pin: Pin, newKid: number): string => `rollover/${pin}/${newKid}`

export interface OfferSecrets {
  /** Of the offer's share. */
  readonly scalar: Uint8Array
  /** Of its ML-KEM key; empty where it has none. */
  readonly kemSeed: Uint8Array
}

export const sealOfferSecrets = (
  vault: Pick<Vault, 'seal'>,
  pin: Pin,
  newKid: number,
  { scalar, kemSeed }: OfferSecrets,
): Uint8Array => vault.seal(offerContext(pin, newKid), concat(scalar, kemSeed))

/** @throws Fault storage_key.wrong */
export function openOfferSecrets(
  vault: Pick<Vault, 'open'>,
  pin: Pin,
  newKid: number,
  sealed: Uint8Array,
): OfferSecrets {
  const plain = vault.open(offerContext(pin, newKid), sealed)
  if (!plain) throw new Fault('storage_key.wrong', `the offer of key ${newKid} for ${pin} does not open`)
  return { scalar: plain.slice(0, scalarBytes), kemSeed: plain.slice(scalarBytes) }
}
