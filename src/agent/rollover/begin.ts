/** The server's offer of a new key. */
import { kemSeedBytes } from '#crypto/ml-kem.ts'
import { randomScalar } from '#crypto/p256-scalar.ts'
import type { Pin } from '#kernel/brand.ts'
import { isUnfinished } from '#rollover/rollover.ts'
import type { KeptRollover } from '#store/rollovers.ts'
import { randomKid } from '../answer.ts'
import type { AgentEnv } from '../domain.ts'
import type { NextSeq } from '../numbers.ts'
import { sealingKey } from '../packets.ts'
import { contentOf, deliveryOf, keysOf, offerLivesMs, payloadOf } from './messages.ts'
import { sealOfferSecrets } from './secrets.ts'

const none = new Uint8Array()

/** Begins a rollover of the handheld's current key, unless one is under way; false where there was nothing to do. */
export async function beginRollover(env: AgentEnv, nextSeq: NextSeq, pin: Pin): Promise<boolean> {
  const [key, before] = await Promise.all([env.store.handhelds.currentKey(pin), env.store.rollovers.of(pin)])
  if (!key || (before && isUnfinished(before))) return false
  const newKid = await unusedKid(env, pin)
  const scalar = randomScalar(env.random)
  const kemSeed = key.hybrid ? env.random.bytes(kemSeedBytes) : none
  const offer = contentOf({
    ...{ type: 'roll_offer' as const, kid: newKid, share: env.p256.multiplyBase(scalar) },
    ...(key.hybrid ? { kemEncapsulationKey: env.kem.encapsulationKey(kemSeed) } : {}),
  })
  const payload = payloadOf(env, sealingKey(env, key), await nextSeq(pin, key.kid), offer)
  const nowMs = env.clock.nowMs()
  const next: Omit<KeptRollover, 'version'> = {
    ...{ pin, txn: key.txn, side: 'proposer', phase: 'offered', oldKid: key.kid, newKid },
    ...{ offer, answer: null, heardSeq: null, doneSent: false, doneSeen: false },
    ...{
      startedAtMs: nowMs,
      phaseAtMs: nowMs,
      sealed: sealOfferSecrets(env.vault, pin, newKid, { scalar, kemSeed }),
    },
    ...{ answerPayload: null, checkPayload: null, donePayload: null },
  }
  env.failpoint('agent.before_rollover_offer_commit')
  const committed = await env.store.activations.commit({
    nowMs,
    rollover: { before, next },
    stopDeliveries: before ? keysOf(before) : [],
    addDeliveries: [deliveryOf(next, 'offer', payload, { nowMs, livesMs: offerLivesMs, asks: true })],
  })
  env.failpoint('agent.after_rollover_offer_commit')
  if (committed === 'done')
    env.log.info({ pin, activation: key.txn, event: 'offer' }, 'a key rollover went on')
  return committed === 'done'
}

async function unusedKid(env: AgentEnv, pin: Pin): Promise<number> {
  for (;;) {
    const kid = randomKid(env.random)
    if (!(await env.store.rollovers.isUsed(pin, kid))) return kid
  }
}
