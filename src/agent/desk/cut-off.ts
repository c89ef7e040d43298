/** A handheld that has not applied its policy for too long is cut off: no mail, calendar or sync, either way. */
import type { Pin } from '#kernel/brand.ts'
import type { AgentEnv } from '../domain.ts'

export async function isCutOff({ store, clock, domain }: AgentEnv, pin: Pin): Promise<boolean> {
  if (domain.cutOffMs === 0) return false
  const live = await store.queue.live(pin)
  const owed = live.find(({ kind }) => kind === 'policy')
  return owed !== undefined && clock.nowMs() - owed.queuedAtMs >= domain.cutOffMs
}
