/** What the agent does once a minute: what has run out is closed, and what a wrong date put off is brought forward. */
import { watchDate } from '#kernel/clock.ts'
import { faultCodeOf } from '#kernel/fault.ts'
import { limits } from '#kernel/limits.ts'
import { retryDelayMaxMs } from '#relay/mail-ask.ts'
import type { AgentEnv } from './domain.ts'
import { longestRetryMs } from './perform.ts'

const everyMs = 60_000

type Env = Pick<AgentEnv, 'store' | 'clock' | 'log'>

/** `due` is called where work or deliveries may have become due. Returns how to stop. */
export function startAgentHousekeeping(env: Env, due: () => void): () => void {
  const { clock, log, store } = env
  const dateSetMs = watchDate(clock)
  /** The date was set back by so much, and what follows from that is not done yet. */
  let backMs = 0
  let cancel = () => {}
  let closed = false
  const tidyUp = async (): Promise<void> => {
    backMs += Math.max(0, -dateSetMs())
    if (backMs > 0) {
      await afterDateSetBack(env, backMs)
      backMs = 0
      due()
    }
    const nowMs = clock.nowMs()
    if ((await store.users.expireGrants(nowMs)) > 0) due()
    await store.handhelds.dropPartsBefore(nowMs - limits.partSecondsMax * 1000)
  }
  const turn = (): void => {
    tidyUp()
      .catch((error) => log.error({ code: faultCodeOf(error) }, 'housekeeping failed'))
      .finally(() => {
        if (!closed) cancel = clock.after(everyMs, turn)
      })
  }
  // Whoever set the date back while no agent ran was not seen.
  bringBack(store, clock.nowMs())
    .then((count) => {
      if (count > 0) due()
    })
    .catch((error) => log.error({ code: faultCodeOf(error) }, 'housekeeping failed'))
  turn()
  return () => {
    closed = true
    cancel()
  }
}

async function bringBack({ queue, activations, invitations }: Env['store'], nowMs: number): Promise<number> {
  const items = await queue.bringBack(nowMs)
  const work = await activations.bringBack(nowMs, longestRetryMs)
  return items + work + (await invitations.bringBack(nowMs, retryDelayMaxMs))
}

/** What was put off while the date was ahead would else wait until that date comes again. */
async function afterDateSetBack({ store, log, clock }: Env, backMs: number): Promise<void> {
  log.warn({ backMs }, 'the date was set back')
  await store.activations.bringForward(backMs)
  await store.deliveries.bringForward(backMs)
  await store.queue.bringForward(backMs, clock.nowMs())
  await store.invitations.bringForward(backMs)
}
