/** The file ETP.DAT: what a handheld asks its relay to mail, under the relay's seal. */
import type { ActivationId, MailAddress, RelayId } from '#kernel/brand.ts'
import { concat, fromHex, sameBytes, utf8 } from '#kernel/bytes.ts'
import { limits } from '#kernel/limits.ts'
import { type Decoded, refused } from '#kernel/result.ts'
import {
  bytes64,
  kemEncapsulationKey,
  mailAddress,
  point,
  relayId,
  routeToken,
  suite,
  txn,
} from './fields.ts'
import { element, key, keyed, optionalKey, row } from './record-shape.ts'
import {
  bytes,
  decodeShape,
  encodeShape,
  integer,
  list,
  type Shape,
  text,
  uint,
  uint8,
  where,
} from './shape.ts'

/** The file as it stands: body and relay part as the exact bytes that the seal and the transcript hash. */
export interface EtpFile {
  readonly body: Uint8Array
  readonly relayPart: Uint8Array
  /** Ed25519 by the relay over both parts. */
  readonly seal: Uint8Array
}

export interface EtpBody {
  readonly txn: ActivationId
  readonly address: MailAddress
  readonly relayId: RelayId
  /** Unix seconds by the relay's clock. */
  readonly createdAt: number
  readonly lifeSeconds: number
  readonly kdfProfile: number
  /** SPAKE2+ shareP, 65 bytes; not yet checked to lie on the curve. */
  readonly shareP: Uint8Array
  /** Suites the handheld accepts, no repeats. */
  readonly offer: readonly number[]
  /** ML-KEM-768 encapsulation key, 1184 bytes; not yet checked. */
  readonly kemKey?: Uint8Array
}

export interface EtpRelayPart {
  readonly relayId: RelayId
  /** Unix seconds by the relay's clock. */
  readonly mailedAt: number
  /** Opened by the relay alone. */
  readonly routeToken: Uint8Array
}

/** The first 13 bytes of every file: the CBOR tag, an array of four, the text "MDAP-ETP". */
export const etpMagic = concat(fromHex('d9d9f78468'), utf8('MDAP-ETP'))

const fileTagBytes = 3

const etpFile = row<EtpFile & { magic: string }>([], {
  magic: element(text(8, 8)),
  body: element(bytes(1, limits.etpBodyBytesMax)),
  relayPart: element(bytes(1, limits.etpFileBytesMax)),
  seal: element(bytes64),
})

const etpBody: Shape<EtpBody> = keyed<EtpBody>(
  {
    txn: key(2, txn),
    address: key(3, mailAddress),
    relayId: key(4, relayId),
    createdAt: key(5, uint),
    lifeSeconds: key(6, integer(0, limits.etpLifeSecondsMax)),
    kdfProfile: key(7, uint8),
    shareP: key(8, point),
    offer: key(
      9,
      where(list(suite, 1, 8), (suites) => new Set(suites).size === suites.length),
    ),
    kemKey: optionalKey(10, kemEncapsulationKey),
  },
  { version: 1 },
)

const etpRelayPart: Shape<EtpRelayPart> = keyed<EtpRelayPart>({
  relayId: key(1, relayId),
  mailedAt: key(2, uint),
  routeToken: key(3, routeToken),
})

export const hasEtpMagic = (file: Uint8Array): boolean =>
  sameBytes(file.subarray(0, etpMagic.length), etpMagic)

/** Decodes the frame of the file alone; verify the seal before decoding its two parts. */
export function decodeEtpFile(file: Uint8Array): Decoded<EtpFile> {
  if (file.length > limits.etpFileBytesMax) return refused('too_big', 'etp')
  if (!hasEtpMagic(file)) return refused('bad_magic', 'etp')
  const inner = decodeShape(etpFile, file.subarray(fileTagBytes), limits.etpFileBytesMax, 'etp')
  if (!inner.ok) return inner
  const { body, relayPart, seal } = inner.value
  return { ok: true, value: { body, relayPart, seal } }
}

export function encodeEtpFile(file: EtpFile): Uint8Array {
  const inner = encodeShape(etpFile, { magic: 'MDAP-ETP', ...file }, 'etp')
  return concat(etpMagic.subarray(0, fileTagBytes), inner)
}

export const decodeEtpBody = (body: Uint8Array): Decoded<EtpBody> =>
  decodeShape(etpBody, body, limits.etpBodyBytesMax, 'etp.body')

export const encodeEtpBody = (body: EtpBody): Uint8Array => encodeShape(etpBody, body, 'etp.body')

export const decodeEtpRelayPart = (relayPart: Uint8Array): Decoded<EtpRelayPart> =>
  decodeShape(etpRelayPart, relayPart, limits.etpFileBytesMax, 'etp.relayPart')

export const encodeEtpRelayPart = (relayPart: EtpRelayPart): Uint8Array =>
  encodeShape(etpRelayPart, relayPart, 'etp.relayPart')
