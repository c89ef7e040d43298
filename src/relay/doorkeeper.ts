/** Who may begin to log in: bounds log-ins per network, and connections that have no name yet. */
import type { Clock } from '#kernel/clock.ts'
import { makeBucket } from '#kernel/rate.ts'
import type { RelaySettings } from './settings.ts'

export interface Doorkeeper {
  /**
   * Null: too many came from this network. Otherwise to be called once the connection has a name or is gone.
   * @param makeRoom called when somebody newer needs the place; the place is free by then
   */
  admit(network: string, makeRoom: () => void): (() => void) | null
}

/** Networks remembered at once; beyond it everybody starts anew. */
const networksMax = 10_000

export function makeDoorkeeper(
  settings: Pick<RelaySettings, 'loginRate' | 'pendingLoginsMax'>,
  clock: Clock,
): Doorkeeper {
  const buckets = new Map<string, (nowMs: number) => boolean>()
  /** In the order they came. */
  const atDoor = new Set<{ readonly makeRoom: () => void }>()
  return {
    admit: (network, makeRoom) => {
      if (buckets.size > networksMax) buckets.clear()
      const bucket = buckets.get(network) ?? makeBucket(settings.loginRate, clock.monotonicMs())
      buckets.set(network, bucket)
      if (!bucket(clock.monotonicMs())) return null
      const place = { makeRoom }
      atDoor.add(place)
      // Whoever has been at the door longest goes: strangers who say nothing must not keep handhelds out.
      const [oldest] = atDoor.size > settings.pendingLoginsMax ? atDoor : []
      if (oldest) atDoor.delete(oldest)
      oldest?.makeRoom()
      return () => void atDoor.delete(place)
    },
  }
}
