/** What a handheld answers to a policy, a set of books or a command: it counts once, and only for the packet it names. */
import { hasEnded } from '#activation/activation.ts'
import { sameBytes } from '#kernel/bytes.ts'
import { type Ack, ackStatus, decodeAck, decodeNamesLeftOut, decodeRetrySeconds } from '#protocol/ack.ts'
import type { Delivery } from '#store/deliveries.ts'
import type { InboundMark, MasterKey } from '#store/handhelds.ts'
import { answered, countsOfOlder } from './desk/item-answer.ts'
import { itemOfKey } from './desk/item-key.ts'
import type { AgentEnv } from './domain.ts'
import { type Fresh, keep, markOf } from './inbound-mark.ts'
import { numberOfServiceKey } from './policy-service.ts'
import { raise } from './raise.ts'

const dayMs = 86_400_000
const minuteMs = 60_000

/** The handheld's answer to a policy or a set of books: it counts once, and only for the packet it names. */
export async function takeAck(env: AgentEnv, key: MasterKey, opened: Fresh): Promise<void> {
  const inbound = markOf(env, key, opened)
  const nowMs = env.clock.nowMs()
  const ack = opened.content && decodeAck(opened.content)
  const delivery = ack?.ok ? await env.store.deliveries.byPacket(key.pin, ack.value.kid, ack.value.seq) : null
  const known = ack?.ok && delivery?.packet && sameBytes(delivery.packet.tag, ack.value.tag)
  const itemId = known && delivery ? itemOfKey(delivery.key) : null
  if (known && delivery && itemId !== null) return takeItemAck(env, itemId, delivery, ack.value, inbound)
  const service = delivery?.of === 'policy' || delivery?.of === 'books' ? delivery.of : null
  if (!known || !delivery?.txn || !service) return keep(env, { nowMs, inbound })
  const { status, detail } = ack.value
  const later = status === ackStatus.notNow || status === ackStatus.tryAgain
  const number = numberOfServiceKey(delivery.key)
  const leftOut = namesIn(detail)
  const applied = status === ackStatus.applied || status === ackStatus.appliedInPart
  env.failpoint(`agent.before_${service}_ack_commit`)
  await raise(
    env,
    delivery.txn,
    ({ activation }) =>
      activation && !hasEnded(activation)
        ? {
            kind: `${service}_acked`,
            number,
            status,
            atMs: nowMs,
            ...(leftOut.length > 0 ? { leftOut } : {}),
            ...(later ? { retryAfterMs: retryMs(detail) } : {}),
          }
        : null,
    {
      inbound,
      ack: { deliveryId: delivery.id },
      ...(applied ? { account: { kind: 'applied', pin: key.pin, what: service, number, leftOut } } : {}),
    },
  )
  env.failpoint(`agent.after_${service}_ack_commit`)
  // What changed while the activation was under way comes by the queue from now on.
  if (applied) await env.provisioned?.(key.pin)
}

/** The answer to an item of the queue; one to a packet that another has replaced tells at most that it was carried out. */
async function takeItemAck(
  env: AgentEnv,
  id: number,
  delivery: Delivery,
  { status, detail }: Ack,
  inbound: InboundMark,
): Promise<void> {
  const nowMs = env.clock.nowMs()
  const item = await env.store.queue.find(id)
  const answer = {
    status,
    retryMs: status === ackStatus.tryAgain ? retryMs(detail) : null,
    leftOut: namesIn(detail),
  }
  const counts = item && (item.deliveryKey === delivery.key || countsOfOlder(item, status))
  const change = counts ? answered(env.vault, item, answer, nowMs) : {}
  env.failpoint(`agent.before_${delivery.of}_ack_commit`)
  await keep(env, { nowMs, inbound, ack: { deliveryId: delivery.id }, ...change })
  env.failpoint(`agent.after_${delivery.of}_ack_commit`)
  // What it has is in doubt: it is given what it should have before anything else is looked at.
  if (change.account?.kind === 'unsure') await env.provisioned?.(inbound.pin)
}

/** More than a policy has rules, or a set has books: what is kept for good a handheld must not fill our disk with. */
const namesMax = 128
const nameLengthMax = 128

/** What the handheld left out. */
function namesIn(detail: Uint8Array | undefined): readonly string[] {
  const names = detail && decodeNamesLeftOut(detail)
  if (!names?.ok) return []
  return names.value.slice(0, namesMax).map((name) => name.slice(0, nameLengthMax).toWellFormed())
}

/** "Not now" and "try again" without a time are tried again after a minute. */
function retryMs(detail: Uint8Array | undefined): number {
  const seconds = detail && decodeRetrySeconds(detail)
  return seconds?.ok ? Math.min(seconds.value * 1000, dayMs) : minuteMs
}
