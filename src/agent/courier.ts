/**
 * Hands what is due to the relay. A frame without a receipt is asked about under its own id; what the relay
 * took is repeated as the protocol's schedule says, with the same bytes under a new id.
 */

import { sameBytes } from '#kernel/bytes.ts'
import { faultCodeOf } from '#kernel/fault.ts'
import { limits } from '#kernel/limits.ts'
import { packetPayloads } from '#protocol/parts.ts'
import { decodePayload } from '#protocol/payload.ts'
import type { Destination } from '#protocol/relay-frame.ts'
import type { RelayClient } from '#relay/relay-client.ts'
import { type Delivery, isOfRun, type NewDelivery } from '#store/deliveries.ts'
import { itemUndelivered } from './desk/item-answer.ts'
import { itemOfKey } from './desk/item-key.ts'
import type { AgentEnv, Outgoing } from './domain.ts'
import { type Loop, makeLoop } from './loop.ts'
import { raise } from './raise.ts'
import { makeSendWindow, type SendWindow } from './send-window.ts'

const batch = 64
const askAgainMs = 15_000
/** So many frames are sent at once again, rather than one for each that the relay has answered. */
const roomWorthAPass = 16
/** Looked at again after this long where the relay is away; its return wakes the courier at once. */
const relayAwayMs = 5_000

export interface Courier extends Loop, Outgoing {
  /** The relay has said something of this frame. */
  answered(mid: Uint8Array): void
  /** A new connection to the relay stands: it knows of no frame that is on its way. */
  connected(): void
}

export function startCourier(env: AgentEnv, relay: () => RelayClient | null): Courier {
  const window = makeSendWindow(env.clock, askAgainMs)
  const loop = startLoop(env, relay, window)
  const sending = new Set<Promise<void>>()
  const sendQueued = async (delivery: NewDelivery): Promise<void> => {
    const client = relay()
    const kept = await env.store.deliveries.byKey(delivery.key)
    // Under a key that was known already it has not begun anew: the loop finds it due.
    const isFirst =
      kept?.attempts === 1 && kept.state === 'running' && kept.mids.some((mid) => isOneOf(mid, delivery))
    if (client && kept && isFirst) await hand(env, client, kept, kept.mids)
  }
  return {
    ...loop,
    begun: (delivery) => {
      if (relay()?.state().stage !== 'ready') return delivery
      const mids = payloadsOf(delivery).map(() => env.random.bytes(16))
      // Without room it is found by the loop, once the relay has answered others.
      if (!window.take(mids)) return delivery
      return { ...delivery, firstCopy: { mids, nextAtMs: env.clock.nowMs() + askAgainMs } }
    },
    queued: (deliveries) => {
      for (const delivery of deliveries) {
        if (!delivery.firstCopy) continue
        const one = sendQueued(delivery)
          // Without a receipt it is asked about before long.
          .catch((error) => env.log.warn({ code: faultCodeOf(error) }, 'a message was not sent at once'))
          .finally(() => sending.delete(one))
        sending.add(one)
        loop.pokeSoon()
      }
    },
    answered: (mid) => {
      window.answered(mid)
      if (loop.waitsForRoom() && window.room() >= roomWorthAPass) loop.poke()
    },
    connected: () => window.clear(),
    close: async () => {
      await loop.close()
      await Promise.all(sending)
    },
  }
}

const isOneOf = (mid: Uint8Array, { firstCopy }: NewDelivery): boolean =>
  firstCopy?.mids.some((own) => sameBytes(own, mid)) === true

interface SendLoop extends Loop {
  /** Something is due, and the relay has too many frames to answer. */
  waitsForRoom(): boolean
}

