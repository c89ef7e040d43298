/**
 * SPAKE2+ (RFC 9383, P256-SHA256-HKDF-SHA256-HMAC-SHA256) for both sides.
 *
 * MDAP/1 swaps the order of proofs: the prover (handheld) shows confirmP first, and the verifier (server) says
 * nothing about the password until it has judged it. The values are the same in both orders. The verifier works in
 * two steps, because it stores Z and V with its share and erases y before the proof arrives.
 */
import { sameBytes } from '#kernel/bytes.ts'
import { type Checked, failed, passed } from './checked.ts'
import { isPoint, type P256, subtract } from './p256.ts'
import {
  type PakeOutcome,
  type PakeTranscript,
  pakeOutcome,
  pointM,
  pointN,
} from './spake2plus-transcript.ts'

/** What the handheld derives from the password: scalars, 32 bytes each. */
export interface ProverSecrets {
  readonly w0: Uint8Array
  readonly w1: Uint8Array
}

/** What the server keeps in place of the password. Whoever has it can pose as the server, so it is stored sealed. */
export interface RegistrationRecord {
  readonly w0: Uint8Array
  /** w1·G, 65 bytes. */
  readonly l: Uint8Array
  /** w0·M and w0·N, kept so that each verification saves two multiplications. */
  readonly w0m: Uint8Array
  readonly w0n: Uint8Array
}

/** Why a peer's share was refused: no point, one that cancels to the identity, or our own share sent back. */
export type PakeFault = 'bad_point' | 'identity' | 'reflected'

/** The server's share to send (in M2), and the two secrets to store until the proof comes. */
export interface VerifierShare {
  readonly shareV: Uint8Array
  readonly z: Uint8Array
  readonly v: Uint8Array
}

/** What the prover knows when shareV arrives; `x` is the scalar behind its own shareP. */
export type ProverInput = ProverSecrets & { readonly x: Uint8Array } & Omit<PakeTranscript, 'z' | 'v' | 'w0'>

/** shareP = x·G + w0·M. Null in the one case in 2^256 that it is the identity: draw another x. */
export function proverShare(p256: P256, w0: Uint8Array, x: Uint8Array): Uint8Array | null {
  return p256.add(p256.multiplyBase(x), p256.multiply(pointM, w0))
}

/** The proof to send and the one to expect. Costs three multiplications. */
export function proverFinish(p256: P256, input: ProverInput): Checked<PakeOutcome, PakeFault> {
  const { w0, w1, x, ...rest } = input
  if (!isPoint(input.shareV)) return failed('bad_point')
  if (sameBytes(input.shareV, input.shareP)) return failed('reflected')
  const unmasked = subtract(p256, input.shareV, p256.multiply(pointN, w0))
  if (!unmasked) return failed('identity')
  return passed(pakeOutcome({ ...rest, w0, z: p256.multiply(unmasked, x), v: p256.multiply(unmasked, w1) }))
}

/**
 * shareV = y·G + w0·N, Z = y·(shareP − w0·M), V = y·L. `y` is fresh for each transaction and forgotten afterwards.
 * Z and V cannot be the identity: the group's order is prime and y is not a multiple of it.
 *
 * Only whoever guessed w0 can make shareP = w0·M. To refuse it would tell that the guess is right, at the price of no
 * try: it is answered like any other, with M in the place of the difference. Nobody knows M's discrete logarithm, so
 * nobody can make a proof over y·M, and the one that comes is judged wrong and counted.
 */
export function verifierShare(
  p256: P256,
  record: RegistrationRecord,
  shareP: Uint8Array,
  y: Uint8Array,
): Checked<VerifierShare, PakeFault> {
  if (!isPoint(shareP)) return failed('bad_point')
  const unmasked = subtract(p256, shareP, record.w0m) ?? pointM
  const { base, a: z, b: v } = p256.multiplyBoth(unmasked, record.l, y)
  const shareV = p256.add(base, record.w0n)
  if (!shareV) return failed('identity')
  if (sameBytes(shareV, shareP)) return failed('reflected')
  return passed({ shareV, z, v })
}

/** The proof to expect and the one to answer with, from what `verifierShare` left behind. No curve operations. */
export const verifierConfirm = (stored: PakeTranscript): PakeOutcome => pakeOutcome(stored)
