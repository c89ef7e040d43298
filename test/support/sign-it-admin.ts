/** What the Policy Service signs, signed here and now. */
import { sign } from 'node:crypto'
import type { Credential } from '#crypto/certificate.ts'
import { itAdminToSign } from '#crypto/policy-signature.ts'

export function signItAdmin(content: Uint8Array, signer: Credential, nowMs: number): Uint8Array {
  const { bytes, key, around } = itAdminToSign(content, signer, nowMs)
  return around(sign('sha256', bytes, key))
}
