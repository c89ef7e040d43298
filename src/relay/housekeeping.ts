/** What the relay does by the clock: expired frames, names suspended from outside, old memory. */
import { watchDate } from '#kernel/clock.ts'
import type { RelayHub } from './hub.ts'
import { closeCode } from './link.ts'

const expireAtOnce = 500
const suspendedEveryMs = 5_000
const purgeEveryMs = 3_600_000

/** @returns how to stop it; resolves when a running round has ended */
export function startHousekeeping(hub: RelayHub): () => Promise<void> {
  const { clock, log, settings } = hub
  let stopped = false
  let cancel = (): void => {}
  let running: Promise<void> = Promise.resolve()
  let nextSuspendedMs = clock.monotonicMs()
  let nextPurgeMs = clock.monotonicMs()

  const dateSetMs = watchDate(clock)
  /** The date was set back by so much, and what follows from that is not done yet. */
  let backMs = 0

  // Whoever set the date back while no relay ran was not seen.
  let isNew = true

  const round = async (): Promise<void> => {
    if (isNew && (await hub.store.bringMailsBack(clock.nowMs())) > 0) hub.postOffice.wake()
    isNew = false
    backMs += Math.max(0, -dateSetMs())
    if (backMs > 0) await afterDateSet(hub, backMs)
    backMs = 0
    const runningMs = clock.monotonicMs()
    await expireFrames(hub, clock.nowMs())
    if (runningMs >= nextSuspendedMs) {
      nextSuspendedMs = runningMs + suspendedEveryMs
      for (const name of await hub.store.listSuspended()) hub.sessions.find(name)?.close(closeCode.suspended)
    }
    if (runningMs >= nextPurgeMs) {
      nextPurgeMs = runningMs + purgeEveryMs
      await hub.store.purge(clock.nowMs())
    }
  }
  const tick = (): void => {
    running = round()
      .catch((error: unknown) => log.error({ error: String(error) }, 'housekeeping failed, it goes on'))
      .then(() => {
        if (!stopped) cancel = clock.after(settings.housekeepingMs, tick)
      })
  }
  tick()
  return () => {
    stopped = true
    cancel()
    return running
  }
}

/** Else a mail that was put off waits until the date it was put off to comes again. */
async function afterDateSet({ store, postOffice, log }: RelayHub, backMs: number): Promise<void> {
  log.warn({ backMs }, 'the date was set back')
  await store.bringMailsForward(backMs)
  postOffice.wake()
}

async function expireFrames({ store, sessions }: RelayHub, nowMs: number): Promise<void> {
  while (await store.hasExpired(nowMs)) sessions.settle(await store.expire(nowMs, expireAtOnce))
}
