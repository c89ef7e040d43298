/** When a handheld's policy was sent and applied: by the queue's items, or by the events of the activation that brought it. */
import type { HandheldAccount } from '#store/handhelds.ts'
import type { QueueItem } from '#store/queue.ts'
import type { AdminParts } from '../ports.ts'

export interface PolicyTimes {
  /** Of the number sent last; null: none was, or that is forgotten. */
  readonly sentAtMs: number | null
  /** Of the number applied last; null as above. */
  readonly appliedAtMs: number | null
}

/** @param items of the handheld, the newest first */
export async function policyTimes(
  { store }: Pick<AdminParts, 'store'>,
  { txn, policy: { sent, applied } }: Pick<HandheldAccount, 'txn' | 'policy'>,
  items: readonly QueueItem[],
): Promise<PolicyTimes> {
  const itemOf = (number: number) => items.find((one) => one.kind === 'policy' && one.number === number)
  const events = await store.activations.events(txn)
  const eventAtMs = (kind: 'policy_sent' | 'policy_acked', number: number): number | null =>
    events.findLast((event) => event.kind === kind && event.number === number)?.atMs ?? null
  const key = itemOf(sent)?.deliveryKey
  const delivery = key ? await store.deliveries.byKey(key) : null
  const done = itemOf(applied)?.state === 'done' ? itemOf(applied) : undefined
  return {
    sentAtMs: delivery?.firstAtMs ?? eventAtMs('policy_sent', sent),
    appliedAtMs: done?.sinceMs ?? eventAtMs('policy_acked', applied),
  }
}
