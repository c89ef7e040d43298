/** Good input for the protocol's decoders. Made apart from the targets, so that a fuzzing thread loads no more than it runs. */
import fc from 'fast-check'
import { encodeAck } from '#protocol/ack.ts'
import { encodeCbor } from '#protocol/cbor.ts'
import { encodeEtpBody, encodeEtpFile, encodeEtpRelayPart } from '#protocol/etp.ts'
import { encodeEtpArmour } from '#protocol/etp-armour.ts'
import {
  encodeDeviceInfo,
  encodeErrorMessage,
  encodeM2,
  encodeM3,
  encodeM4,
  encodeServerInfo,
} from '#protocol/exchange.ts'
import { encodeItPolicy } from '#protocol/it-admin.ts'
import { encodeItCommand } from '#protocol/it-command.ts'
import { encodePacketHeader } from '#protocol/packet-frame.ts'
import { encodePart } from '#protocol/parts.ts'
import { encodeFrame } from '#protocol/relay-frame-codec.ts'
import { emptyReplayWindow, encodeReplayWindow, markReplay } from '#protocol/replay-window.ts'
import { encodeBookSet } from '#protocol/service-book.ts'
import { encodeSync } from '#protocol/sync.ts'
import * as random from '../../unit/protocol/arbitraries.ts'
import { frame, frameTypes } from '../../unit/protocol/frame-arbitrary.ts'
import { type DecoderName, isDecoderName } from '../../vectors/decoders.ts'
import { malformedSamples } from '../../vectors/malformed.ts'

const some = <T>(values: fc.Arbitrary<T>, encode: (value: T) => Uint8Array): Uint8Array[] =>
  fc.sample(values, { seed: 7, numRuns: 12 }).map(encode)

const good: Partial<Record<DecoderName, () => Uint8Array[]>> = {
  cbor: () => some(random.cborValue, encodeCbor),
  'etp-file': () => some(random.etpFile, encodeEtpFile),
  'etp-body': () => some(random.etpBody, encodeEtpBody),
  'etp-relay-part': () => some(random.etpRelayPart, encodeEtpRelayPart),
  'etp-armour': () => some(random.bytes(1, 200), (file) => Buffer.from(encodeEtpArmour(file))),
  m2: () => some(random.m2, encodeM2),
  m3: () => some(random.m3, encodeM3),
  m4: () => some(random.m4, encodeM4),
  'device-info': () => some(random.deviceInfo, encodeDeviceInfo),
  'server-info': () => some(random.serverInfo, encodeServerInfo),
  error: () => some(random.errorMessage, encodeErrorMessage),
  'packet-header': () => some(random.packetHeader, encodePacketHeader),
  part: () => some(random.part, encodePart),
  ack: () => some(random.ack, encodeAck),
  'it-policy': () => some(random.itPolicy, encodeItPolicy),
  'it-command': () => some(random.itCommand, encodeItCommand),
  books: () => some(random.bookSet, encodeBookSet),
  sync: () => some(random.syncMessage, encodeSync),
  frame: () =>
    frameTypes.flatMap((type) =>
      fc.sample(frame(type), { seed: 7, numRuns: 2 }).map((value) => encodeFrame(value)),
    ),
  'replay-window': () => [
    encodeReplayWindow(emptyReplayWindow),
    encodeReplayWindow(markReplay(emptyReplayWindow, 5)),
  ],
}

/** Good values of every form, and the malformed samples of the vectors. */
export const codecSeeds = (name: string): Uint8Array[] => [
  ...(isDecoderName(name) ? (good[name]?.() ?? []) : []),
  ...malformedSamples()
    .filter((sample) => sample.decoder === name && sample.bytes.length < 4_096)
    .map(({ bytes }) => bytes),
]

export const partSeeds = (): Uint8Array[] => some(random.part, encodePart)
