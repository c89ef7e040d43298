/**
 * The relay's word on our frames. "Stored" is nearly always followed by "delivered" before anybody could have read
 * it: it waits a moment, and where the other comes it is not written down. What is lost with it in a crash is asked
 * for again, since a frame without a receipt is.
 */

import { toHex } from '#kernel/bytes.ts'
import { faultCodeOf } from '#kernel/fault.ts'
import { type ReceiptStatus, receiptStatus } from '#protocol/receipt.ts'
import type { Receipt } from '#protocol/relay-frame.ts'
import { takeReceipt } from './courier.ts'
import type { AgentEnv } from './domain.ts'

export interface Receipts {
  /** Resolves when it is on disk, or at once where it waits for the next word. */
  take(receipt: Receipt): Promise<void>
  close(): Promise<void>
}

/** Longer than a handheld on the air takes to acknowledge, and shorter than a person's patience. */
const waitMs = 300

export function makeReceipts(env: AgentEnv): Receipts {
  const held = new Map<string, () => void>()
  const writing = new Set<Promise<void>>()
  const stored: ReceiptStatus = receiptStatus.stored
  const hold = (name: string, receipt: Receipt): void => {
    const cancel = env.clock.after(waitMs, () => {
      held.delete(name)
      const one = takeReceipt(env, receipt)
        .catch((error) => env.log.warn({ code: faultCodeOf(error) }, 'a receipt could not be stored'))
        .finally(() => writing.delete(one))
      writing.add(one)
    })
    held.set(name, cancel)
  }
  return {
    take: async (receipt) => {
      const name = toHex(receipt.mid)
      held.get(name)?.()
      held.delete(name)
      // One that names a PIN ties a run to it, and a proof may come next: that is never late.
      if (receipt.status === stored && receipt.pin === undefined) hold(name, receipt)
      else await takeReceipt(env, receipt)
    },
    close: async () => {
      for (const cancel of held.values()) cancel()
      held.clear()
      await Promise.all(writing)
    },
  }
}
