/** Pings a link and tells when the other side has stopped answering. */
import type { Clock } from '#kernel/clock.ts'
import { limits } from '#kernel/limits.ts'
import { type Random, randomInt } from '#kernel/random.ts'
import type { RelayLink } from './link.ts'

export interface Keepalive {
  ponged(): void
  stop(): void
}

/** How long a process that was stopped, and finds its time over, reads what has come meanwhile. */
const lastLookMs = 1_000

/** The first ping comes at a random moment, so that ten thousand connections do not ping together. */
export function keepAlive(
  link: RelayLink,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  dead: () => void,
): Keepalive {
  const everyMs = limits.pingSeconds * 1000
  let cancelPing = clock.after(randomInt(random, everyMs), beat)
  let cancelDeath: (() => void) | null = null
  function beat(): void {
    link.ping()
    cancelDeath ??= clock.after(limits.pongSecondsMax * 1000, lastLook)
    cancelPing = clock.after(everyMs, beat)
  }
  // Timers run before the network is read: the answer, or the word that somebody else took this place, may be there.
  function lastLook(): void {
    cancelDeath = clock.after(lastLookMs, dead)
  }
  const ponged = () => {
    cancelDeath?.()
    cancelDeath = null
  }
  return {
    ponged,
    stop: () => {
      cancelPing()
      ponged()
    },
  }
}
