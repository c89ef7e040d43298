import { deepEqual, equal, throws } from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { InvariantError } from '#kernel/assert.ts'
import type { Decoded } from '#kernel/result.ts'
import { decodeAck, decodeRetrySeconds, encodeAck, encodeRetrySeconds } from '#protocol/ack.ts'
import { decodeCbor, encodeCbor } from '#protocol/cbor.ts'
import {
  decodeEtpBody,
  decodeEtpFile,
  decodeEtpRelayPart,
  encodeEtpBody,
  encodeEtpFile,
  encodeEtpRelayPart,
} from '#protocol/etp.ts'
import { decodeEtpArmour } from '#protocol/etp-armour.ts'
import {
  decodeDeviceInfo,
  decodeErrorMessage,
  decodeM2,
  decodeM3,
  decodeM4,
  decodeServerInfo,
  encodeDeviceInfo,
  encodeErrorMessage,
  encodeM2,
  encodeM3,
  encodeM4,
  encodeServerInfo,
} from '#protocol/exchange.ts'
import { decodeItAdmin, decodeItPolicy, encodeItAdmin, encodeItPolicy } from '#protocol/it-admin.ts'
import { decodeItCommand, encodeItCommand } from '#protocol/it-command.ts'
import { decodeOtaKeyGen, encodeOtaKeyGen } from '#protocol/otakeygen.ts'
import { decodePacket, decodePacketHeader, encodePacket, encodePacketHeader } from '#protocol/packet-frame.ts'
import { decodePart, encodePart } from '#protocol/parts.ts'
import { decodePayload, encodePayload, payloadKind } from '#protocol/payload.ts'
import { decodeFrame, encodeFrame } from '#protocol/relay-frame-codec.ts'
import { decodeReplayWindow } from '#protocol/replay-window.ts'
import { decodeBookSet, encodeBookSet } from '#protocol/service-book.ts'
import { decodeSync, encodeSync } from '#protocol/sync.ts'
import * as random from './arbitraries.ts'
import { frame, frameTypes } from './frame-arbitrary.ts'

interface Case {
  readonly name: string
  readonly decode: (bytes: Uint8Array) => Decoded<unknown>
  /** Fails unless decoding what was encoded gives the value, and encoding that the same bytes. */
  readonly check: () => void
  readonly encoded: fc.Arbitrary<Uint8Array>
}

const runs = 60

function codec<T>(
  name: string,
  values: fc.Arbitrary<T>,
  encode: (value: T) => Uint8Array,
  decode: (bytes: Uint8Array) => Decoded<T>,
): Case {
  const check = () =>
    fc.assert(
      fc.property(values, (value) => {
        const bytes = encode(value)
        const again = decode(bytes)
        deepEqual(again, { ok: true, value })
        if (again.ok) deepEqual(encode(again.value), bytes)
      }),
      { numRuns: runs },
    )
  return { name, decode, check, encoded: values.map(encode) }
}

const payload = random.plain({
  kind: fc.constantFrom('m2', 'm3', 'm4', 'packet', 'part', 'error'),
  bytes: random.bytes(0, 300),
})
const cms = random.bytes(1, 300)
const itAdmin = fc.oneof(
  random.plain({ type: fc.constant('policy' as const), cms }),
  random.plain({ type: fc.constant('command' as const), command: random.text(64, 1), cms }),
)
const packet = random.plain({ header: random.bytes(1, 128), body: random.bytes(0, 300) })

