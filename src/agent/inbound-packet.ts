/** One packet of a handheld: key check, acknowledgement, key rollover, or something this server does not speak yet. */
import { messageKey } from '#activation/effect.ts'
import { equalInConstantTime } from '#crypto/equal.ts'
import { assert } from '#kernel/assert.ts'
import type { Pin } from '#kernel/brand.ts'
import { sameBytes } from '#kernel/bytes.ts'
import { Fault, faultRow } from '#kernel/fault.ts'
import { ackStatus, encodeAck } from '#protocol/ack.ts'
import { encodeErrorMessage } from '#protocol/exchange.ts'
import { decodeOtaKeyGen } from '#protocol/otakeygen.ts'
import { contentTypes } from '#protocol/packet-frame.ts'
import { encodePayload } from '#protocol/payload.ts'
import { decodeReplayWindow } from '#protocol/replay-window.ts'
import type { NewDelivery } from '#store/deliveries.ts'
import type { MasterKey } from '#store/handhelds.ts'
import { isCutOff } from './desk/cut-off.ts'
import type { AgentEnv } from './domain.ts'
import { hurry } from './hurry.ts'
import { takeAck } from './inbound-ack.ts'
import { type Fresh, keep, markOf } from './inbound-mark.ts'
import { keyCheckHash } from './judge.ts'
import type { NextSeq } from './numbers.ts'
import { type Opened, openPacket, readPacket, sealingKey, sealPacket } from './packets.ts'
import { raise, WindowMoved } from './raise.ts'
import { type RollingPacket, repeatRolling, takeRolling, takeRollingCheck } from './rollover/take.ts'

const dayMs = 86_400_000
const minuteMs = 60_000
/** Less than the shortest pause between two copies of a handheld's key check. */
const keyCheckPauseMs = 1_000

/** Of two agents that are handed one packet, one takes it in; the other then finds it taken. */
const triesMax = 5

/** @throws Fault where the store did, so that the relay brings the packet again */
export async function takePacket(
  env: AgentEnv,
  nextSeq: NextSeq,
  pin: Pin,
  bytes: Uint8Array,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await takeOnce(env, nextSeq, pin, bytes)
      await hurry(env, pin)
      return
    } catch (error) {
      if (!(error instanceof WindowMoved)) throw error
      if (attempt === triesMax) throw new Fault('store.unavailable', 'a replay window moves all the time')
    }
  }
}

async function takeOnce(env: AgentEnv, nextSeq: NextSeq, pin: Pin, bytes: Uint8Array): Promise<void> {
  const read = readPacket(bytes)
  if (!read) return env.log.warn({ pin }, 'a packet was malformed')
  const key = await env.store.handhelds.key(pin, read.header.kid)
  if (!key) return unknownKey(env, pin, read.header.kid)
  const opened = openPacket(env, key, read)
  if (opened.kind === 'dropped')
    return env.log.warn({ activation: key.txn, pin, kid: key.kid, why: opened.why }, 'a packet was dropped')
  if (opened.kind === 'seen') return duplicate(env, nextSeq, key, opened)
  if (opened.header.contentType === contentTypes.otakeygen && opened.header.seq === 0)
    return takeKeyCheck(env, key, opened)
  if (key.state === 'pending')
    return env.log.warn({ activation: key.txn, pin }, 'a packet came before the key check')
  if (opened.header.contentType === contentTypes.ack) return takeAck(env, key, opened)
  if (opened.header.contentType === contentTypes.otakeygen)
    return takeRolling(env, nextSeq, rollingPacket(env, key, opened))
  await answerPacket(env, nextSeq, key, opened)
}

/** Error 19, at most one a minute for each PIN: the key makes the minute. */
async function unknownKey(env: AgentEnv, pin: Pin, kid: number): Promise<void> {
  const nowMs = env.clock.nowMs()
  const code = faultRow('packet.unknown_key').e
  assert(code, 'an unknown key is told to the handheld')
  const payload = encodePayload({ kind: 'error', bytes: encodeErrorMessage({ code, kid }) })
  const delivery: NewDelivery = {
    key: `unknown_key:${pin}:${Math.floor(nowMs / minuteMs)}`,
    txn: null,
    of: 'error',
    to: { pin },
    payload,
    until: 'once',
    firstAtMs: nowMs,
    endsAtMs: nowMs + dayMs,
  }
  if (await env.store.deliveries.byKey(delivery.key)) return
  // A key that was rolled over is not unknown: what comes late under it is of no use any more.
  if (await env.store.rollovers.isUsed(pin, kid))
    return env.log.info({ pin, kid }, 'a packet under a key that is gone was dropped')
  env.log.warn({ pin, kid }, 'a packet under an unknown key was dropped')
  await env.store.activations.commit({ nowMs, addDeliveries: [delivery] })
}

