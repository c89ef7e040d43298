/** A loop over something that falls due: runs passes while there is work, then sleeps until the next is due. */
import type { Clock } from '#kernel/clock.ts'

export interface Loop {
  /** Look again now: something may have become due. */
  poke(): void
  /** The same, by and by: something may become due, though not yet. */
  pokeSoon(): void
  /** Stops after the running pass; resolves when it has ended. */
  close(): Promise<void>
}

export interface LoopOptions {
  readonly clock: Clock
  /** Milliseconds until the earliest item falls due, or null. */
  dueInMs(): Promise<number | null>
  /** Works off what is due; returns how much it took, 0 when there was nothing. */
  pass(): Promise<number>
  onError(error: unknown): void
}

/** Longest sleep: what another process wrote is noticed at the latest then. */
const sleepMsMax = 30_000
const errorPauseMs = 1_000
const soonMs = 100

export function makeLoop(options: LoopOptions): Loop {
  let closing = false
  let poked = true
  let wakeUp: (() => void) | null = null
  let cancelSoon: (() => void) | null = null

  const sleepUntilPoked = (delayMs: number) =>
    new Promise<void>((resolve) => {
      const cancel = options.clock.after(delayMs, () => wakeUp?.())
      wakeUp = () => {
        wakeUp = null
        cancel()
        resolve()
      }
    })

  const pauseMs = async (): Promise<number> => Math.min(sleepMsMax, (await options.dueInMs()) ?? sleepMsMax)

  const turn = async (): Promise<void> => {
    try {
      poked = false
      if ((await options.pass()) > 0) return
      const delayMs = await pauseMs()
      if (!poked && !closing && delayMs > 0) await sleepUntilPoked(delayMs)
    } catch (error) {
      options.onError(error)
      if (!closing) await sleepUntilPoked(errorPauseMs)
    }
  }

  const running = (async () => {
    while (!closing) await turn()
  })()

  const poke = () => {
    poked = true
    wakeUp?.()
  }
  return {
    poke,
    pokeSoon: () => {
      cancelSoon ??= options.clock.after(soonMs, () => {
        cancelSoon = null
        poke()
      })
    },
    close: async () => {
      closing = true
      cancelSoon?.()
      wakeUp?.()
      await running
    },
  }
}
