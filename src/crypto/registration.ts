/** From an activation password to what each side keeps of it: the handheld's scalars, the server's record. */
import { assert } from '#kernel/assert.ts'
import type { KeyStretching } from './key-stretching.ts'
import { stretchedBytes, stretchingInput, stretchingSalt } from './key-stretching.ts'
import type { P256 } from './p256.ts'
import { isScalar, reduceScalar } from './p256-scalar.ts'
import type { ProverSecrets, RegistrationRecord } from './spake2plus.ts'
import { pointM, pointN } from './spake2plus-transcript.ts'

/** w0 and w1 from 80 stretched bytes; null where either is 0 modulo n, which the protocol refuses. */
export function secretsFromStretched(stretched: Uint8Array): ProverSecrets | null {
  assert(stretched.length === stretchedBytes, 'stretched password length')
  const w0 = reduceScalar(stretched.subarray(0, stretchedBytes / 2))
  const w1 = reduceScalar(stretched.subarray(stretchedBytes / 2))
  return isScalar(w0) && isScalar(w1) ? { w0, w1 } : null
}

/** L, w0·M and w0·N. Costs three multiplications; forget w1 afterwards. */
export const registrationRecord = (p256: P256, { w0, w1 }: ProverSecrets): RegistrationRecord => ({
  w0,
  l: p256.multiplyBase(w1),
  w0m: p256.multiply(pointM, w0),
  w0n: p256.multiply(pointN, w0),
})

/**
 * The handheld's side: w0 and w1 of a canonical password under a canonical address.
 * Rejects with InvariantError in the one case in 2^255 that the protocol refuses.
 */
export async function deriveSecrets(
  stretching: KeyStretching,
  email: string,
  password: string,
): Promise<ProverSecrets> {
  const salt = stretchingSalt(stretching.profile, email)
  const secrets = secretsFromStretched(await stretching.stretch(stretchingInput(password, email), salt))
  assert(secrets, 'stretched password gave a zero scalar')
  return secrets
}

/** The server's side, once per profile and address; the password is forgotten by whoever calls. */
export async function register(
  p256: P256,
  stretching: KeyStretching,
  email: string,
  password: string,
): Promise<RegistrationRecord> {
  return registrationRecord(p256, await deriveSecrets(stretching, email, password))
}
