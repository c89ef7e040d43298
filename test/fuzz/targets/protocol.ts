/** Every decoder of the protocol: it answers any bytes, and what it understood survives another round. */
import { sameBytes } from '#kernel/bytes.ts'
import { encodeEtpArmour, findEtpArmour } from '#protocol/etp-armour.ts'
import { acceptPart, decodePart, type PartSet } from '#protocol/parts.ts'
import {
  checkReplay,
  decodeReplayWindow,
  emptyReplayWindow,
  encodeReplayWindow,
  markReplay,
} from '#protocol/replay-window.ts'
import { decoders } from '../../vectors/decoders.ts'
import type { FuzzTarget } from '../engine/target.ts'
import { expect, latin1, texts } from './expect.ts'

const seeds = () => import('./protocol-seeds.ts')

/** Heads of CBOR's kinds and lengths, the protocol's tags, and lengths that lie. */
const cborWords = [
  'd9d9f7',
  '1bffffffffffffffff',
  '1b001fffffffffffff',
  '1b0020000000000000',
  '5bffffffffffffffff',
  '9a7fffffff',
  'ba7fffffff',
  '5f',
  '9f',
  'bf',
  'ff',
  'f90000',
  'fb3ff0000000000000',
  'c249010000000000000000',
  '3bffffffffffffffff',
  'f4',
  'f5',
  'f6',
  'f7',
  'f8ff',
  '1818',
  '1900ff',
  '1a0000ffff',
  '60',
  '40',
  '80',
  'a0',
  'd8184100',
  '62c328',
].map((hex) => new Uint8Array(Buffer.from(hex, 'hex')))

const codecTargets: readonly FuzzTarget[] = Object.entries(decoders).map(([name, decoder]) => ({
  name,
  run: (input) => {
    const once = decoder.again(input)
    if (!once.ok) {
      expect(once.fault.at.length < 200, 'a fault names a place')
      return
    }
    const twice = decoder.again(once.value)
    expect(twice.ok && sameBytes(twice.value, once.value), 'what was encoded is decoded to the same bytes')
    if (name === 'cbor' || name === 'replay-window')
      expect(sameBytes(once.value, input), 'a value has one encoding')
  },
  seeds: async () => (await seeds()).codecSeeds(name),
  dictionary:
    name === 'etp-armour' ? ['-----BEGIN MDAP ETP-----', '-----END MDAP ETP-----', 'sha256-64: '] : cborWords,
}))

/** The first byte cuts the input into parts; each that decodes is taken in order. */
const partsTarget: FuzzTarget = {
  name: 'parts-in-order',
  run: (input) => {
    const size = Math.max(1, input[0] ?? 1)
    let sets: readonly PartSet[] = []
    for (let at = 1; at < input.length; at += size) {
      const part = decodePart(input.subarray(at, at + size))
      if (!part.ok) continue
      const taken = acceptPart(sets, part.value, at)
      sets = taken.sets
      expect(
        sets.every((set) => set.chunks.size < set.count),
        'a whole set does not wait',
      )
    }
  },
  seeds: async () => {
    const parts = (await seeds()).partSeeds()
    return parts.map((part) => Buffer.concat([Buffer.of(part.length), part, part]))
  },
  dictionary: cborWords,
}

/** A window as the store keeps it, then sequence numbers of eight bytes each. */
const replayTarget: FuzzTarget = {
  name: 'replay-marks',
  run: (input) => {
    const stored = decodeReplayWindow(input.subarray(0, 136))
    let window = stored.ok ? stored.value : emptyReplayWindow
    const view = new DataView(input.buffer, input.byteOffset, input.byteLength)
    for (let at = stored.ok ? 136 : 0; at + 8 <= input.length; at += 8) {
      const seq = Number(view.getBigUint64(at) & 0x1fffffffffffffn)
      if (checkReplay(window, seq) !== 'new') continue
      window = markReplay(window, seq)
      expect(checkReplay(window, seq) === 'seen', 'what was marked is seen')
      const kept = decodeReplayWindow(encodeReplayWindow(window))
      expect(kept.ok && kept.value.next === window.next, 'a window is kept as it is')
    }
  },
  seeds: () => [
    encodeReplayWindow(emptyReplayWindow),
    new Uint8Array(
      Buffer.concat([
        encodeReplayWindow(markReplay(emptyReplayWindow, 5_000)),
        Buffer.from('0000000000001388000000000000138a', 'hex'),
      ]),
    ),
    new Uint8Array(16),
  ],
  dictionary: ['001fffffffffffff', '0000000000000400', '00000000000003ff', '0020000000000000'].map(
    (hex) => new Uint8Array(Buffer.from(hex, 'hex')),
  ),
}

const findArmourTarget: FuzzTarget = {
  name: 'etp-armour-in-text',
  run: (input) => {
    for (const file of findEtpArmour(latin1(input)))
      expect(file.length <= 16_384, 'no file is larger than any')
  },
  seeds: () => {
    const block = encodeEtpArmour(Uint8Array.of(1, 2, 3))
    return texts(block, `Hello\r\n\r\n${block}\r\nBye`, block.replaceAll('\n', '\r\n> '), `${block}${block}`)
  },
  dictionary: [
    '-----BEGIN MDAP ETP-----\r\n',
    '-----END MDAP ETP-----\r\n',
    'sha256-64: ',
    '> ',
    '\r\n\r\n',
    '- ',
  ],
}

export const targets: readonly FuzzTarget[] = [...codecTargets, partsTarget, replayTarget, findArmourTarget]
