/** One activation against a running Postkey, by a handheld in this process, with the times of its stages. */
import { join } from 'node:path'
import type { KeyStretching } from '#crypto/key-stretching.ts'
import { systemClock, systemRandom } from '#edge/system.ts'
import { activateHandheld } from '#handheld/activate.ts'
import { loadRelayTrust } from '#handheld/trust.ts'
import type { Postkey } from './helper.ts'
import type { BenchUser } from './passwords.ts'

export interface OneActivation {
  readonly elapsedMs: number
  /** When it showed Activation Complete, by the machine's clock. */
  readonly completeAtMs: number
  /** When the handheld came into each stage, since the user pressed Activate. */
  readonly stages: ReadonlyMap<string, number>
}

export const trustOf = ({ data }: Postkey) => loadRelayTrust(join(data, 'handheld.json'), {})

/** @throws where the handheld did not come to Activation Complete */
export async function activateOne(
  postkey: Postkey,
  { email, password }: BenchUser,
  stretching: KeyStretching,
): Promise<OneActivation> {
  const stages = new Map<string, number>()
  const { code, text, elapsedMs } = await activateHandheld({
    relay: await trustOf(postkey),
    clock: systemClock,
    random: systemRandom,
    typed: { email, password },
    stretching,
    signal: AbortSignal.timeout(60_000),
    onStage: (stage, atMs) => stages.set(stage, atMs),
  })
  const completeAtMs = Date.now()
  if (code !== 0) throw new Error(`${email}: ${code} ${text}`)
  return { elapsedMs, completeAtMs, stages }
}
