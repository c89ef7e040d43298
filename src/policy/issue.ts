/** Makes the contents that are sent to one handheld: the policy to be signed, and the set of service books. */
import type { Pin, SrpId } from '#kernel/brand.ts'
import { encodeItPolicy } from '#protocol/it-admin.ts'
import { type Book, encodeBookSet } from '#protocol/service-book.ts'
import type { PolicyRules } from './it-policy.ts'

export interface PolicyOrder {
  /** What the handheld shows as the policy's name. */
  readonly policyName: string
  readonly number: number
  readonly srpId: SrpId
  readonly pin: Pin
  readonly issuedAtMs: number
  readonly rules: PolicyRules
}

/** The bytes that the domain's policy signer signs. */
export const policyContent = (order: PolicyOrder): Uint8Array =>
  encodeItPolicy({
    policyId: order.policyName,
    number: order.number,
    srpId: order.srpId,
    pin: order.pin,
    issuedAt: Math.floor(order.issuedAtMs / 1000),
    rules: new Map(Object.entries(order.rules)),
  })

/** All books in one set: they go out together and replace what the handheld has. */
export const booksContent = (number: number, srpId: SrpId, books: readonly Book[]): Uint8Array =>
  encodeBookSet({ number, servers: [srpId], books })
