/** What a person does at a handheld that is not running: one event, without a line to the relay. */
import { nodeMlKem } from '#crypto/ml-kem-node.ts'
import { nodeP256 } from '#crypto/p256-node.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Failpoint } from '#kernel/failpoint.ts'
import { Fault } from '#kernel/fault.ts'
import type { Random } from '#kernel/random.ts'
import type { Action } from './action.ts'
import type { HandheldEvent } from './event.ts'
import { openHandheldDirectory, readHandheld } from './file.ts'
import { step } from './handheld.ts'
import type { HandheldState } from './state.ts'

export type AtHand = Extract<HandheldEvent, { kind: 'unlock' | 'set_password' | 'lock' | 'used' }>

export interface HandAction {
  readonly state: HandheldState
  /** What came of a password; null where none was typed. */
  readonly password: Extract<Action, { kind: 'password' }> | null
}

/**
 * The state on the disk is the new one when this resolves; what it would send goes out when the handheld runs again.
 * `what` is asked once nobody else can work with the handheld, so that nobody types a password in vain.
 * @throws Fault handheld.idle where there is no handheld, handheld.in_use while one runs, handheld.storage
 */
export async function atHandheld(
  dir: string,
  what: (state: HandheldState) => AtHand | Promise<AtHand>,
  world: { readonly clock: Clock; readonly random: Random; readonly failpoint: Failpoint },
): Promise<HandAction> {
  if (!(await readHandheld(dir))) throw new Fault('handheld.idle')
  const storage = await openHandheldDirectory(dir)
  try {
    const saved = await storage.load()
    if (!saved) throw new Fault('handheld.idle')
    const event = await what(saved.state)
    const env = { nowMs: world.clock.nowMs(), random: world.random, p256: nodeP256, kem: nodeMlKem }
    const { next, actions } = step(saved.state, event, env)
    const point = actions.find((action) => action.kind === 'persist')?.point
    if (point) {
      world.failpoint(`handheld.before_persist_${point}`)
      await storage.save({ seed: saved.seed, state: next })
      world.failpoint(`handheld.after_persist_${point}`)
    }
    return { state: next, password: actions.find((action) => action.kind === 'password') ?? null }
  } finally {
    await storage.close()
  }
}
