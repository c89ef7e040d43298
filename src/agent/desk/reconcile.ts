/**
 * Compares what each handheld was last given with what it should have, and queues the difference. Whatever changed
 * (a policy, who gets it, a group, a user's name, this software) needs no word of its own: the difference is the word.
 */
import type { Pin } from '#kernel/brand.ts'
import type { GivenTo, NewItem } from '#store/queue.ts'
import type { AgentEnv } from '../domain.ts'
import { raise } from '../raise.ts'
import { makeEntitlements } from './entitled.ts'

/** Small enough that the first handhelds are served while the next ones are looked at. */
const pageSize = 100

/** Activations that a refusal has stopped go on with the policy as it is now, where that is another one. */
export async function reviveRefused(env: AgentEnv): Promise<void> {
  const open = await env.store.activations.list({ open: true, limit: 1_000 })
  const stopped = open.filter(({ phase }) => phase === 'policy_refused' || phase === 'books_refused')
  if (stopped.length === 0) return
  const entitled = makeEntitlements(env.domain.srpId, await env.store.policies.list())
  for (const { txn, pin, phase } of stopped) {
    const accounts = pin === undefined ? [] : await env.store.handhelds.byPin(pin)
    const account = accounts.find((one) => one.txn === txn && one.state === 'active')
    const user = account && (await env.store.users.byId(account.userId))
    if (!account || !user) continue
    const should = entitled({ ...user, ...(await env.store.policies.reachOf(user.id)) })
    // No books went out yet where the policy was refused: they are no difference.
    const isOther =
      should.policyDigest !== account.policy.digest ||
      (phase === 'books_refused' && should.booksDigest !== account.books.digest)
    const atMs = env.clock.nowMs()
    if (isOther) await raise(env, txn, () => ({ kind: 'policy_changed', atMs }))
  }
}

/** All handhelds, a page at a time. Returns how many items were queued. */
export async function reconcileAll(env: AgentEnv): Promise<number> {
  let queued = 0
  let after: Pin | '' = ''
  const entitled = makeEntitlements(env.domain.srpId, await env.store.policies.list())
  for (;;) {
    const page: GivenTo[] = await env.store.queue.given(after, pageSize)
    queued += await queueDifferences(env, entitled, page)
    const last = page.at(-1)
    if (!last || page.length < pageSize) return queued
    after = last.pin
  }
}

/** One handheld. */
export async function reconcileOne(env: AgentEnv, pin: Pin): Promise<number> {
  const given = await env.store.queue.givenTo(pin)
  if (!given) return 0
  const entitled = makeEntitlements(env.domain.srpId, await env.store.policies.list())
  return queueDifferences(env, entitled, [given])
}

async function queueDifferences(
  env: AgentEnv,
  entitled: ReturnType<typeof makeEntitlements>,
  page: readonly GivenTo[],
): Promise<number> {
  const nowMs = env.clock.nowMs()
  const items = page.flatMap((given): NewItem[] => {
    const should = entitled(given)
    const common = { pin: given.pin, userId: given.userId, nowMs }
    return [
      ...(given.policyDigest === should.policyDigest
        ? []
        : [{ ...common, kind: 'policy' as const, digest: should.policyDigest }]),
      ...(!given.hasBooks || given.booksDigest === should.booksDigest
        ? []
        : [{ ...common, kind: 'books' as const, digest: should.booksDigest }]),
    ]
  })
  if (items.length > 0) await env.store.queue.add(items)
  return items.length
}
