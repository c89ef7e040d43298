/** Every decoder of the protocol under the name by which the samples of `malformed/` call it. */
import { fromUtf8, utf8 } from '#kernel/bytes.ts'
import { type Decoded, decoded, refused } from '#kernel/result.ts'
import { decodeAck, encodeAck } from '#protocol/ack.ts'
import { decodeCbor, encodeCbor } from '#protocol/cbor.ts'
import {
  decodeEtpBody,
  decodeEtpFile,
  decodeEtpRelayPart,
  encodeEtpBody,
  encodeEtpFile,
  encodeEtpRelayPart,
} from '#protocol/etp.ts'
import { decodeEtpArmour, encodeEtpArmour } from '#protocol/etp-armour.ts'
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
import { decodePayload, encodePayload } from '#protocol/payload.ts'
import { decodeFrame, encodeFrame } from '#protocol/relay-frame-codec.ts'
import { decodeReplayWindow, encodeReplayWindow } from '#protocol/replay-window.ts'
import {
  decodeBookSet,
  encodeBookSet,
  readCicalConfiguration,
  readCmimeConfiguration,
  readSyncConfiguration,
  writeCicalConfiguration,
  writeCmimeConfiguration,
  writeSyncConfiguration,
} from '#protocol/service-book.ts'
import { integerMap } from '#protocol/shape.ts'
import { decodeSync, encodeSync } from '#protocol/sync.ts'

export interface Decoder {
  /** Decodes, and encodes what came out: on good bytes the same bytes again. */
  again(bytes: Uint8Array): Decoded<Uint8Array>
}

const decoder = <T>(
  decode: (bytes: Uint8Array) => Decoded<T>,
  encode: (value: T) => Uint8Array,
): Decoder => ({
  again: (bytes) => {
    const result = decode(bytes)
    return result.ok ? decoded(encode(result.value)) : result
  },
})

type Configuration = ReadonlyMap<number, Parameters<typeof encodeCbor>[0]>

const configuration = <T>(
  read: (entries: Configuration) => Decoded<T>,
  write: (value: T) => Configuration,
): Decoder =>
  decoder(
    (bytes) => {
      const value = decodeCbor(bytes)
      const entries = value.ok ? integerMap.read(value.value, 'configuration') : value
      return entries.ok ? read(entries.value) : entries
    },
    (value) => encodeCbor(write(value)),
  )

const armour: Decoder = decoder(
  (bytes) => {
    const text = fromUtf8(bytes)
    return text === null ? refused('bad_armour', 'text') : decodeEtpArmour(text)
  },
  (file) => utf8(encodeEtpArmour(file)),
)

export const decoders = {
  cbor: decoder(decodeCbor, encodeCbor),
  'etp-file': decoder(decodeEtpFile, encodeEtpFile),
  'etp-body': decoder(decodeEtpBody, encodeEtpBody),
  'etp-relay-part': decoder(decodeEtpRelayPart, encodeEtpRelayPart),
  'etp-armour': armour,
  m2: decoder(decodeM2, encodeM2),
  m3: decoder(decodeM3, encodeM3),
  m4: decoder(decodeM4, encodeM4),
  'device-info': decoder(decodeDeviceInfo, encodeDeviceInfo),
  'server-info': decoder(decodeServerInfo, encodeServerInfo),
  error: decoder(decodeErrorMessage, encodeErrorMessage),
  payload: decoder(decodePayload, encodePayload),
  packet: decoder(decodePacket, encodePacket),
  'packet-header': decoder(decodePacketHeader, encodePacketHeader),
  part: decoder(decodePart, encodePart),
  ack: decoder(decodeAck, encodeAck),
  otakeygen: decoder(decodeOtaKeyGen, encodeOtaKeyGen),
  itadmin: decoder(decodeItAdmin, encodeItAdmin),
  'it-policy': decoder(decodeItPolicy, encodeItPolicy),
  'it-command': decoder(decodeItCommand, encodeItCommand),
  books: decoder(decodeBookSet, encodeBookSet),
  'cmime-configuration': configuration(readCmimeConfiguration, writeCmimeConfiguration),
  'cical-configuration': configuration(readCicalConfiguration, writeCicalConfiguration),
  'sync-configuration': configuration(readSyncConfiguration, writeSyncConfiguration),
  sync: decoder(decodeSync, encodeSync),
  frame: decoder(decodeFrame, encodeFrame),
  'replay-window': decoder(decodeReplayWindow, encodeReplayWindow),
} as const satisfies Record<string, Decoder>

export type DecoderName = keyof typeof decoders

export const isDecoderName = (name: string): name is DecoderName => Object.hasOwn(decoders, name)
