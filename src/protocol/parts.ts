/** Parts: packets too large for one frame are cut into chunks and put together again by the receiver. */
import { sha256 } from '#crypto/hash.ts'
import { assert } from '#kernel/assert.ts'
import { concat, sameBytes, toHex } from '#kernel/bytes.ts'
import { limits } from '#kernel/limits.ts'
import { type Decoded, refused } from '#kernel/result.ts'
import { bytes16 } from './fields.ts'
import { encodePayload } from './payload.ts'
import { element, row } from './record-shape.ts'
import { bytes, decodeShape, encodeShape, integer } from './shape.ts'

export interface Part {
  /** The first 16 bytes of SHA-256 of the whole packet. */
  readonly id: Uint8Array
  readonly index: number
  readonly count: number
  /** Exactly 49,152 bytes, only the last one may be shorter. */
  readonly chunk: Uint8Array
}

/** An incomplete set. The receiver keeps its parts durably; this is what they mean together. */
export interface PartSet {
  /** The parts' id in hex. */
  readonly id: string
  readonly count: number
  readonly chunks: ReadonlyMap<number, Uint8Array>
  readonly firstAtMs: number
}

export interface AcceptedPart {
  /** The incomplete sets of this peer, oldest first. */
  readonly sets: readonly PartSet[]
  /** The whole packet, when this was its last part and the hash fits. */
  readonly packet: Uint8Array | null
  /** Sets that are over: their stored parts can go. */
  readonly ended: readonly { readonly id: string; readonly reason: PartSetEnd }[]
}

export type PartSetEnd = 'complete' | 'conflict' | 'bad_hash' | 'expired' | 'crowded_out'

const partsMin = 2

const part = row<Part>([], {
  id: element(bytes16),
  index: element(integer(0, limits.partCountMax - 1)),
  count: element(integer(partsMin, limits.partCountMax)),
  chunk: element(bytes(1, limits.partChunkBytes)),
})

/** Decodes one part; a chunk before the last that is not full, or an index outside the count, is `out_of_range`. */
export function decodePart(bytes: Uint8Array): Decoded<Part> {
  const decoded = decodeShape(part, bytes, limits.framePayloadBytesMax, 'part')
  if (!decoded.ok) return decoded
  const { index, count, chunk } = decoded.value
  if (index >= count) return refused('out_of_range', 'part.index')
  const isFull = chunk.length === limits.partChunkBytes
  return isFull || index === count - 1 ? decoded : refused('out_of_range', 'part.chunk')
}

export const encodePart = (value: Part): Uint8Array => encodeShape(part, value, 'part')

/** The encoded payloads that carry `packet`: one, or its parts where that one would be over 61,440 bytes. */
export function packetPayloads(packet: Uint8Array): readonly Uint8Array[] {
  assert(packet.length <= limits.packetBytesMax, 'a packet is at most 1 MiB')
  const whole = encodePayload({ kind: 'packet', bytes: packet })
  if (whole.length <= limits.unpartedPayloadBytesMax) return [whole]
  return cutPacket(packet).map((value) => encodePayload({ kind: 'part', bytes: encodePart(value) }))
}

/** `packet` as parts, in order; for packets longer than one chunk. */
export function cutPacket(packet: Uint8Array): readonly Part[] {
  const id = sha256(packet).slice(0, 16)
  const count = Math.ceil(packet.length / limits.partChunkBytes)
  return Array.from({ length: count }, (_, index) => {
    const start = index * limits.partChunkBytes
    return { id, index, count, chunk: packet.subarray(start, start + limits.partChunkBytes) }
  })
}

/**
 * Takes one decoded part of one peer. Pure: the same parts in any order, repeated or not, give the same packet.
 * A part that contradicts its set voids the set; incomplete sets end after seven days or when the peer's parts
 * take more than 4 MiB (the oldest first). The sender resends what it gets no ACK for.
 */
export function acceptPart(sets: readonly PartSet[], value: Part, nowMs: number): AcceptedPart {
  const id = toHex(value.id)
  const ended: { id: string; reason: PartSetEnd }[] = []
  const isLive = (set: PartSet) => nowMs - set.firstAtMs < limits.partSecondsMax * 1000
  for (const set of sets) if (!isLive(set)) ended.push({ id: set.id, reason: 'expired' })
  const live = sets.filter(isLive)
  const others = live.filter((set) => set.id !== id)
  const set = live.find((candidate) => candidate.id === id) ?? newSet(id, value, nowMs)
  if (contradicts(set, value)) {
    ended.push({ id, reason: 'conflict' })
    return { sets: others, packet: null, ended }
  }
  const grown = { ...set, chunks: new Map(set.chunks).set(value.index, value.chunk) }
  if (grown.chunks.size === grown.count) {
    const packet = joined(grown)
    const fits = sameBytes(sha256(packet).subarray(0, 16), value.id)
    ended.push({ id, reason: fits ? 'complete' : 'bad_hash' })
    return { sets: others, packet: fits ? packet : null, ended }
  }
  const kept = live.includes(set) ? live.map((s) => (s === set ? grown : s)) : [...live, grown]
  return { sets: withinBytes(kept, id, ended), packet: null, ended }
}

const newSet = (id: string, value: Part, nowMs: number): PartSet => ({
  id,
  count: value.count,
  chunks: new Map(),
  firstAtMs: nowMs,
})

function contradicts(set: PartSet, value: Part): boolean {
  const known = set.chunks.get(value.index)
  return set.count !== value.count || (known !== undefined && !sameBytes(known, value.chunk))
}

function joined(set: PartSet): Uint8Array {
  const inOrder = [...set.chunks].sort(([a], [b]) => a - b)
  return concat(...inOrder.map(([, chunk]) => chunk))
}

/** Drops the oldest sets, never the one just added to, until the rest keeps to the peer's bytes. */
function withinBytes(
  sets: readonly PartSet[],
  newest: string,
  ended: { id: string; reason: PartSetEnd }[],
): readonly PartSet[] {
  const kept = [...sets]
  while (kept.reduce((sum, set) => sum + bytesOf(set), 0) > limits.partBytesPerPeerMax) {
    const oldest = kept.findIndex((set) => set.id !== newest)
    if (oldest < 0) break
    for (const dropped of kept.splice(oldest, 1)) ended.push({ id: dropped.id, reason: 'crowded_out' })
  }
  return kept
}

/** Each part counts as a full one, else millions of sets with one tiny last part would fit. */
const bytesOf = (set: PartSet): number => set.chunks.size * limits.partChunkBytes
