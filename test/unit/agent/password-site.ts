/** Alice with a password whose record is real, for tests in which requests are answered and proofs judged. */
import type { TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { AgentEnv } from '#agent/domain.ts'
import { startPerformer } from '#agent/perform.ts'
import { nodeP256 } from '#crypto/p256-node.ts'
import { register } from '#crypto/registration.ts'
import { encodeRegistrationRecord, recordContext } from '#crypto/registration-record.ts'
import { quickStretching } from '../admin/installation.ts'
import { type AgentWorld, noNumbers } from './agent-env.ts'
import { alice, site } from './etp-files.ts'

export const alicePassword = 'kx7mp2qw9trb'

export async function siteWithPassword(world: AgentWorld): Promise<AgentEnv> {
  const plain = encodeRegistrationRecord(await register(nodeP256, quickStretching, alice, alicePassword))
  return site(world, world.env.vault.seal(recordContext(alice, 1), plain))
}

/** Works off everything that is due, as the running agent does. */
export async function workOff(t: TestContext, env: AgentEnv): Promise<void> {
  const performer = startPerformer(env, noNumbers)
  t.after(() => performer.close())
  while ((await env.store.activations.dueWork(env.clock.nowMs(), 1)).length > 0) await setTimeout(5)
  await performer.close()
}