const codecs: readonly Case[] = [
  codec('CBOR', random.cborValue, encodeCbor, decodeCbor),
  codec('ETP file', random.etpFile, encodeEtpFile, decodeEtpFile),
  codec('ETP body', random.etpBody, encodeEtpBody, decodeEtpBody),
  codec('ETP relay part', random.etpRelayPart, encodeEtpRelayPart, decodeEtpRelayPart),
  codec('M2', random.m2, encodeM2, decodeM2),
  codec('M3', random.m3, encodeM3, decodeM3),
  codec('M4', random.m4, encodeM4, decodeM4),
  codec('device info', random.deviceInfo, encodeDeviceInfo, decodeDeviceInfo),
  codec('server info', random.serverInfo, encodeServerInfo, decodeServerInfo),
  codec('error', random.errorMessage, encodeErrorMessage, decodeErrorMessage),
  codec('payload', payload, encodePayload, decodePayload),
  codec('packet', packet, encodePacket, decodePacket),
  codec('packet header', random.packetHeader, encodePacketHeader, decodePacketHeader),
  codec('part', random.part, encodePart, decodePart),
  codec('ACK', random.ack, encodeAck, decodeAck),
  codec('seconds to wait', random.uint, encodeRetrySeconds, decodeRetrySeconds),
  codec('OTAKEYGEN', random.otaKeyGen, encodeOtaKeyGen, decodeOtaKeyGen),
  codec('ITADMIN', itAdmin, encodeItAdmin, decodeItAdmin),
  codec('IT policy', random.itPolicy, encodeItPolicy, decodeItPolicy),
  codec('IT command', random.itCommand, encodeItCommand, decodeItCommand),
  codec('service books', random.bookSet, encodeBookSet, decodeBookSet),
  codec('sync message', random.syncMessage, encodeSync, decodeSync),
  ...frameTypes.map((type) => codec(`frame ${type}`, frame(type), encodeFrame, decodeFrame)),
]

describe('every codec', () => {
  for (const { name, check } of codecs)
    it(`gives back each ${name} it encoded, and the same bytes again`, check)

  it('answers random bytes with a value or a fault and never throws', () => {
    const decodes = [...codecs.map(({ decode }) => decode), decodeReplayWindow]
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (const decode of decodes) equal(typeof decode(bytes).ok, 'boolean')
        equal(typeof decodeEtpArmour(Buffer.from(bytes).toString('latin1')).ok, 'boolean')
        payloadKind(bytes)
      }),
      { numRuns: 300 },
    )
  })

  for (const { name, decode, encoded } of codecs)
    it(`answers a mutated ${name} with a value or a fault and never throws`, () => {
      const mutation = fc.record({ at: fc.nat(), byte: fc.nat(255), cut: fc.nat(3), insert: fc.boolean() })
      fc.assert(
        fc.property(encoded, fc.array(mutation, { minLength: 1, maxLength: 3 }), (bytes, mutations) => {
          const changed = mutations.reduce(mutated, bytes)
          equal(typeof decode(changed).ok, 'boolean')
        }),
        { numRuns: runs },
      )
    })
})

describe('decoded bytes', () => {
  it('do not change when the receive buffer is used again', () => {
    const mid = new Uint8Array(16).fill(7)
    const buffer = Buffer.from(encodeFrame({ type: 'frame_ack', mid }))
    const decoded = decodeFrame(buffer)
    buffer.fill(0)
    deepEqual(decoded, { ok: true, value: { type: 'frame_ack', mid } })
  })
})

describe('encoding a mistake of our own', () => {
  const mid = new Uint8Array(16)
  it('throws when a byte string has the wrong length', () => {
    throws(() => encodeFrame({ type: 'frame_ack', mid: mid.subarray(1) }), InvariantError)
  })
  it('throws when a number is no safe integer', () => {
    throws(() => encodeFrame({ type: 'receipt', mid, status: 0.5 }), InvariantError)
    throws(() => encodeCbor(2 ** 53), InvariantError)
  })
  it('throws when text is not well-formed Unicode', () => {
    throws(() => encodeCbor('\ud800'), InvariantError)
    throws(() => encodeCbor(new Map([['\udfff', 1]])), InvariantError)
  })
})

function mutated(
  bytes: Uint8Array,
  change: { at: number; byte: number; cut: number; insert: boolean },
): Uint8Array {
  const at = change.at % (bytes.length + 1)
  const inserted = change.insert ? [change.byte] : []
  return Uint8Array.of(...bytes.subarray(0, at), ...inserted, ...bytes.subarray(at + change.cut))
}
