/** Takes acknowledged frames out of the queues, those of one moment in one commit. */
import { receiptStatus } from '#protocol/receipt.ts'
import type { DeliveredFrame, RelayName } from '#store/relay.ts'
import type { RelayEnv } from './hub.ts'
import type { Sessions } from './sessions.ts'

/** A frame that its receiver has. */
export interface AckedFrame extends DeliveredFrame {
  readonly receiver: RelayName
}

export interface Acknowledger {
  add(frame: AckedFrame): void
  /** Resolves when what was added before is committed. */
  settled(): Promise<void>
}

export function makeAcknowledger(
  { store, log, failpoint }: Pick<RelayEnv, 'store' | 'log' | 'failpoint'>,
  sessions: Pick<Sessions, 'settle'>,
): Acknowledger {
  let waiting: AckedFrame[] = []
  let running: Promise<void> | null = null
  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      const acked = waiting
      waiting = []
      try {
        failpoint('relay.before_ack_stored')
        const gone = new Set(
          await store.acknowledge(acked.map(({ id, sender, mid }) => ({ id, sender, mid }))),
        )
        failpoint('relay.after_ack_stored')
        const { delivered: status } = receiptStatus
        sessions.settle(acked.flatMap((frame) => (gone.delete(frame.id) ? { ...frame, status } : [])))
      } catch (error) {
        // The frames stay queued and come again after the receiver's next log-in, which is allowed.
        log.error({ error: String(error), frames: acked.length }, 'acknowledgements could not be stored')
      }
    }
    running = null
  }
  return {
    add: (frame) => {
      waiting.push(frame)
      running ??= Promise.resolve().then(run)
    },
    settled: async () => {
      await running
    },
  }
}
