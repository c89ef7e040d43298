/** Many handhelds that stay on the air in this process, so that a server can be seen to reach them. */
import type { KeyStretching } from '#crypto/key-stretching.ts'
import type { verifyPolicySignature } from '#crypto/policy-verify.ts'
import { systemClock, systemRandom } from '#edge/system.ts'
import { activateHandheld } from '#handheld/activate.ts'
import { type RunningHandheld, runHandheld } from '#handheld/run.ts'
import { memoryStorage } from '#handheld/storage.ts'
import { noFailpoint } from '#kernel/failpoint.ts'
import { silentLog } from '#kernel/log.ts'
import { trustOf } from './activate-one.ts'
import type { Postkey } from './helper.ts'
import type { BenchUser } from './passwords.ts'

export interface Handhelds {
  /** The number of the policy that each has applied. */
  policyNumbers(): readonly number[]
  close(): Promise<void>
}

const parallel = 8

/** Activates one for each user and leaves it on the air. @throws where one did not come through */
export async function keepHandhelds(
  postkey: Postkey,
  users: readonly BenchUser[],
  stretching: KeyStretching,
  verifyPolicy: typeof verifyPolicySignature,
): Promise<Handhelds> {
  const trust = await trustOf(postkey)
  const running: RunningHandheld[] = []
  const world = { clock: systemClock, random: systemRandom, log: silentLog, failpoint: noFailpoint }
  const rest = [...users]
  const lane = async (): Promise<void> => {
    for (let user = rest.shift(); user; user = rest.shift()) {
      const storage = memoryStorage()
      const typed = { email: user.email, password: user.password }
      const { code, text } = await activateHandheld({
        ...world,
        relay: trust,
        storage,
        typed,
        stretching,
        verifyPolicy,
        signal: AbortSignal.timeout(60_000),
      })
      const saved = await storage.load()
      if (code !== 0 || !saved) throw new Error(`${user.email}: ${code} ${text}`)
      const fail = (error: unknown) => {
        throw error
      }
      running.push(
        runHandheld(saved, trust, { ...world, storage, verifyPolicy }, { acted: () => {}, broken: fail }),
      )
    }
  }
  await Promise.all(Array.from({ length: parallel }, lane))
  return {
    policyNumbers: () => running.map((handheld) => handheld.state().account?.policy?.number ?? 0),
    close: async () => void (await Promise.all(running.map((handheld) => handheld.close()))),
  }
}
