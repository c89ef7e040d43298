/**
 * How many frames may be on their way to the relay without its first word: the protocol allows a sender 64 (16.7), and
 * what comes beyond is refused and would wait for the schedule. So it waits here until the relay has answered.
 */
import { toHex } from '#kernel/bytes.ts'
import type { Clock } from '#kernel/clock.ts'
import { limits } from '#kernel/limits.ts'

export interface SendWindow {
  /** Counts these frames as sent; false, and none is counted, where there is no room for all. */
  take(mids: readonly Uint8Array[]): boolean
  /** The relay has said something of this frame. */
  answered(mid: Uint8Array): void
  /** Frames that still have room. */
  room(): number
  /** Another connection: the relay counts from nothing. */
  clear(): void
}

/** @param givenUpMs after so long an answer is not coming: the frame is asked about again, and counts anew. */
export function makeSendWindow({ monotonicMs }: Pick<Clock, 'monotonicMs'>, givenUpMs: number): SendWindow {
  const size = limits.sendsUnansweredMax
  /** By frame id, oldest first: when it was sent. */
  const sent = new Map<string, number>()
  const forgetOld = (): void => {
    const oldestMs = monotonicMs() - givenUpMs
    for (const [name, atMs] of sent) {
      if (atMs > oldestMs) return
      sent.delete(name)
    }
  }
  const room = (): number => {
    if (sent.size >= size) forgetOld()
    return Math.max(0, size - sent.size)
  }
  return {
    room,
    take: (mids) => {
      const names = mids.map(toHex)
      const fresh = names.filter((name) => !sent.has(name)).length
      // More than the window holds go alone.
      if (fresh > room() && sent.size > 0) return false
      for (const name of names) {
        sent.delete(name)
        sent.set(name, monotonicMs())
      }
      return true
    },
    answered: (mid) => void sent.delete(toHex(mid)),
    clear: () => sent.clear(),
  }
}
