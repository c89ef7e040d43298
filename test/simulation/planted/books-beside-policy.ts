import type { QueueItem } from '#store/queue.ts'
import type { Planted } from './planted.ts'

/** Books wait until the policy is on its way, not until it is acknowledged. */
export const booksBesidePolicy = (): Planted => ({
  governs: true,
  call: (process, call, make) => {
    if (call.name === 'queue.waitFor') return process.sleep(500)
    if (call.name !== 'queue.live') return undefined
    return make(call).then((live) =>
      (live as QueueItem[]).filter(({ kind, state }) => kind !== 'policy' || state === 'waiting'),
    )
  },
})
