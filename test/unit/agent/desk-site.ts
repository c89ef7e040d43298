/** A handheld at work and the desk that serves it, for tests of what goes between them. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { workOff } from '#agent/desk/desk.ts'
import type { AgentEnv } from '#agent/domain.ts'
import { takePacket } from '#agent/inbound-packet.ts'
import { makeNumbers, type Numbers } from '#agent/numbers.ts'
import { keyContext } from '#agent/packets.ts'
import { type Credential, makeCa, makePolicySigner } from '#crypto/certificate.ts'
import { directionKeys, openPacketBody, packetTag, sealPacketBody } from '#crypto/packet.ts'
import { verifyPolicySignature } from '#crypto/policy-verify.ts'
import { newRsaKey } from '#crypto/rsa-key.ts'
import { systemRandom } from '#edge/system.ts'
import { sealOrder } from '#policy/sealed-order.ts'
import { encodeAck } from '#protocol/ack.ts'
import { decodeItAdmin, decodeItPolicy, type ItPolicy } from '#protocol/it-admin.ts'
import type { Order } from '#protocol/it-command.ts'
import {
  contentTypes,
  decodePacket,
  decodePacketHeader,
  encodePacket,
  encodePacketHeader,
} from '#protocol/packet-frame.ts'
import { decodePayload } from '#protocol/payload.ts'
import type { Delivery } from '#store/deliveries.ts'
import type { QueueItem } from '#store/queue.ts'
import { start } from '../activation/events.ts'
import { type AtWork, addHandheld } from '../admin/handheld-at-work.ts'
import { type AgentWorld, makeAgentWorld } from './agent-env.ts'

export const masterKey = new Uint8Array(32).fill(9)
export const day = 86_400_000

export let ca: Uint8Array
let signer: Credential
/** Keys are made once for all tests of a file. */
export const makeKeys = async (): Promise<void> => {
  const [caKey, signerKey] = [await newRsaKey(), await newRsaKey()]
  const terms = { nowMs: start - day, years: 5, random: systemRandom }
  const made = makeCa({ commonName: 'Example CA', organisation: 'Example' }, { ...terms, keyPem: caKey })
  const root = { certificatePem: made.pem, keyPem: caKey }
  ca = made.der
  const signing = makePolicySigner(root, 'Example', { ...terms, keyPem: signerKey })
  signer = { certificatePem: signing.pem, keyPem: signerKey }
}

export interface Site {
  readonly world: AgentWorld
  readonly env: AgentEnv
  readonly numbers: Numbers
  readonly handheld: AtWork
  /** The handheld's next packet number. */
  seq: number
}

export async function site(t: TestContext): Promise<Site> {
  const world = makeAgentWorld(t)
  const env = { ...world.env, domain: { ...world.env.domain, policySigner: signer } }
  const handheld = await addHandheld(env.store, world.nowMs, undefined, undefined, (pin, kid) =>
    env.vault.seal(keyContext(pin, kid), masterKey),
  )
  return { world, env, numbers: makeNumbers(env.store), handheld, seq: 1 }
}

export const items = ({ env, handheld }: Site): Promise<QueueItem[]> =>
  env.store.queue.list({ pin: handheld.pin, limit: 50 })

/** Works off until nothing is due. */
export async function settle(site: Site): Promise<void> {
  while ((await workOff(site.env, site.numbers)) > 0);
}

/** Queues a command and works off. Returns its id. */
export async function give(site: Site, order: Order): Promise<number> {
  const { env, handheld, world } = site
  const { pin, userId } = handheld
  const sealed = sealOrder(env.vault, pin, order)
  const item = { pin, userId, kind: 'command', command: order.command, sealed, nowMs: world.nowMs } as const
  const [id] = await env.store.queue.add([item])
  assert(id)
  await settle(site)
  return id
}

export const out = async ({ env, handheld }: Site): Promise<Delivery[]> =>
  env.store.deliveries.runningFor({ pin: handheld.pin })

/** What the packet of a delivery says. */
export function contentOf({ payload }: Delivery): {
  readonly contentType: number
  readonly content: Uint8Array
} {
  const read = decodePayload(payload, Number.POSITIVE_INFINITY)
  const packet = read.ok ? decodePacket(read.value.bytes) : null
  assert(packet?.ok)
  const header = decodePacketHeader(packet.value.header)
  assert(header.ok)
  const content = openPacketBody(1, directionKeys(masterKey).s2d, packet.value.header, packet.value.body)
  assert(content)
  return { contentType: header.value.contentType, content }
}

/** The handheld's acknowledgement of this delivery. */
export async function answer(
  site: Site,
  delivery: Delivery,
  status: number,
  detail?: Uint8Array,
): Promise<void> {
  const { env, numbers, handheld } = site
  assert(delivery.packet)
  const { kid, seq, tag } = delivery.packet
  const header = encodePacketHeader({
    kid: handheld.kid,
    direction: 'd2s',
    seq: site.seq++,
    salt: new Uint8Array(16),
    contentType: contentTypes.ack,
    flags: 0,
  })
  const content = encodeAck({ kid, seq, tag, status, ...(detail ? { detail } : {}) })
  const body = sealPacketBody(1, directionKeys(masterKey).d2s, header, content)
  assert(packetTag(header).length === 8)
  await takePacket(env, numbers.seq, handheld.pin, encodePacket({ header, body }))
}

export async function policyIn(delivery: Delivery): Promise<ItPolicy> {
  const { contentType, content } = contentOf(delivery)
  assert.equal(contentType, contentTypes.itAdmin)
  const admin = decodeItAdmin(content)
  assert(admin.ok && admin.value.type === 'policy')
  const signed = await verifyPolicySignature(admin.value.cms, ca, start)
  assert(signed.ok, 'the policy is signed by the domain')
  const policy = decodeItPolicy(signed.value)
  assert(policy.ok)
  return policy.value
}

export async function setDefault(
  { env, world }: Site,
  rules: Record<string, boolean | number>,
): Promise<void> {
  const policy = await env.store.policies.find('default')
  assert(policy)
  const { id, revision: expected } = policy
  assert(await env.store.policies.change({ id, expected, rules, note: '', nowMs: world.nowMs }))
}
