/** A handheld's messages of a rollover: each is judged, and what follows is one commit with the packet's number. */
import { equalInConstantTime } from '#crypto/equal.ts'
import { rolloverHash } from '#crypto/rollover.ts'
import type { Pin } from '#kernel/brand.ts'
import { decodeOtaKeyGen, type OtaKeyGen } from '#protocol/otakeygen.ts'
import { type Decision, type Heard, judge, type OwnMessage } from '#rollover/judge.ts'
import { inPhase } from '#rollover/rollover.ts'
import type { Change } from '#store/activations.ts'
import type { InboundMark, MasterKey } from '#store/handhelds.ts'
import type { KeptRollover } from '#store/rollovers.ts'
import type { AgentEnv } from '../domain.ts'
import type { NextSeq } from '../numbers.ts'
import { sealingKey } from '../packets.ts'
import { WindowMoved } from '../raise.ts'
import { answerOffer, takeAnswer } from './exchange.ts'
import { contentOf, deliveryOf, keysOf, offerLivesMs, payloadOf } from './messages.ts'

/** A packet of ctype OTAKEYGEN that was authenticated and is new. */
export interface RollingPacket {
  readonly key: MasterKey
  readonly seq: number
  readonly content: Uint8Array | null
  readonly mark: InboundMark
}

/** An offer, an answer, or the word that the old key may go. @throws WindowMoved where it is to be judged again */
export async function takeRolling(env: AgentEnv, nextSeq: NextSeq, packet: RollingPacket): Promise<void> {
  const { key, mark } = packet
  const message = packet.content && decodeOtaKeyGen(packet.content)
  const known = await env.store.rollovers.of(key.pin)
  const heard = message?.ok ? heardIn(packet, message.value) : null
  const decision: Decision = heard
    ? judge(known, await keysHeld(env, key.pin, heard), heard)
    : { kind: 'ignore', why: 'malformed' }
  const change = message?.ok
    ? await changeOf(env, nextSeq, { packet, known, message: message.value, decision })
    : null
  if (!change)
    env.log.info(
      { pin: key.pin, activation: key.txn, why: whyNot(decision) },
      'a message of a rollover was passed over',
    )
  await keep(env, { nowMs: env.clock.nowMs(), ...change, inbound: mark })
  if (change)
    env.log.info({ pin: key.pin, activation: key.txn, event: decision.kind }, 'a key rollover went on')
}

const whyNot = (decision: Decision): string =>
  decision.kind === 'ignore' ? decision.why : 'its values are not good'

/** The handheld's key check under the new key. False where the key is no rollover's. */
export async function takeRollingCheck(env: AgentEnv, packet: RollingPacket): Promise<boolean> {
  const { key, mark, content } = packet
  const known = await env.store.rollovers.of(key.pin)
  if (known?.newKid !== key.kid || !known.answer) return false
  const check = content && decodeOtaKeyGen(content)
  const fits =
    check?.ok &&
    check.value.type === 'key_check' &&
    equalInConstantTime(check.value.transcriptHash, rolloverHash(known.offer, known.answer))
  // Not marked: the good one has the same number.
  if (!fits) {
    env.log.warn({ pin: key.pin, activation: key.txn }, 'a key check did not fit')
    return true
  }
  env.failpoint('agent.before_rollover_switch_commit')
  await keep(env, { nowMs: env.clock.nowMs(), ...switched(env, known, key), inbound: mark })
  env.failpoint('agent.after_rollover_switch_commit')
  env.log.info({ pin: key.pin, activation: key.txn, event: 'switch' }, 'a key rollover went on')
  return true
}

/** The new key is current. Who was asked now shows that it has it; who asked waits no more. */
function switched(env: AgentEnv, known: KeptRollover, key: MasterKey): Partial<Change> {
  const nowMs = env.clock.nowMs()
  const next = inPhase(known, 'switched', nowMs)
  const common = { switchKey: { pin: known.pin, kid: known.newKid } }
  if (known.side === 'proposer')
    return {
      ...common,
      stopDeliveries: keysOf(known, ['check']),
      rollover: { before: known, next: { ...known, ...next } },
    }
  const { offer, answer } = known
  const content = contentOf({
    type: 'key_check',
    transcriptHash: rolloverHash(offer, answer ?? new Uint8Array()),
  })
  const checkPayload = payloadOf(env, sealingKey(env, key), 0, content)
  return {
    ...common,
    rollover: { before: known, next: { ...known, ...next, checkPayload } },
    stopDeliveries: keysOf(known, ['answer']),
    addDeliveries: [deliveryOf(known, 'check', checkPayload, { nowMs, livesMs: offerLivesMs, asks: false })],
  }
}

