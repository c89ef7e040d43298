/** What counts for one user, rule by rule, and where each value comes from. */
import { Fault } from '#kernel/fault.ts'
import { layersFor, type Reaching, type Via } from '#policy/layers.ts'
import { resolve } from '#policy/resolve.ts'
import { writeRuleValue } from '#policy/rule-value.ts'
import type { HandheldAccount } from '#store/handhelds.ts'
import type { KeptPolicy } from '#store/policies.ts'
import type { User } from '#store/users.ts'
import { findUser, shortened, typedPin } from '../lookup.ts'
import type { AdminParts } from '../ports.ts'
import { owedItem } from './queue.ts'
import type { EffectivePolicy, EffectiveRule } from './views.ts'

type Parts = Pick<AdminParts, 'store' | 'clock' | 'agentRuns'>

/** @param who a user's address, or a PIN of a handheld of theirs */
export async function previewPolicy(parts: Parts, who: string): Promise<EffectivePolicy> {
  const user = await userOf(parts, who)
  const layers = await layersOf(parts, user.id)
  const accounts = await parts.store.handhelds.byUser(user.id)
  const active = accounts.filter(({ state }) => state === 'active')
  const standing = async (account: HandheldAccount) => ({
    pin: account.pin,
    sent: account.policy.sent,
    applied: account.policy.applied,
    leftOut: account.policy.leftOut,
    waiting: await owedItem(parts, account, 'policy'),
  })
  return {
    user: user.address,
    rules: rulesOf(layers),
    handhelds: await Promise.all(active.map(standing)),
  }
}

/** The policies that reach a user, from the strongest. */
export async function layersOf(
  { store }: Pick<Parts, 'store'>,
  userId: number,
): Promise<readonly Reaching<KeptPolicy>[]> {
  const { policies } = await store.policies.reachOf(userId)
  return layersFor(await store.policies.list(), policies)
}

async function userOf({ store }: Parts, who: string): Promise<User> {
  const pin = typedPin(who)
  if (!pin) return findUser(store.users, who)
  const accounts = await store.handhelds.byPin(pin)
  const account = accounts.find(({ state }) => state === 'active')
  const user = account && (await store.users.byId(account.userId))
  if (user) return user
  throw new Fault(accounts.length > 0 ? 'handheld.not_active' : 'handheld.unknown', shortened(who))
}

function rulesOf(layers: readonly Reaching<KeptPolicy>[]): EffectiveRule[] {
  return [...resolve(layers)].map(([rule, { value, from }]) => ({
    rule,
    value: writeRuleValue(value),
    policy: from?.name ?? null,
    via: from ? viaWords(from.via) : 'no policy says otherwise',
    overruled: layers.flatMap((layer) => {
      const said = layer === from ? undefined : layer.rules[rule]
      return said === undefined ? [] : [{ policy: layer.name, value: writeRuleValue(said) }]
    }),
  }))
}

function viaWords(via: Via): string {
  if (via.kind === 'group') return `through the group ${via.name}`
  return via.kind === 'user' ? 'assigned to the user' : 'everybody has it'
}
