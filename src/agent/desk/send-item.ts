/**
 * Makes one item of the queue into a packet, signed and sealed, and sets it on its way. Two steps, so that what many
 * handhelds get at the same time shares a commit.
 */
import { assert } from '#kernel/assert.ts'
import { Fault } from '#kernel/fault.ts'
import { limits } from '#kernel/limits.ts'
import { booksContent, policyContent } from '#policy/issue.ts'
import { openOrder } from '#policy/sealed-order.ts'
import { ackStatus } from '#protocol/ack.ts'
import { encodeItAdmin } from '#protocol/it-admin.ts'
import { encodeItCommand, wireName } from '#protocol/it-command.ts'
import { contentTypes } from '#protocol/packet-frame.ts'
import { encodePayload } from '#protocol/payload.ts'
import { isOverdue } from '#rollover/times.ts'
import type { NewDelivery } from '#store/deliveries.ts'
import type { AccountChange } from '#store/handhelds.ts'
import type { GivenTo, QueueItem } from '#store/queue.ts'
import type { AgentEnv } from '../domain.ts'
import type { Numbers } from '../numbers.ts'
import { openMasterKey, sealPacket } from '../packets.ts'
import type { Entitled, Entitlements } from './entitled.ts'
import { keyOfItem } from './item-key.ts'
import { signItAdmin } from './sign.ts'

/** An item as it is about to go: the packet, and what its commit writes besides. */
export interface ReadyItem {
  readonly item: QueueItem
  readonly number: number
  readonly delivery: NewDelivery
  readonly account?: AccountChange
}

/**
 * Null where it waits for another key first.
 * @throws Fault where it cannot be made now; whoever calls counts that
 */
export async function makeItem(
  env: AgentEnv,
  numbers: Numbers,
  entitled: Entitlements,
  item: QueueItem,
): Promise<ReadyItem | null> {
  const { pin, kind, id } = item
  const key = await env.store.handhelds.currentKey(pin)
  if (!key) throw new Fault('handheld.not_active', pin)
  if (kind === 'books' && isOverdue(key.currentSinceMs ?? key.createdAtMs, env.clock.nowMs())) {
    await waitForFreshKey(env, item)
    return null
  }
  const made = await contentOf(env, numbers, entitled, item)
  const seq = await numbers.seq(pin, key.kid)
  const masterKey = openMasterKey(env, key)
  const sealing = { kid: key.kid, suite: key.suite, masterKey }
  const sealed = sealPacket(env, sealing, seq, made.contentType, made.content)
  const nowMs = env.clock.nowMs()
  const delivery = {
    key: keyOfItem(id, key.kid, seq),
    txn: null,
    of: kind,
    to: { pin },
    payload: encodePayload({ kind: 'packet', bytes: sealed.bytes }),
    until: 'answer',
    firstAtMs: nowMs,
    endsAtMs: nowMs + limits.resendSecondsMax * 1000,
    packet: sealed.packet,
  } as const
  const { number, account } = made
  return { item, number, delivery, ...(account ? { account } : {}) }
}

/** One commit, and on its way. @throws Fault where the store did */
export async function sendItem(env: AgentEnv, { item, number, delivery, account }: ReadyItem): Promise<void> {
  const { id, kind } = item
  const nowMs = env.clock.nowMs()
  const begun = env.outgoing?.begun(delivery) ?? delivery
  env.failpoint(`agent.before_${kind}_commit`)
  const committed = await env.store.activations.commit({
    nowMs,
    item: {
      id,
      nowMs,
      state: 'out',
      number,
      deliveryKey: delivery.key,
      tried: 'sent',
      ifWaiting: item,
    },
    addDeliveries: [begun],
    ...(account ? { account } : {}),
  })
  env.failpoint(`agent.after_${kind}_commit`)
  // Another agent has sent it meanwhile, or it has ended: this packet is nobody's.
  if (committed === 'done') env.outgoing?.queued([begun])
}

/** Under a key that is too old nothing but policies, commands and keys may go. */
const freshKeyPauseMs = 3_600_000

async function waitForFreshKey({ store, clock }: AgentEnv, { id }: QueueItem): Promise<void> {
  const nowMs = clock.nowMs()
  await store.queue.change({
    id,
    nowMs,
    state: 'waiting',
    dueAtMs: nowMs + freshKeyPauseMs,
    code: 'key.overdue',
  })
}

interface Made {
  readonly number: number
  readonly contentType: number
  readonly content: Uint8Array
  readonly account?: AccountChange
}

async function contentOf(
  env: AgentEnv,
  numbers: Numbers,
  entitled: Entitlements,
  item: QueueItem,
): Promise<Made> {
  if (item.kind === 'command') return commandContent(env, numbers, item)
  const given = await env.store.queue.givenTo(item.pin)
  if (!given) throw new Fault('handheld.not_active', item.pin)
  const should = (await entitled())(given)
  return item.kind === 'policy'
    ? policyMade(env, numbers, given, should)
    : booksMade(env, numbers, given, should)
}

/** As it is now: what has changed since the item was queued is in it already. */
async function policyMade(
  env: AgentEnv,
  numbers: Numbers,
  { pin }: GivenTo,
  should: Entitled,
): Promise<Made> {
  const number = await numbers.provisioning()
  const cms = await signedPolicy(env, pin, number, should)
  return {
    number,
    contentType: contentTypes.itAdmin,
    content: encodeItAdmin({ type: 'policy', cms }),
    account: { kind: 'sent', pin, what: 'policy', number, digest: should.policyDigest },
  }
}

async function booksMade(env: AgentEnv, numbers: Numbers, { pin }: GivenTo, should: Entitled): Promise<Made> {
  const number = await numbers.provisioning()
  return {
    number,
    contentType: contentTypes.serviceBook,
    content: booksContent(number, env.domain.srpId, should.books),
    account: { kind: 'sent', pin, what: 'books', number, digest: should.booksDigest },
  }
}

/** DER of the policy for one handheld, signed by the domain's policy signer. */
export function signedPolicy(
  env: AgentEnv,
  pin: GivenTo['pin'],
  number: number,
  { policyName, rules }: Pick<Entitled, 'policyName' | 'rules'>,
): Promise<Uint8Array> {
  const issuedAtMs = env.clock.nowMs()
  const order = { policyName, number, srpId: env.domain.srpId, pin, issuedAtMs, rules }
  return signItAdmin(env, policyContent(order), issuedAtMs)
}

/**
 * Sealed anew it says the same under the same number: a handheld that has carried it out, and whose word was lost, says
 * so again and does nothing. Another number is only for one that the handheld refused.
 */
async function commandContent(env: AgentEnv, numbers: Numbers, item: QueueItem): Promise<Made> {
  assert(item.sealed, 'a command that waits says what it orders')
  const order = openOrder(env.vault, item.pin, item.sealed)
  if (!order) throw new Fault('storage_key.wrong', `command ${item.id}`)
  const isRefused = item.status === ackStatus.refusedNumber
  const number = isRefused || item.number === null ? await numbers.provisioning() : item.number
  const addressed = {
    number,
    srpId: env.domain.srpId,
    pin: item.pin,
    issuedAt: Math.floor(item.queuedAtMs / 1000),
  }
  const content = encodeItCommand({ ...addressed, ...order })
  const cms = await signItAdmin(env, content, env.clock.nowMs())
  return {
    number,
    contentType: contentTypes.itAdmin,
    content: encodeItAdmin({ type: 'command', command: wireName(order), cms }),
  }
}
