/** What a handheld's acknowledgement means for the item that it answers, as the change that its commit writes. */

import type { Vault } from '#kernel/vault.ts'
import { verdictOn } from '#policy/queue.ts'
import { openOrder } from '#policy/sealed-order.ts'
import { ackStatus } from '#protocol/ack.ts'
import type { Change } from '#store/activations.ts'
import type { AccountChange } from '#store/handhelds.ts'
import type { ItemChange, QueueItem } from '#store/queue.ts'
import type { AgentEnv } from '../domain.ts'

export interface Answer {
  readonly status: number
  /** The pause the handheld asks for; null where it asks for none. */
  readonly retryMs: number | null
  /** Rules or books that it left out. */
  readonly leftOut: readonly string[]
}

/**
 * Whether an answer to a packet of the item that is not its newest counts: a command that was carried out was, whichever
 * copy said it, and after a wipe nobody is there to answer the newest. Policies and sets of two packets are two.
 */
export const countsOfOlder = ({ kind }: Pick<QueueItem, 'kind'>, status: number): boolean =>
  kind === 'command' && verdictOn(kind, status, 0, null).state === 'done'

/** `vault` opens a wipe's order, whose delay says when the handheld will be empty. */
export function answered(
  vault: Vault,
  answeredItem: QueueItem,
  { status, retryMs, leftOut }: Answer,
  nowMs: number,
): Pick<Change, 'item' | 'account'> {
  // Taken out while it was on its way it stays so; but what the handheld has done, it has done.
  const { id, kind, state, tries, pin } = answeredItem
  const isOut = state === 'out'
  const isToGoAgain = state === 'waiting' && kind === 'command'
  if (!isOut && !isToGoAgain && state !== 'cancelled' && state !== 'replaced') return {}
  const verdict = verdictOn(kind, status, tries, retryMs)
  const common = { id, nowMs, status, leftOut }
  switch (verdict.state) {
    case 'done': {
      const account = accountAfter(vault, answeredItem, leftOut, status, nowMs)
      // Also where it had been taken out meanwhile: the queue says what has happened.
      const item: ItemChange = { ...common, state: 'done', code: null, ...(isOut ? {} : { late: true }) }
      return { item, ...(account ? { account } : {}) }
    }
    case 'refused':
      return isOut ? { item: { ...common, state: 'refused', code: verdict.code } } : {}
    default: {
      if (!isOut) return {}
      const waiting: ItemChange = { ...common, state: 'waiting', dueAtMs: nowMs + verdict.afterMs }
      return verdict.policyFirst
        ? { item: waiting, account: { kind: 'unsure', pin, what: 'policy' } }
        : { item: waiting }
    }
  }
}

/** Sent for seven days and never answered: sealed anew and sent on, unless a newer packet of the item is out already. */
export async function itemUndelivered(env: AgentEnv, id: number, key: string): Promise<void> {
  const item = await env.store.queue.find(id)
  if (item?.deliveryKey !== key) return
  const nowMs = env.clock.nowMs()
  await env.store.queue.change({ id, nowMs, state: 'waiting', dueAtMs: nowMs, code: 'packet.undelivered' })
}

function accountAfter(
  vault: Vault,
  item: QueueItem,
  leftOut: readonly string[],
  status: number,
  nowMs: number,
): AccountChange | null {
  const { id, pin, kind, number } = item
  if (kind !== 'command')
    return number === null ? null : { kind: 'applied', pin, what: kind, number, leftOut }
  const order = item.command === 'wipe' && item.sealed ? openOrder(vault, pin, item.sealed) : null
  if (order?.command === 'wipe')
    return { kind: 'wipe', pin, item: id, atMs: nowMs + order.waitSeconds * 1000 }
  // Taken back only where the handheld says so: one that has begun answers otherwise, or not at all.
  return item.command === 'cancel_wipe' && status === ackStatus.applied
    ? { kind: 'wipe', pin, item: id, atMs: null }
    : null
}
