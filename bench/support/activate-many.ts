/** Many activations against a running Postkey, so many at a time, by handhelds in this process. */
import type { KeyStretching } from '#crypto/key-stretching.ts'
import { systemClock, systemRandom } from '#edge/system.ts'
import { runFleet } from '#handheld/fleet.ts'
import { trustOf } from './activate-one.ts'
import type { Postkey } from './helper.ts'
import type { BenchUser } from './passwords.ts'

/** Returns how long it took, in milliseconds. @throws where not all completed */
export async function activateAll(
  postkey: Postkey,
  users: readonly BenchUser[],
  parallel: number,
  stretching: KeyStretching,
): Promise<number> {
  const { complete, total, failed, elapsedMs } = await runFleet({
    users,
    parallel,
    relay: await trustOf(postkey),
    clock: systemClock,
    random: systemRandom,
    stretching,
    timeoutMs: 60_000,
  })
  if (complete < total) throw new Error(`not all complete: ${JSON.stringify(failed)}`)
  return elapsedMs
}
