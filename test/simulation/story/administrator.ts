/** An administrator at the console: keeps trying while no server answers. */
import type { Admin } from '#admin/admin.ts'
import { faultCodeOf } from '#kernel/fault.ts'
import type { World } from '../world/world.ts'

const patienceMs = 5_000
const pauseMs = 1_000

type Answer<T> = { readonly value: T } | { readonly code: string } | null

/** Does `act` until it is done; a fault that is not the disk's is the answer. */
export async function asAdministrator<T>(
  world: World,
  act: (admin: Admin) => Promise<T>,
): Promise<{ readonly value: T } | { readonly code: string }> {
  for (;;) {
    const answer = await once(world, act)
    if (answer && !('code' in answer && answer.code === 'store.unavailable')) return answer
    await world.time.sleep(pauseMs)
  }
}

async function once<T>(world: World, act: (admin: Admin) => Promise<T>): Promise<Answer<T>> {
  const running = world.agents.find((agent) => agent.running)?.running ?? world.relay.running
  if (!running) return null
  const done = act(running.admin).then(
    (value): Answer<T> => ({ value }),
    (error: unknown): Answer<T> => ({ code: faultCodeOf(error) }),
  )
  // The server may die before it answers.
  return Promise.race([done, world.time.sleep(patienceMs).then(() => null)])
}