/** A packet that was taken in already: what answered it goes out again. */
export async function repeatRolling(
  env: AgentEnv,
  key: MasterKey,
  content: Uint8Array | null,
): Promise<boolean> {
  const known = await env.store.rollovers.of(key.pin)
  const message = content && decodeOtaKeyGen(content)
  if (!known || !content || !message?.ok) return false
  const what = asked(known, key, message.value, content)
  if (!what) return false
  const addDeliveries = again(env, known, what)
  if (addDeliveries.length > 0)
    await env.store.activations.commit({ nowMs: env.clock.nowMs(), addDeliveries })
  return true
}

/** Which of our messages answered this one. */
function asked(
  known: KeptRollover,
  key: MasterKey,
  message: OtaKeyGen,
  content: Uint8Array,
): OwnMessage | null {
  if (message.type === 'key_check') return key.kid === known.newKid && known.side === 'other' ? 'check' : null
  const heard = heardIn({ key, seq: 0, content }, message)
  const decision = heard && judge(known, { currentKid: key.kid, isUsed: true }, heard)
  return decision?.kind === 'repeat' ? decision.what : null
}

function again(env: AgentEnv, known: KeptRollover, what: OwnMessage) {
  const payload = { answer: known.answerPayload, check: known.checkPayload, done: known.donePayload }[what]
  const times = { nowMs: env.clock.nowMs(), livesMs: offerLivesMs, asks: false }
  return payload ? [deliveryOf(known, what, payload, times)] : []
}

function heardIn(
  { key, seq, content }: Pick<RollingPacket, 'key' | 'seq' | 'content'>,
  message: OtaKeyGen,
): Heard | null {
  if (message.type === 'key_check' || !content) return null
  if (message.type === 'roll_done') return { kind: 'done', kid: message.kid }
  const kind = message.type === 'roll_offer' ? 'offer' : 'answer'
  return { kind, under: key.kid, seq, kid: message.kid, content }
}

async function keysHeld(env: AgentEnv, pin: Pin, heard: Heard) {
  const [current, isUsed] = await Promise.all([
    env.store.handhelds.currentKey(pin),
    env.store.rollovers.isUsed(pin, heard.kid),
  ])
  return { currentKid: current?.kid ?? 0, isUsed }
}

interface Judged {
  readonly packet: RollingPacket
  readonly known: KeptRollover | null
  readonly message: OtaKeyGen
  readonly decision: Decision
}

/** What is written with the packet's number; null where its values are not good or it means nothing. */
async function changeOf(env: AgentEnv, nextSeq: NextSeq, judged: Judged): Promise<Partial<Change> | null> {
  const { packet, known, message, decision } = judged
  const nowMs = env.clock.nowMs()
  if (decision.kind === 'answer' && message.type === 'roll_offer')
    return answerOffer(env, nextSeq, { packet, before: known, message })
  if (!known) return null
  switch (decision.kind) {
    case 'take':
      return message.type === 'roll_answer' ? takeAnswer(env, { packet, known, message }) : null
    case 'repeat':
      return { addDeliveries: again(env, known, decision.what) }
    case 'abort':
      return {
        rollover: { before: known, next: { ...known, ...inPhase(known, 'given_up', nowMs) } },
        eraseKeys: { pin: known.pin, kids: [known.newKid] },
        stopDeliveries: keysOf(known),
      }
    case 'let_go':
      return letGo(known, nowMs)
    default:
      return null
  }
}

/** Who has said so itself is through; who has not says it when nothing of its own is under way any more. */
function letGo(known: KeptRollover, nowMs: number): Partial<Change> {
  if (!known.doneSent) return { rollover: { before: known, next: { ...known, doneSeen: true } } }
  return {
    rollover: { before: known, next: { ...known, ...inPhase(known, 'ended', nowMs), doneSeen: true } },
    eraseKeys: { pin: known.pin, kids: [known.oldKid] },
    stopDeliveries: keysOf(known, ['done']),
  }
}

async function keep(env: AgentEnv, change: Change): Promise<void> {
  if ((await env.store.activations.commit(change)) !== 'done') throw new WindowMoved()
  if (change.addDeliveries) env.outgoing?.queued(change.addDeliveries)
}
