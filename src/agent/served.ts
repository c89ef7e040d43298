/** Which handhelds this server serves, as the relay is told: all of them after each log-in, then each change. */
import type { Pin } from '#kernel/brand.ts'
import { faultCodeOf } from '#kernel/fault.ts'
import { limits } from '#kernel/limits.ts'
import type { Frame } from '#protocol/relay-frame.ts'
import type { AgentEnv } from './domain.ts'

type Send = (frame: Frame) => boolean

/** The relay keeps the list; saying it again costs little and heals whatever it has lost. */
export async function sayServed(env: AgentEnv, send: Send): Promise<void> {
  for (const pins of inLists(await env.store.handhelds.servedPins())) send({ type: 'srp_serve', pins })
}

/** As many as one frame may carry, and again. */
const inLists = (pins: readonly Pin[]): Pin[][] =>
  Array.from({ length: Math.ceil(pins.length / limits.pinsPerListMax) }, (_, i) =>
    pins.slice(i * limits.pinsPerListMax, (i + 1) * limits.pinsPerListMax),
  )

/** Tells the relay of each change in the handhelds served; call what it returns where there may be one. */
export function keepServed(env: AgentEnv, send: Send): () => void {
  let told: ReadonlySet<Pin> = new Set()
  let running = false
  let again = false
  const look = async (): Promise<void> => {
    const now = new Set(await env.store.handhelds.servedPins())
    const added = [...now].filter((pin) => !told.has(pin))
    const gone = [...told].filter((pin) => !now.has(pin))
    const addedSent = inLists(added).every((pins) => send({ type: 'srp_serve', pins }))
    const goneSent = inLists(gone).every((pins) => send({ type: 'srp_drop', pins }))
    if (addedSent && goneSent) told = now
  }
  const turn = (): void => {
    if (running) {
      again = true
      return
    }
    running = true
    look()
      .catch((error) =>
        env.log.error({ code: faultCodeOf(error) }, 'the list of handhelds could not be read'),
      )
      .finally(() => {
        running = false
        if (again) {
          again = false
          turn()
        }
      })
  }
  return turn
}
