/** The two halves of a new key: the server's answer to an offer, and what it makes of the answer to its own. */
import { kemRandomBytes } from '#crypto/ml-kem.ts'
import { randomScalar } from '#crypto/p256-scalar.ts'
import { rolloverHash, sharedSecret } from '#crypto/rollover.ts'
import { assert } from '#kernel/assert.ts'
import type { RollAnswer, RollOffer } from '#protocol/otakeygen.ts'
import { isUnfinished } from '#rollover/rollover.ts'
import type { Change } from '#store/activations.ts'
import type { KeptRollover } from '#store/rollovers.ts'
import type { AgentEnv } from '../domain.ts'
import type { NextSeq } from '../numbers.ts'
import { sealingKey } from '../packets.ts'
import { checkLivesMs, contentOf, deliveryOf, keysOf, offerLivesMs, payloadOf } from './messages.ts'
import { makeNewKey } from './new-key.ts'
import { openOfferSecrets } from './secrets.ts'
import type { RollingPacket } from './take.ts'

const none = new Uint8Array()
const nothing = { ciphertext: none, secret: none }

interface Offered {
  readonly packet: RollingPacket
  /** The rollover of before, which is over with this one. */
  readonly before: KeptRollover | null
  readonly message: RollOffer
}

/** Null where the handheld's half is not good. */
export async function answerOffer(
  env: AgentEnv,
  nextSeq: NextSeq,
  { packet, before, message }: Offered,
): Promise<Partial<Change> | null> {
  const { key, seq, content: offer } = packet
  const { pin, txn } = key
  const newKid = message.kid
  const scalar = randomScalar(env.random)
  const shared = sharedSecret(env.p256, scalar, message.share)
  const { kemEncapsulationKey: ek } = message
  const kem = ek ? env.kem.encapsulate(ek, env.random.bytes(kemRandomBytes)) : nothing
  if (!shared || !offer || !kem) return null
  const answer = contentOf({
    ...{ type: 'roll_answer' as const, kid: newKid, share: env.p256.multiplyBase(scalar) },
    ...(ek ? { kemCiphertext: kem.ciphertext } : {}),
  })
  const made = makeNewKey(env, key, { newKid, offer, answer, shared, kemSecret: kem.secret })
  const answerPayload = payloadOf(env, sealingKey(env, key), await nextSeq(pin, key.kid), answer)
  const nowMs = env.clock.nowMs()
  const next: Omit<KeptRollover, 'version'> = {
    ...{ pin, txn, side: 'other', phase: 'answered', oldKid: key.kid, newKid, offer, answer, heardSeq: seq },
    ...{ doneSent: false, doneSeen: false, startedAtMs: nowMs, phaseAtMs: nowMs },
    ...{ sealed: null, answerPayload, checkPayload: null, donePayload: null },
  }
  return {
    rollover: { before, next },
    addKey: made.row,
    ...over(before),
    addDeliveries: [deliveryOf(next, 'answer', answerPayload, { nowMs, livesMs: offerLivesMs, asks: false })],
  }
}

/** What an unfinished rollover leaves behind when another takes its place. */
function over(before: KeptRollover | null): Partial<Change> {
  if (!before) return {}
  const stopDeliveries = keysOf(before)
  if (!isUnfinished(before)) return { stopDeliveries }
  const gone = before.phase === 'switched' ? before.oldKid : before.newKid
  return { stopDeliveries, eraseKeys: { pin: before.pin, kids: [gone] } }
}

interface Answered {
  readonly packet: RollingPacket
  readonly known: KeptRollover
  readonly message: RollAnswer
}

/** The new key is made and asked for: the server's key check under it goes out. Null where the half is not good. */
export function takeAnswer(env: AgentEnv, { packet, known, message }: Answered): Partial<Change> | null {
  const { key, seq, content: answer } = packet
  const { pin, newKid, offer, sealed } = known
  assert(sealed, 'an offer without an answer has its secrets')
  const { scalar, kemSeed } = openOfferSecrets(env.vault, pin, newKid, sealed)
  const shared = sharedSecret(env.p256, scalar, message.share)
  const { kemCiphertext: ct } = message
  // The one is there if and only if the other is.
  if (!shared || !answer || kemSeed.length > 0 !== (ct !== undefined)) return null
  const kemSecret = ct ? env.kem.decapsulate(kemSeed, ct) : none
  const made = makeNewKey(env, key, { newKid, offer, answer, shared, kemSecret })
  const check = contentOf({ type: 'key_check', transcriptHash: rolloverHash(offer, answer) })
  const checkPayload = payloadOf(env, made.sealing, 0, check)
  const nowMs = env.clock.nowMs()
  const next = { ...known, phase: 'checking', phaseAtMs: nowMs, answer, heardSeq: seq, sealed: null } as const
  return {
    rollover: { before: known, next: { ...next, checkPayload } },
    addKey: made.row,
    stopDeliveries: keysOf(known, ['offer']),
    addDeliveries: [deliveryOf(known, 'check', checkPayload, { nowMs, livesMs: checkLivesMs, asks: true })],
  }
}
