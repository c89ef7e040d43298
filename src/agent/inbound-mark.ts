/** A packet of a handheld that was opened, and the commit that takes it in. */
import type { Change } from '#store/activations.ts'
import type { InboundMark, MasterKey } from '#store/handhelds.ts'
import type { AgentEnv } from './domain.ts'
import type { Opened } from './packets.ts'
import { WindowMoved } from './raise.ts'

export type Fresh = Extract<Opened, { kind: 'new' }>

export const markOf = (env: AgentEnv, key: MasterKey, { header, window }: Fresh): InboundMark => ({
  pin: key.pin,
  kid: key.kid,
  seq: header.seq,
  before: key.window,
  window,
  heardAtMs: env.clock.nowMs(),
})

/** @throws WindowMoved where another process has taken a packet of the handheld meanwhile */
export async function keep(env: AgentEnv, change: Change): Promise<void> {
  if ((await env.store.activations.commit(change)) === 'window_moved') throw new WindowMoved()
}
