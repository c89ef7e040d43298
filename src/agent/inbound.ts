/** What comes from the relay: each frame is stored with all it causes before it is acknowledged. */

import { accessRuleWords, decideByPin } from '#activation/access.ts'
import { sha256 } from '#crypto/hash.ts'
import { InvariantError } from '#kernel/assert.ts'
import type { Pin } from '#kernel/brand.ts'
import { toHex } from '#kernel/bytes.ts'
import { decodeM3 } from '#protocol/exchange.ts'
import { acceptPart, decodePart, type PartSet } from '#protocol/parts.ts'
import { decodePayload, type Payload } from '#protocol/payload.ts'
import type { Deliver, Frame, Receipt } from '#protocol/relay-frame.ts'
import type { PartRow } from '#store/handhelds.ts'
import { toldDelivery } from './deliveries-of.ts'
import type { AgentEnv } from './domain.ts'
import { takePacket } from './inbound-packet.ts'
import type { NextSeq } from './numbers.ts'
import { raise } from './raise.ts'

export interface InboundPorts {
  readonly nextSeq: NextSeq
  /** The relay's word on one of our frames. */
  receipt(frame: Receipt): Promise<void>
  /** Hands a frame back to the relay. */
  acknowledge(mid: Uint8Array): void
  /** The relay says that it has mailed a request to this address. */
  hinted(frame: Extract<Frame, { type: 'hint' }>): Promise<void>
  /** The domains the relay's operator allows this server. */
  domainsAllowed(domains: readonly string[]): void
}

/** Takes one frame; rejects only where the store did, so that the relay brings it again. */
export async function takeFrame(env: AgentEnv, ports: InboundPorts, frame: Frame): Promise<void> {
  switch (frame.type) {
    case 'deliver':
      await takeDelivered(env, ports, frame).catch((error: unknown) => setAside(env, frame, error))
      env.failpoint('agent.before_frame_ack')
      ports.acknowledge(frame.mid)
      return
    case 'receipt':
      return ports.receipt(frame)
    case 'hint':
      return ports.hinted(frame)
    case 'domains_ok':
      return ports.domainsAllowed(frame.domains)
    default:
      env.log.warn({ frame: frame.type }, 'the relay sent a frame that a server does not expect')
  }
}

/**
 * A frame that meets a mistake of ours would meet it each time it comes: it is rejected for good, and the frames
 * of all other handhelds go on.
 */
function setAside(env: AgentEnv, { from }: Deliver, error: unknown): void {
  if (!(error instanceof InvariantError)) throw error
  const pin = from.kind === 'handheld' ? from.pin : ''
  env.log.error({ code: 'internal.invariant', pin, detail: error.message }, 'a frame was set aside')
}

/** Rejected for good means acknowledged as well: "I have it", not "I liked it". */
async function takeDelivered(env: AgentEnv, ports: InboundPorts, { from, payload }: Deliver): Promise<void> {
  const decoded = decodePayload(payload)
  if (from.kind !== 'handheld' || !decoded.ok)
    return env.log.warn({ why: decoded.ok ? 'sender' : decoded.fault.at }, 'a frame was dropped')
  await takePayload(env, ports, from.pin, decoded.value)
}

async function takePayload(env: AgentEnv, ports: InboundPorts, pin: Pin, payload: Payload): Promise<void> {
  switch (payload.kind) {
    case 'm3':
      return takeProof(env, pin, payload.bytes)
    case 'packet':
      return takePacket(env, ports.nextSeq, pin, payload.bytes)
    case 'part':
      return takePart(env, ports, pin, payload.bytes)
    default:
      env.log.debug({ pin, kind: payload.kind }, 'a handheld sent what only servers send')
  }
}

async function takeProof(env: AgentEnv, pin: Pin, bytes: Uint8Array): Promise<void> {
  const m3 = decodeM3(bytes)
  if (!m3.ok) return env.log.warn({ pin, why: m3.fault.at }, 'a proof was malformed')
  const { txn } = m3.value
  const nowMs = env.clock.nowMs()
  const m3Hash = toHex(sha256(bytes))
  const decision = decideByPin(await env.store.access.concerning(pin), pin)
  const denied =
    decision?.verdict === 'deny' ? { denied: true as const, rule: accessRuleWords(decision.rule) } : {}
  const { activation } = await raise(env, txn, ({ activation, standing }) =>
    activation?.request
      ? {
          kind: 'proof_seen',
          pin,
          m3: toHex(bytes),
          m3Hash,
          standing,
          ...denied,
          atMs: nowMs,
        }
      : null,
  )
  if (activation?.request) return
  const addDeliveries = [toldDelivery(txn, pin, 'request.unknown', nowMs)]
  await env.store.activations.commit({ nowMs, addDeliveries })
}

/** A part is kept; the last one makes the packet, which is taken before its parts are forgotten. */
async function takePart(env: AgentEnv, ports: InboundPorts, pin: Pin, bytes: Uint8Array): Promise<void> {
  const part = decodePart(bytes)
  if (!part.ok) return env.log.warn({ pin, why: part.fault.at }, 'a part was malformed')
  // Whoever has shown no key could only fill the store with halves of packets.
  const keys = await env.store.handhelds.keys(pin)
  if (keys.every(({ state }) => state === 'pending'))
    return env.log.warn({ pin }, 'a part came before the key check')
  const nowMs = env.clock.nowMs()
  const id = toHex(part.value.id)
  const rows = await env.store.handhelds.partsOf(pin)
  const { packet, ended, sets } = acceptPart(setsOf(rows), part.value, nowMs)
  for (const set of ended) if (set.id !== id) await env.store.handhelds.dropParts(pin, set.id)
  if (packet) await takePacket(env, ports.nextSeq, pin, packet)
  if (!sets.some((set) => set.id === id)) return env.store.handhelds.dropParts(pin, id)
  const { index, count, chunk } = part.value
  await env.store.handhelds.keepPart({ pin, id, index, count, chunk, atMs: nowMs })
}

function setsOf(rows: readonly PartRow[]): PartSet[] {
  const sets = new Map<
    string,
    { id: string; count: number; chunks: Map<number, Uint8Array>; firstAtMs: number }
  >()
  for (const row of rows) {
    const set = sets.get(row.id) ?? { id: row.id, count: row.count, chunks: new Map(), firstAtMs: row.atMs }
    set.chunks.set(row.index, row.chunk)
    sets.set(row.id, set)
  }
  return [...sets.values()].sort((a, b) => a.firstAtMs - b.firstAtMs)
}
