/** The same store, with something happening before each commit of an activation. */
import type { AgentEnv } from '#agent/domain.ts'
import type { ActivationStore, Change, Committed } from '#store/activations.ts'

/** @param before what the commit comes to instead, or null to let it be made */
export function withCommit(env: AgentEnv, before: (change: Change) => Promise<Committed | null>): AgentEnv {
  const { store } = env
  const commit = async (change: Change) => (await before(change)) ?? store.activations.commit(change)
  const activations: ActivationStore = Object.assign(Object.create(store.activations), { commit })
  return { ...env, store: { ...store, activations } }
}
