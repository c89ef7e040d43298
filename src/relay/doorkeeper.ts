/** Who may begin to log in: bounds log-ins per network, and connections that have no name yet. */
import type { Clock } from '#kernel/clock.ts'
import { makeBucket } from './rate.ts'
import type { RelaySettings } from './settings.ts'

export interface Doorkeeper {
  /** To be followed by one `left`, whatever the answer. */
  admits(network: string): boolean
  left(): void
}

/** Networks remembered at once; beyond it everybody starts anew. */
const networksMax = 10_000

export function makeDoorkeeper(
  settings: Pick<RelaySettings, 'loginRate' | 'pendingLoginsMax'>,
  clock: Clock,
): Doorkeeper {
  const buckets = new Map<string, (nowMs: number) => boolean>()
  let pending = 0
  return {
    admits: (network) => {
      if (buckets.size > networksMax) buckets.clear()
      const bucket = buckets.get(network) ?? makeBucket(settings.loginRate, clock.monotonicMs())
      buckets.set(network, bucket)
      pending += 1
      return bucket(clock.monotonicMs()) && pending <= settings.pendingLoginsMax
    },
    left: () => {
      pending -= 1
    },
  }
}