function startLoop(env: AgentEnv, relay: () => RelayClient | null, window: SendWindow): SendLoop {
  let isFull = false
  const loop = makeLoop({
    clock: env.clock,
    dueInMs: async () => {
      if (relay()?.state().stage !== 'ready') return null
      // An answer of the relay pokes; without one the oldest frames are given up by then.
      if (isFull) return askAgainMs
      const atMs = await env.store.deliveries.nextDueAtMs()
      return atMs === null ? null : atMs - env.clock.nowMs()
    },
    pass: async () => {
      const client = relay()
      if (client?.state().stage !== 'ready') return 0
      const room = window.room()
      const due = room === 0 ? [] : await env.store.deliveries.due(env.clock.nowMs(), Math.min(batch, room))
      const went = await Promise.all(due.map((delivery) => send(env, client, window, delivery)))
      const sent = went.filter(Boolean).length
      isFull = room === 0 || sent < due.length
      return sent
    },
    onError: (error) => env.log.error({ code: faultCodeOf(error) }, 'the delivery queue could not be read'),
  })
  return { ...loop, waitsForRoom: () => isFull }
}

/** False where it has to wait for room; otherwise it is on its way, or at its end. */
async function send(
  env: AgentEnv,
  relay: RelayClient,
  window: SendWindow,
  delivery: Delivery,
): Promise<boolean> {
  const nowMs = env.clock.nowMs()
  if (nowMs >= delivery.endsAtMs) {
    await giveUp(env, delivery)
    return true
  }
  const parts = payloadsOf(delivery)
  const asking = delivery.mids.length === parts.length && !hasReceipt(delivery)
  const mids = asking ? delivery.mids : parts.map(() => env.random.bytes(16))
  if (!window.take(mids)) return false
  if (asking) await env.store.deliveries.putOff(delivery.id, nowMs + askAgainMs)
  else await env.store.deliveries.attempted(delivery.id, mids, nowMs, nowMs + askAgainMs)
  await hand(env, relay, delivery, mids)
  return true
}

/** Gives one copy to the relay, under frame ids that are on disk. */
async function hand(
  env: AgentEnv,
  relay: RelayClient,
  delivery: Delivery,
  mids: readonly Uint8Array[],
): Promise<void> {
  const nowMs = env.clock.nowMs()
  const payloads = payloadsOf(delivery)
  env.failpoint(`agent.before_send_${delivery.of}`)
  const sent = payloads.every((payload, part) =>
    relay.send({
      type: 'send',
      mid: mids[part] ?? new Uint8Array(16),
      to: destination(delivery),
      ttlSeconds: ttlSeconds(delivery, nowMs),
      payload,
      fence: env.domain.fence,
    }),
  )
  if (!sent) await env.store.deliveries.putOff(delivery.id, nowMs + relayAwayMs)
  env.failpoint(`agent.after_send_${delivery.of}`)
}

/** Whether the relay has answered the newest copy. */
const hasReceipt = ({ receiptAtMs, sentAtMs }: Delivery): boolean =>
  receiptAtMs !== null && receiptAtMs >= (sentAtMs ?? 0)

/** One payload, or the parts of a long packet. */
function payloadsOf(delivery: NewDelivery): readonly Uint8Array[] {
  if (delivery.payload.length <= limits.unpartedPayloadBytesMax) return [delivery.payload]
  // As it is kept a packet is whole, and longer than any frame.
  const payload = decodePayload(delivery.payload, Number.POSITIVE_INFINITY)
  return payload.ok && payload.value.kind === 'packet'
    ? packetPayloads(payload.value.bytes)
    : [delivery.payload]
}

const destination = ({ to }: Delivery): Destination =>
  'pin' in to ? { kind: 'handheld', pin: to.pin } : { kind: 'token', token: to.token }

/** What is left of a message's life, as the relay is told it. */
export const ttlSeconds = (delivery: Delivery, nowMs: number): number =>
  Math.max(1, Math.min(limits.sendTtlSecondsMax, Math.ceil((delivery.endsAtMs - nowMs) / 1000)))

async function giveUp(env: AgentEnv, delivery: Delivery): Promise<void> {
  const { txn, of, key } = delivery
  const item = itemOfKey(key)
  // Said first: a crash between the two says it again, which changes nothing.
  if (item !== null) await itemUndelivered(env, item, key)
  else if (txn !== null && isOfRun(of))
    await raise(env, txn, () => ({ kind: 'undelivered', of, atMs: env.clock.nowMs() }))
  await env.store.deliveries.end(delivery.id, 'given_up')
}
