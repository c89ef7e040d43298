/** The stages of an activation one by one, for tests that begin in the middle of it. */
import assert from 'node:assert/strict'
import { ackStatus } from '#protocol/ack.ts'
import { encodeItAdmin, encodeItPolicy, type ItPolicy } from '#protocol/it-admin.ts'
import { encodeItCommand, type ItCommand, type Order, wireName } from '#protocol/it-command.ts'
import { contentTypes } from '#protocol/packet-frame.ts'
import { packetPayloads } from '#protocol/parts.ts'
import { receiptStatus } from '#protocol/receipt.ts'
import {
  type Book,
  type BookSet,
  encodeBookSet,
  writeCmimeConfiguration,
  writeSyncConfiguration,
} from '#protocol/service-book.ts'
import {
  answerRequest,
  type Channel,
  judgeProof,
  type Proved,
  type ServerScript,
  type Shared,
} from './server-double.ts'
import { address, known, script as makeScript, pin, typed, type World } from './world.ts'

export interface Stage {
  readonly script: ServerScript
  readonly shared: Shared
  readonly proved: Proved
  readonly channel: Channel
}

/** Until the mail is sent. */
export function toWaiting(world: World, event = typed()): Uint8Array {
  world.raise(event)
  if (!world.state.online) world.login()
  const body = world.request()
  world.mailDone(0)
  assert.equal(world.stage(), 'waiting')
  return body
}

export function toProving(world: World, script = makeScript(), event = typed()): Omit<Stage, 'channel'> {
  const shared = answerRequest(script, toWaiting(world, event), pin)
  world.deliver('m2', shared.m2, script.srpId)
  const proved = judgeProof(script, shared, world.message('m3').bytes)
  return { script, shared, proved }
}

export function toConfirming(world: World, script = makeScript(), event = typed()): Stage {
  const { shared, proved } = toProving(world, script, event)
  assert(proved.ok)
  world.deliver('m4', proved.m4, script.srpId)
  const { channel } = proved
  assert(channel.isKeyCheck(world.message('key_check').bytes))
  assert.equal(world.stage(), 'confirming')
  return { script, shared, proved, channel }
}

export function toProvisioning(world: World, script = makeScript(), event = typed()): Stage {
  const stage = toConfirming(world, script, event)
  world.deliver('packet', stage.channel.keyCheck(), script.srpId)
  assert.equal(world.stage(), 'provisioning')
  return stage
}

export const policy = (fields: Partial<ItPolicy> = {}): ItPolicy => ({
  policyId: 'default',
  number: 5,
  srpId: makeScript().srpId,
  pin: null,
  issuedAt: 1_800_000_000,
  rules: new Map<string, ItPolicy['rules'] extends ReadonlyMap<string, infer V> ? V : never>([
    ['password_required', true],
    ['password_min_length', 6],
  ]),
  ...fields,
})

/** An ITADMIN packet. The content stands for its own signature; `verdict` says whether it holds. */
export const policyPacket = (channel: Channel, value = policy()): Uint8Array =>
  channel.packet(contentTypes.itAdmin, encodeItAdmin({ type: 'policy', cms: encodeItPolicy(value) }))

export const command = (order: Order, fields: Partial<ItCommand> = {}): ItCommand =>
  ({
    number: 5,
    srpId: makeScript().srpId,
    pin,
    issuedAt: 1_800_000_000,
    ...order,
    ...fields,
  }) as ItCommand

/** An ITADMIN packet with a command, whose name outside is the one inside unless it is given. */
export const commandPacket = (channel: Channel, value: ItCommand, name = wireName(value)): Uint8Array =>
  channel.packet(
    contentTypes.itAdmin,
    encodeItAdmin({ type: 'command', command: name, cms: encodeItCommand(value) }),
  )

/** Answers the handheld's question about the newest signature. */
export function verified(world: World, good = true): void {
  const asked = world.actions.findLast((action) => action.kind === 'verify_policy')
  assert(asked?.kind === 'verify_policy')
  world.raise({ kind: 'policy_verified', id: asked.id, content: good ? asked.cms : null })
}

export function applyPolicy(world: World, { channel, script }: Stage, value = policy()): void {
  world.deliver('packet', policyPacket(channel, value), script.srpId)
  verified(world)
  const { mid, bytes } = world.message('ack')
  assert.equal(channel.ack(bytes).status, ackStatus.applied)
  world.receipt(mid, receiptStatus.stored)
}

export const book = (fields: Partial<Book> & Pick<Book, 'cid' | 'configuration'>): Book => ({
  uid: `S00000001-${fields.cid}`,
  dsid: 'S00000001',
  name: fields.cid,
  description: '',
  protected: true,
  ...fields,
})

export const srpId = makeScript().srpId
export const cmimeBook = (): Book =>
  book({ cid: 'CMIME', configuration: writeCmimeConfiguration({ address, displayName: 'Alice', srpId }) })
export const syncBook = (): Book =>
  book({ cid: 'SYNC', configuration: writeSyncConfiguration({ address, srpId, databases: ['contacts'] }) })

export const bookSet = (fields: Partial<BookSet> = {}): BookSet => ({
  number: 6,
  servers: [srpId],
  books: [cmimeBook(), syncBook()],
  ...fields,
})

export const booksPacket = (channel: Channel, set = bookSet()): Uint8Array =>
  channel.packet(contentTypes.serviceBook, encodeBookSet(set))

/** Hands over a packet as the relay would bring it: whole, or in parts. */
export function deliverPacket(world: World, packet: Uint8Array): void {
  for (const payload of packetPayloads(packet)) world.deliverPayload(payload)
}

export function toComplete(world: World, script = makeScript(), event = typed()): Stage {
  const stage = toProvisioning(world, script, event)
  applyPolicy(world, stage)
  world.deliver('packet', booksPacket(stage.channel), script.srpId)
  const { mid, bytes } = world.message('ack')
  assert.equal(stage.channel.ack(bytes).status, ackStatus.applied)
  world.receipt(mid, receiptStatus.stored)
  assert(known(world.state.account).complete)
  return stage
}