/** The handheld shows that it has the master key: from here on the grant is used and the key is current. */
async function takeKeyCheck(env: AgentEnv, key: MasterKey, opened: Fresh): Promise<void> {
  if (await takeRollingCheck(env, rollingPacket(env, key, opened))) return
  const check = opened.content && decodeOtaKeyGen(opened.content)
  const activation = await env.store.activations.find(key.txn)
  const expected = activation && keyCheckHash(activation)
  const fits =
    check?.ok &&
    check.value.type === 'key_check' &&
    expected &&
    equalInConstantTime(check.value.transcriptHash, expected)
  if (!fits) return env.log.warn({ pin: key.pin, activation: key.txn }, 'a key check did not fit')
  env.failpoint('agent.before_key_check_commit')
  await raise(
    env,
    key.txn,
    ({ standing }) => ({
      kind: 'key_check_seen',
      standing,
      atMs: env.clock.nowMs(),
    }),
    { inbound: markOf(env, key, opened) },
  )
  env.failpoint('agent.after_key_check_commit')
}

const rollingPacket = (env: AgentEnv, key: MasterKey, opened: Fresh): RollingPacket => ({
  key,
  seq: opened.header.seq,
  content: opened.content,
  mark: markOf(env, key, opened),
})

/**
 * The handheld repeats its key check until it has seen ours; one that has sent anything else under this key has.
 * It answers each copy of ours with its own, so that without a pause the two would answer each other for ever.
 */
async function repeatKeyCheck(env: AgentEnv, key: MasterKey): Promise<void> {
  const window = decodeReplayWindow(key.window)
  assert(window.ok, 'a stored window decodes')
  if (window.value.next > 1) return
  const name = messageKey(key.txn, { kind: 'key_check' })
  const nowMs = env.clock.nowMs()
  const sentAtMs = (await env.store.deliveries.byKey(name))?.sentAtMs ?? 0
  // Apart either way: a date that was set back must not stop the answers until it has come again.
  if (Math.abs(nowMs - sentAtMs) >= keyCheckPauseMs) {
    // Also where its day is over by a date that has been set since: whoever asks has proved the key, and waits.
    await env.store.deliveries.again(name, nowMs, nowMs + dayMs)
  }
}

/** What was answered is answered again with the same; a repeated key check gets the server's own once more. */
async function duplicate(
  env: AgentEnv,
  nextSeq: NextSeq,
  key: MasterKey,
  opened: Extract<Opened, { kind: 'seen' }>,
): Promise<void> {
  const { header, tag } = opened
  if (header.contentType === contentTypes.ack) return
  if (header.contentType === contentTypes.otakeygen) {
    const rolled = await repeatRolling(env, key, opened.content)
    return rolled || header.seq > 0 ? undefined : repeatKeyCheck(env, key)
  }
  const given = await env.store.handhelds.answerGiven(key.pin, key.kid, header.seq)
  if (!given || !sameBytes(given.tag, tag)) return
  const delivery = await ackDelivery(env, nextSeq, key, { seq: header.seq, tag, status: given.status })
  await env.store.activations.commit({ nowMs: env.clock.nowMs(), addDeliveries: [delivery] })
}

/**
 * Mail and sync packets have no receiver yet: "do without" is the protocol's word for that. To a handheld that has owed
 * the acknowledgement of its policy for too long the word is "not now".
 */
async function answerPacket(env: AgentEnv, nextSeq: NextSeq, key: MasterKey, opened: Fresh): Promise<void> {
  const status = (await isCutOff(env, key.pin)) ? ackStatus.notNow : ackStatus.unknown
  const { tag, header } = opened
  const delivery = await ackDelivery(env, nextSeq, key, { seq: header.seq, tag, status })
  await keep(env, {
    nowMs: env.clock.nowMs(),
    inbound: { ...markOf(env, key, opened), answer: { tag, status } },
    addDeliveries: [delivery],
  })
}

interface Answer {
  readonly seq: number
  readonly tag: Uint8Array
  readonly status: number
}

async function ackDelivery(
  env: AgentEnv,
  nextSeq: NextSeq,
  key: MasterKey,
  answer: Answer,
): Promise<NewDelivery> {
  // Under the current key, also for a packet that was sealed before the switch to it.
  const under = key.state === 'previous' ? ((await env.store.handhelds.currentKey(key.pin)) ?? key) : key
  const seq = await nextSeq(key.pin, under.kid)
  const content = encodeAck({ kid: key.kid, ...answer })
  const sealed = sealPacket(env, sealingKey(env, under), seq, contentTypes.ack, content)
  const nowMs = env.clock.nowMs()
  return {
    key: `ack:${key.pin}:${under.kid}:${seq}`,
    txn: null,
    of: 'ack',
    to: { pin: key.pin },
    payload: encodePayload({ kind: 'packet', bytes: sealed.bytes }),
    until: 'receipt',
    firstAtMs: nowMs,
    endsAtMs: nowMs + dayMs,
  }
}
