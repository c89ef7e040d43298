/** Forgets what nobody can ask for again, once an hour, in portions between which everything else is written. */
import { faultCodeOf } from '#kernel/fault.ts'
import type { AgentEnv } from './domain.ts'
import { type Loop, makeLoop } from './loop.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const portion = 500
const betweenPortionsMs = 50

/** A message's bytes are of use until a day after its life: so long a handheld's copy may still be on its way. */
const messagesKeptMs = dayMs

export function startRetention(env: Pick<AgentEnv, 'store' | 'clock' | 'log'>, historyDays: number): Loop {
  let dueAtMs = env.clock.monotonicMs()
  return makeLoop({
    clock: env.clock,
    dueInMs: async () => dueAtMs - env.clock.monotonicMs(),
    pass: async () => {
      if (env.clock.monotonicMs() < dueAtMs) return 0
      const nowMs = env.clock.nowMs()
      const forgotten = await env.store.retention.forget({
        messagesBeforeMs: nowMs - messagesKeptMs,
        historyBeforeMs: nowMs - historyDays * dayMs,
        limit: portion,
      })
      dueAtMs = env.clock.monotonicMs() + (forgotten > 0 ? betweenPortionsMs : hourMs)
      if (forgotten > 0) env.log.debug({ rows: forgotten }, 'what nobody can ask for again was forgotten')
      return 0
    },
    onError: (error) => {
      dueAtMs = env.clock.monotonicMs() + hourMs
      env.log.error({ code: faultCodeOf(error) }, 'old rows could not be forgotten')
    },
  })
}
