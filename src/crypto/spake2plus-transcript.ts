/** What both sides of SPAKE2+ hash and derive once Z and V are known (RFC 9383 sections 3.3 and 3.4). */
import { concat, fromHex, lengthValue, utf8 } from '#kernel/bytes.ts'
import { hkdf, hmacSha256, sha256 } from './hash.ts'

/** RFC 9383's M and N for P-256, uncompressed; nobody knows their discrete logarithms. */
export const pointM = fromHex(
  '04886e2f97ace46e55ba9dd7242579f2993b64e16ef3dcab95afd497333d8fa12f' +
    '5ff355163e43ce224e0b0e65ff02ac8e5c7be09419c785e0ca547d55a12e2d20',
)
export const pointN = fromHex(
  '04d8bbd6c639c62937b04d997f38c3770719c629d7014d49a24b4f98baa1292b49' +
    '07d60aa6bfade45008a636337f5168c64d9bd36034808cd564490b1e656edbe7',
)

/** Everything that goes into TT; points are 65 bytes, w0 is 32. */
export interface PakeTranscript {
  readonly context: Uint8Array
  readonly idProver: Uint8Array
  readonly idVerifier: Uint8Array
  readonly shareP: Uint8Array
  readonly shareV: Uint8Array
  readonly z: Uint8Array
  readonly v: Uint8Array
  readonly w0: Uint8Array
}

export interface PakeKeys {
  readonly main: Uint8Array
  readonly confirmP: Uint8Array
  readonly confirmV: Uint8Array
  readonly shared: Uint8Array
}

/** Both proofs (32 bytes each) and the key the proofs stand for. Use nothing of `kShared` for data before a proof. */
export interface PakeOutcome {
  readonly confirmP: Uint8Array
  readonly confirmV: Uint8Array
  readonly kShared: Uint8Array
}

/** TT of RFC 9383 section 3.3. */
export function transcriptBytes(transcript: PakeTranscript): Uint8Array {
  const { context, idProver, idVerifier, shareP, shareV, z, v, w0 } = transcript
  const fields = [context, idProver, idVerifier, pointM, pointN, shareP, shareV, z, v, w0]
  return concat(...fields.map(lengthValue))
}

/** The key schedule of RFC 9383 section 3.4 from TT. */
export function pakeKeys(tt: Uint8Array): PakeKeys {
  const none = new Uint8Array(0)
  const main = sha256(tt)
  const confirmation = hkdf(none, main, utf8('ConfirmationKeys'), 64)
  return {
    main,
    confirmP: confirmation.slice(0, 32),
    confirmV: confirmation.slice(32),
    shared: hkdf(none, main, utf8('SharedKey'), 32),
  }
}

/** The prover's proof is over shareV, the verifier's over shareP. */
export function pakeOutcome(transcript: PakeTranscript): PakeOutcome {
  const keys = pakeKeys(transcriptBytes(transcript))
  return {
    confirmP: hmacSha256(keys.confirmP, transcript.shareV),
    confirmV: hmacSha256(keys.confirmV, transcript.shareP),
    kShared: keys.shared,
  }
}
