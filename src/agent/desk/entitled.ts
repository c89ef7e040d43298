/** What a user's handheld should have: the rules that count for it, and its service books. */
import { sha256 } from '#crypto/hash.ts'
import type { MailAddress, SrpId } from '#kernel/brand.ts'
import { toHex } from '#kernel/bytes.ts'
import type { PolicyRules } from '#policy/it-policy.ts'
import { layersFor } from '#policy/layers.ts'
import { effectiveRules, type Layer } from '#policy/resolve.ts'
import { serviceBooks } from '#policy/service-book.ts'
import { encodeItPolicy } from '#protocol/it-admin.ts'
import { type Book, encodeBookSet } from '#protocol/service-book.ts'
import type { KeptPolicy, Reach } from '#store/policies.ts'
import type { AgentEnv } from '../domain.ts'

export interface Entitled {
  /** Of the strongest policy that reaches the user: what the handheld shows as the policy's name. */
  readonly policyName: string
  readonly rules: PolicyRules
  readonly books: readonly Book[]
  /** Two that are equal stand for the same rules, and for the same books. */
  readonly policyDigest: string
  readonly booksDigest: string
}

export interface Owner extends Reach {
  readonly address: MailAddress
  readonly displayName: string
}

/** Worked out from the policies as they stand when it is first asked for. */
export type Entitlements = () => Promise<(owner: Owner) => Entitled>

/** One reading of the policies for many handhelds. */
export function readOnce({ store, domain }: Pick<AgentEnv, 'store' | 'domain'>): Entitlements {
  let made: Promise<(owner: Owner) => Entitled> | null = null
  return () => {
    made ??= store.policies.list().then((policies) => makeEntitlements(domain.srpId, policies))
    return made
  }
}

/** Of one server's users: what many of them share is worked out once. */
export function makeEntitlements(srpId: SrpId, policies: readonly KeptPolicy[]): (owner: Owner) => Entitled {
  const byReach = new Map<string, Pick<Entitled, 'policyName' | 'rules' | 'policyDigest'>>()
  return (owner) => {
    const name = owner.policies.map(({ id, group }) => `${id}${group === null ? '!' : ''}`).join()
    const shared = byReach.get(name) ?? policyPart(srpId, layersFor(policies, owner.policies))
    byReach.set(name, shared)
    const account = { address: owner.address, displayName: owner.displayName, srpId, rules: shared.rules }
    const books = serviceBooks(account).filter(
      ({ cid }) => cid === 'CMIME' || !owner.removedBooks.includes(cid),
    )
    return {
      ...shared,
      books,
      // Worked out where it is asked for: a policy goes out without it.
      get booksDigest() {
        return digest(encodeBookSet({ number: 0, servers: [srpId], books }))
      },
    }
  }
}

function policyPart(
  srpId: SrpId,
  layers: readonly Layer[],
): Pick<Entitled, 'policyName' | 'rules' | 'policyDigest'> {
  const rules = effectiveRules(layers)
  const policyName = layers[0]?.name ?? 'default'
  const signed = { policyId: policyName, number: 0, srpId, pin: null, issuedAt: 0 }
  return {
    policyName,
    rules,
    policyDigest: digest(encodeItPolicy({ ...signed, rules: new Map(Object.entries(rules)) })),
  }
}

const digest = (bytes: Uint8Array): string => toHex(sha256(bytes).subarray(0, 16))
