import { deepEqual, equal, throws } from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { limits } from '#kernel/limits.ts'
import {
  type AcceptedPart,
  acceptPart,
  cutPacket,
  type Part,
  type PartSet,
  packetPayloads,
} from '#protocol/parts.ts'
import { decodePayload } from '#protocol/payload.ts'

const chunk = limits.partChunkBytes
const dayMs = 86_400_000

/** A packet of `length` bytes that differs with `seed`. */
const packetOf = (length: number, seed = 1) =>
  Uint8Array.from({ length }, (_, i) => (i * seed + (i >> 8)) & 0xff)

function acceptAll(parts: readonly Part[], sets: readonly PartSet[] = [], nowMs = 0): AcceptedPart {
  const start: AcceptedPart = { sets, packet: null, ended: [] }
  return parts.reduce((state, part) => acceptPart(state.sets, part, nowMs), start)
}

function firstOf(parts: readonly Part[]): Part {
  const [first] = parts
  if (!first) throw new Error('no parts')
  return first
}

describe('cutting a packet', () => {
  it('leaves a packet whole while its payload keeps to 61,440 bytes', () => {
    const kinds = (length: number) =>
      packetPayloads(packetOf(length)).map((payload) => {
        const decoded = decodePayload(payload)
        return decoded.ok ? decoded.value.kind : decoded.fault.code
      })
    deepEqual(kinds(61_440 - 5), ['packet'])
    deepEqual(kinds(61_440 - 4), ['part', 'part'])
  })

  it('makes full chunks and one rest, and 22 parts of the largest packet', () => {
    deepEqual(
      cutPacket(packetOf(2 * chunk + 1)).map((part) => [part.index, part.count, part.chunk.length]),
      [
        [0, 3, chunk],
        [1, 3, chunk],
        [2, 3, 1],
      ],
    )
    equal(cutPacket(packetOf(limits.packetBytesMax)).length, 22)
    throws(() => packetPayloads(packetOf(limits.packetBytesMax + 1)), /at most 1 MiB/)
  })
})

describe('putting parts together', () => {
  it('gives the packet whatever the order and the repetitions', () => {
    const packet = packetOf(3 * chunk + 500)
    const parts = cutPacket(packet)
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...parts], { minLength: parts.length }),
        fc.nat(parts.length - 2),
        (order, repeated) => {
          const withRepeats = [...order.slice(0, -1), ...order.slice(0, repeated), ...order.slice(-1)]
          const result = acceptAll(withRepeats)
          deepEqual(result.packet, packet)
          deepEqual([result.sets, result.ended.map((end) => end.reason)], [[], ['complete']])
        },
      ),
      { numRuns: 20 },
    )
  })

  it('keeps the sets of two packets apart', () => {
    const [first, second] = [packetOf(chunk + 9, 1), packetOf(chunk + 9, 3)]
    const [a, b] = [cutPacket(first), cutPacket(second)]
    const half = acceptAll([...a.slice(0, 1), ...b.slice(0, 1)])
    equal(half.sets.length, 2)
    const done = acceptAll(b.slice(1), half.sets)
    deepEqual([done.packet, done.sets.length], [second, 1])
    deepEqual(acceptAll(a.slice(1), done.sets).packet, first)
  })

  it('voids a set when a part comes with other bytes or another count', () => {
    const parts = cutPacket(packetOf(2 * chunk + 9))
    const first = firstOf(parts)
    for (const odd of [
      { ...first, chunk: packetOf(chunk, 7) },
      { ...first, count: 4 },
      { ...first, index: 1, count: 2 },
    ]) {
      const result = acceptAll([first, odd])
      deepEqual([result.sets, result.packet, result.ended.map((end) => end.reason)], [[], null, ['conflict']])
    }
  })

  it('gives no packet when the bytes do not hash to the id', () => {
    const parts = cutPacket(packetOf(chunk + 9)).map((part) => ({ ...part, id: new Uint8Array(16) }))
    const result = acceptAll(parts)
    deepEqual([result.packet, result.sets, result.ended.map((end) => end.reason)], [null, [], ['bad_hash']])
  })

  it('drops an incomplete set after seven days, and begins it anew then', () => {
    const first = firstOf(cutPacket(packetOf(chunk + 9)))
    const { sets } = acceptPart([], first, 0)
    equal(acceptPart(sets, first, 7 * dayMs - 1).ended.length, 0)
    const late = acceptPart(sets, first, 7 * dayMs)
    deepEqual([late.ended.map((end) => end.reason), late.sets[0]?.firstAtMs], [['expired'], 7 * dayMs])
  })

  it('drops the oldest sets beyond 4 MiB of one peer, and no flood of tiny last parts gets past that', () => {
    const tiny = (n: number): Part => {
      const id = new Uint8Array(16)
      new DataView(id.buffer).setUint32(0, n)
      return { id, index: 21, count: 22, chunk: Uint8Array.of(n & 0xff) }
    }
    let sets: readonly PartSet[] = []
    const reasons = new Set<string>()
    for (let n = 0; n < 200; n += 1) {
      const result = acceptPart(sets, tiny(n), n)
      sets = result.sets
      for (const end of result.ended) reasons.add(end.reason)
    }
    equal(sets.length, Math.floor(limits.partBytesPerPeerMax / chunk))
    deepEqual([...reasons], ['crowded_out'])
    deepEqual(sets.at(-1)?.chunks.get(21), Uint8Array.of(199))
    equal(sets[0]?.firstAtMs, 200 - sets.length)
  })
})
