/** A handheld that has not applied its policy for too long is cut off: no mail, calendar or sync, either way. */
import type { Pin } from '#kernel/brand.ts'
import { cutsOff } from '#policy/queue.ts'
import type { AgentEnv } from '../domain.ts'

/** Beside one policy and one set of books there are only commands. */
const openMax = 1_000

export async function isCutOff({ store, clock, domain }: AgentEnv, pin: Pin): Promise<boolean> {
  if (domain.cutOffMs === 0) return false
  const open = await store.queue.list({ pin, open: true, limit: openMax })
  return open.some((item) => cutsOff(item, domain.cutOffMs, clock.nowMs()))
}
