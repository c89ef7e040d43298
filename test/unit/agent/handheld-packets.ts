/** Packets of a handheld under one key, for tests of what the agent does with them. */
import { fold } from '#activation/reduce.ts'
import type { AgentEnv } from '#agent/domain.ts'
import { keyContext } from '#agent/packets.ts'
import { directionKeys, packetTag, sealPacketBody } from '#crypto/packet.ts'
import { assert } from '#kernel/assert.ts'
import { encodeAck } from '#protocol/ack.ts'
import { contentTypes, encodePacket, encodePacketHeader, type PacketHeader } from '#protocol/packet-frame.ts'
import { emptyReplayWindow, encodeReplayWindow } from '#protocol/replay-window.ts'
import type { NewDelivery } from '#store/deliveries.ts'
import * as e from '../activation/events.ts'

export const kid = 7
export const masterKey = new Uint8Array(32).fill(3)
/** Of the policy that went to the handheld. */
export const policyTag = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8])
export const policySeq = 4

export interface SealedByHandheld {
  readonly bytes: Uint8Array
  readonly tag: Uint8Array
}

/** @param odd what of the header is not as a handheld would say it */
export function sealed(
  seq: number,
  contentType: number,
  content: Uint8Array,
  salt = 0,
  odd: Partial<PacketHeader> = {},
): SealedByHandheld {
  const header = encodePacketHeader({
    kid,
    direction: 'd2s',
    seq,
    salt: new Uint8Array(16).fill(salt),
    contentType,
    flags: 0,
    ...odd,
  })
  const key = directionKeys(masterKey)[odd.direction ?? 'd2s']
  const body = sealPacketBody(1, key, header, content)
  return { bytes: encodePacket({ header, body }), tag: packetTag(header) }
}

/** The handheld's answer to the policy. */
export function policyAck(seq: number, status: number, tag = policyTag, detail?: Uint8Array): Uint8Array {
  const ack = { kid, seq: policySeq, tag, status, ...(detail ? { detail } : {}) }
  return sealed(seq, contentTypes.ack, encodeAck(ack)).bytes
}

export const policyKey = `policy:${e.pin}:41`

const policy: NewDelivery = {
  key: policyKey,
  txn: e.txn,
  of: 'policy',
  to: { pin: e.pin },
  payload: new Uint8Array([1]),
  until: 'answer',
  firstAtMs: e.start,
  endsAtMs: e.start + 7 * 24 * e.hour,
  packet: { kid, seq: policySeq, tag: policyTag },
}

/** The activation after so many events of the good run, with its key; from the eighth on its policy is on its way. */
export async function activationAfter(
  env: AgentEnv,
  count: number,
  state: 'pending' | 'current',
): Promise<void> {
  const events = e.goodRun.slice(0, count)
  const next = fold(e.txn, events)
  assert(next, 'the good run begins an activation')
  const window = encodeReplayWindow(emptyReplayWindow)
  const sealedKey = env.vault.seal(keyContext(e.pin, kid), masterKey)
  await env.store.activations.commit({
    nowMs: e.start,
    activation: { next, expectedVersion: 0, userId: null, events },
    addKey: { pin: e.pin, kid, suite: 1, txn: e.txn, sealed: sealedKey, window, nextSeq: 1 },
    ...(state === 'current' ? { keyCurrent: { pin: e.pin, kid } } : {}),
    ...(count >= 8 ? { addDeliveries: [policy] } : {}),
  })
}
