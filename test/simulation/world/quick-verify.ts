/**
 * Reads the content out of a signed policy without checking its signature: the real check takes ten times as long as
 * the rest of an activation, and has its own tests. Every tenth seed pays for the real one.
 */
import { verifyPolicySignature } from '#crypto/policy-verify.ts'
import { assert } from '#kernel/assert.ts'

export const verifierFor = (seed: number): typeof verifyPolicySignature =>
  seed % 10 === 0 ? verifyPolicySignature : quickVerify

const quickVerify: typeof verifyPolicySignature = async (cms) => ({ ok: true, value: contentOf(cms) })

/** ContentInfo → [0] → SignedData → the third element, EncapsulatedContentInfo → [0] → OCTET STRING (RFC 5652). */
function contentOf(cms: Uint8Array): Uint8Array {
  const signedData = child(child(child(cms, 0), 1), 0)
  return child(child(child(signedData, 2), 1), 0)
}

/** The content of the `index`-th element of a run of DER elements. */
function child(bytes: Uint8Array, index: number): Uint8Array {
  let rest = bytes
  for (let i = 0; ; i += 1) {
    const short = rest[1]
    assert(short !== undefined, 'DER has a length')
    const lengthBytes = short < 0x80 ? 0 : short & 0x7f
    const from = 2 + lengthBytes
    const length =
      lengthBytes === 0 ? short : rest.subarray(2, from).reduce((sum, byte) => sum * 256 + byte, 0)
    if (i === index) return rest.subarray(from, from + length)
    rest = rest.subarray(from + length)
  }
}
