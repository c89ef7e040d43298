/** Whoever says something is there: what was delivered to that handheld and not answered is sent again at once. */
import type { Pin } from '#kernel/brand.ts'
import { receiptStatus } from '#protocol/receipt.ts'
import type { AgentEnv } from './domain.ts'

/** As long as the first pause of the schedule: what went out just now may still be answered. */
const pauseMs = 15_000

export async function hurry({ store, clock }: Pick<AgentEnv, 'store' | 'clock'>, pin: Pin): Promise<void> {
  const nowMs = clock.nowMs()
  const running = await store.deliveries.runningFor({ pin })
  const isOwed = running.some(
    ({ until, packet, receipt, sentAtMs, nextAtMs }) =>
      until === 'answer' &&
      packet !== undefined &&
      receipt === receiptStatus.delivered &&
      nextAtMs > nowMs &&
      // Apart either way: the date may have been set back since.
      Math.abs(nowMs - (sentAtMs ?? nowMs)) >= pauseMs,
  )
  if (isOwed) await store.deliveries.hurryFor(pin, nowMs, pauseMs)
}
