/** The Policy Service at work: takes a handheld's request from the queue, and sends what it is due next. */
import type { Activation } from '#activation/activation.ts'
import { assert } from '#kernel/assert.ts'
import type { Pin } from '#kernel/brand.ts'
import { Fault } from '#kernel/fault.ts'
import { limits } from '#kernel/limits.ts'
import { booksContent } from '#policy/issue.ts'
import { nextService, type Service } from '#policy/queue.ts'
import { encodeItAdmin } from '#protocol/it-admin.ts'
import { contentTypes } from '#protocol/packet-frame.ts'
import { encodePayload } from '#protocol/payload.ts'
import { isOverdue } from '#rollover/times.ts'
import { makeEntitlements } from './desk/entitled.ts'
import { signedPolicy } from './desk/send-item.ts'
import type { AgentEnv } from './domain.ts'
import type { Numbers } from './numbers.ts'
import { openMasterKey, sealPacket } from './packets.ts'
import { raise } from './raise.ts'

/** The idempotency key of what was sent; an acknowledgement finds its number here. */
export const serviceKey = (service: Service, pin: string, number: number): string =>
  `${service}:${pin}:${number}`

export const numberOfServiceKey = (key: string): number => Number(key.split(':')[2])

/** Sends the policy or the books that this activation is due, and raises `policy_sent` or `books_sent`. */
export async function sendService(
  env: AgentEnv,
  numbers: Numbers,
  activation: Activation,
  service: Service,
  workKey: string,
): Promise<void> {
  const { pin, txn } = activation
  const finishWork = [workKey]
  if (nextService(activation) !== service || pin === undefined)
    return void (await raise(env, txn, () => null, { finishWork }))
  const key = await env.store.handhelds.currentKey(pin)
  // The handheld activated anew meanwhile: its newer run provisions it.
  if (!key || key.txn !== txn) return void (await raise(env, txn, () => null, { finishWork }))
  const isOld = isOverdue(key.currentSinceMs ?? key.createdAtMs, env.clock.nowMs())
  if (isOld && service !== 'policy') throw new Fault('key.overdue', `the key ${key.kid} of ${pin}`)
  const [number, seq] = await Promise.all([numbers.provisioning(), numbers.seq(pin, key.kid)])
  const { contentType, content, digest } = await contentOf(env, activation, pin, service, number)
  const masterKey = openMasterKey(env, key)
  const sealed = sealPacket(env, { kid: key.kid, suite: key.suite, masterKey }, seq, contentType, content)
  const nowMs = env.clock.nowMs()
  env.failpoint(`agent.before_${service}_commit`)
  await raise(env, txn, () => ({ kind: `${service}_sent`, number, atMs: nowMs }), {
    finishWork,
    account: { kind: 'sent', pin, what: service, number, digest },
    addDeliveries: [
      {
        key: serviceKey(service, pin, number),
        txn,
        of: service,
        to: { pin },
        payload: encodePayload({ kind: 'packet', bytes: sealed.bytes }),
        until: 'answer',
        firstAtMs: nowMs,
        endsAtMs: nowMs + limits.resendSecondsMax * 1000,
        packet: sealed.packet,
      },
    ],
  })
  env.failpoint(`agent.after_${service}_commit`)
}

interface Content {
  readonly contentType: number
  readonly content: Uint8Array
  readonly digest: string
}

async function contentOf(
  env: AgentEnv,
  activation: Activation,
  pin: Pin,
  service: Service,
  number: number,
): Promise<Content> {
  const userId = (await env.store.activations.owned(activation.txn))?.userId ?? null
  assert(userId !== null, 'an activation with a key has a user')
  const user = await env.store.users.byId(userId)
  if (!user) throw new Fault('user.unknown')
  const reach = await env.store.policies.reachOf(userId)
  const entitled = makeEntitlements(env.domain.srpId, await env.store.policies.list())
  const should = entitled({ ...user, ...reach })
  if (service === 'policy') {
    const cms = await signedPolicy(env, pin, number, should)
    const content = encodeItAdmin({ type: 'policy', cms })
    return { contentType: contentTypes.itAdmin, content, digest: should.policyDigest }
  }
  const content = booksContent(number, env.domain.srpId, should.books)
  return { contentType: contentTypes.serviceBook, content, digest: should.booksDigest }
}
