/** Takes acknowledged frames out of the queues, those of one moment in one commit. */
import type { Log } from '#kernel/log.ts'
import type { RelayStore } from '#store/relay.ts'
import type { Sessions } from './sessions.ts'

export interface Acknowledger {
  add(frameId: number): void
  /** Resolves when what was added before is committed. */
  settled(): Promise<void>
}

export function makeAcknowledger(
  store: RelayStore,
  sessions: Pick<Sessions, 'settle'>,
  log: Log,
): Acknowledger {
  let waiting: number[] = []
  let running: Promise<void> | null = null
  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      const ids = waiting
      waiting = []
      try {
        sessions.settle(await store.acknowledge(ids))
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
