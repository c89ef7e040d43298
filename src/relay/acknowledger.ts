/** Takes acknowledged frames out of the queues, those of one moment in one commit. */
import type { RelayEnv } from './hub.ts'
import type { Sessions } from './sessions.ts'

export interface Acknowledger {
  add(frameId: number): void
  /** Resolves when what was added before is committed. */
  settled(): Promise<void>
}

export function makeAcknowledger(
  { store, log, failpoint }: Pick<RelayEnv, 'store' | 'log' | 'failpoint'>,
  sessions: Pick<Sessions, 'settle'>,
): Acknowledger {
  let waiting: number[] = []
  let running: Promise<void> | null = null
  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      const ids = waiting
      waiting = []
      try {
        failpoint('relay.before_ack_stored')
        const settled = await store.acknowledge(ids)
        failpoint('relay.after_ack_stored')
        sessions.settle(settled)
      } catch (error) {
        // The frames stay queued and come again after the receiver's next log-in, which is allowed.
        log.error({ error: String(error), frames: ids.length }, 'acknowledgements could not be stored')
      }
    }
    running = null
  }
  return {
    add: (frameId) => {
      waiting.push(frameId)
      running ??= Promise.resolve().then(run)
    },
    settled: async () => {
      await running
    },
  }
}
