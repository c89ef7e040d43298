/**
 * The relay's word on our frames. That it stored one is nearly always followed by that it delivered it, and neither
 * changes what happens next: such words wait a moment and are then written down together, out of the way of the
 * activation. What is lost with them in a crash is asked for again, since a frame without a receipt is.
 */

import type { ActivationEvent } from '#activation/event.ts'
import type { ActivationId } from '#kernel/brand.ts'
import { sameBytes, toHex } from '#kernel/bytes.ts'
import { faultCodeOf } from '#kernel/fault.ts'
import { receiptStatus } from '#protocol/receipt.ts'
import type { Receipt } from '#protocol/relay-frame.ts'
import { nextSend } from '#protocol/resend-schedule.ts'
import { type Delivery, isOfRun, type ReceiptChange } from '#store/deliveries.ts'
import { ttlSeconds } from './courier.ts'
import type { AgentEnv } from './domain.ts'
import { raiseAll } from './raise.ts'

export interface Receipts {
  /** Resolves when it is on disk, or at once where it waits for the next word. */
  take(receipt: Receipt): Promise<void>
  close(): Promise<void>
}

/** A receipt and when the relay said it. */
interface Heard {
  readonly receipt: Receipt
  readonly atMs: number
}

/** Longer than an activation takes in which all is well, and shorter than a person's patience. */
const waitMs = 300
/** So many are written down without waiting further. */
const heldMax = 256

export function makeReceipts(env: AgentEnv): Receipts {
  const held = new Map<string, Heard>()
  const writing = new Set<Promise<void>>()
  let cancel: (() => void) | null = null

  const write = (): void => {
    cancel?.()
    cancel = null
    const all = [...held.values()]
    held.clear()
    const one = takeReceipts(env, all)
      .catch((error) => env.log.warn({ code: faultCodeOf(error) }, 'receipts could not be stored'))
      .finally(() => writing.delete(one))
    writing.add(one)
  }
  return {
    take: async (receipt) => {
      const name = toHex(receipt.mid)
      const heard = { receipt, atMs: env.clock.nowMs() }
      held.delete(name)
      if (!mayWait(receipt)) return takeReceipts(env, [heard])
      held.set(name, heard)
      if (held.size >= heldMax) write()
      else cancel ??= env.clock.after(waitMs, write)
    },
    close: async () => {
      cancel?.()
      held.clear()
      await Promise.all(writing)
    },
  }
}

/** One that names a PIN ties a run to it, and a proof may come next: that is never late. */
const mayWait = ({ status, pin }: Receipt): boolean =>
  pin === undefined && (status === receiptStatus.stored || status === receiptStatus.delivered)

/** Keeps each, tells it to its activation, and plans the next copies: one commit for each activation. */
export async function takeReceipts(env: AgentEnv, heard: readonly Heard[]): Promise<void> {
  const known: Known[] = []
  for (const one of heard) {
    const delivery = await env.store.deliveries.byMid(one.receipt.mid)
    if (delivery) known.push({ ...one, delivery, isNewest: isNewest(delivery, one.receipt) })
  }
  // What is said late of an older copy tells where the handheld is, and nothing of the copy that is on its way.
  const said = known.filter(({ isNewest, receipt }) => isNewest || receipt.pin !== undefined)
  const groups = Map.groupBy(said, ({ delivery: { txn, of } }) => (isOfRun(of) ? txn : null))
  await Promise.all([...groups].map(([txn, group]) => write(env, txn, group)))
}

interface Known extends Heard {
  readonly delivery: Delivery
  readonly isNewest: boolean
}

const isNewest = (delivery: Delivery, { mid }: Receipt): boolean =>
  delivery.mids.some((own) => sameBytes(own, mid))

async function write(env: AgentEnv, txn: ActivationId | null, group: readonly Known[]): Promise<void> {
  const changes = group.filter(({ isNewest }) => isNewest).map((one) => changeOf(env, one))
  const receipts = changes.length > 0 ? { receipts: changes } : {}
  for (const { delivery } of group) env.failpoint(`agent.before_receipt_commit_${delivery.of}`)
  if (txn === null) await env.store.activations.commit({ nowMs: env.clock.nowMs(), ...receipts })
  else await raiseAll(env, txn, group.flatMap(eventsOf), receipts)
  for (const { delivery } of group) env.failpoint(`agent.after_receipt_commit_${delivery.of}`)
}

/** Acknowledgements of packets belong to no activation. */
function eventsOf({ delivery: { of }, receipt: { status, pin }, atMs }: Known): ActivationEvent[] {
  return isOfRun(of) ? [{ kind: 'receipt', of, status, atMs, ...(pin === undefined ? {} : { pin }) }] : []
}

const changeOf = (env: AgentEnv, { delivery, receipt, atMs }: Known): ReceiptChange => ({
  deliveryId: delivery.id,
  status: receipt.status,
  atMs,
  nextAtMs: nextAtMs(env, delivery, receipt, atMs),
})

function nextAtMs(env: AgentEnv, delivery: Delivery, receipt: Receipt, nowMs: number): number | null {
  const sentAtMs = delivery.sentAtMs ?? nowMs
  const next = nextSend(
    {
      attempt: Math.max(1, delivery.attempts),
      firstSentAtMs: delivery.firstAtMs,
      sentAtMs,
      ttlMs: ttlSeconds(delivery, sentAtMs) * 1000,
      receipt: { status: receipt.status, atMs: nowMs, sinceMs: sinceMs(delivery, receipt.status, nowMs) },
      relayRestored: false,
    },
    env.domain.resendCapMs,
  )
  // Where sending again cannot help, the end of its life is when it is given up, in words.
  return next.kind === 'stop' ? delivery.endsAtMs : Math.max(nowMs, next.atMs)
}

const sinceMs = (delivery: Delivery, status: number, nowMs: number): number =>
  delivery.receipt === status ? (delivery.receiptSinceMs ?? nowMs) : nowMs
