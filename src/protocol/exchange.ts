/** The three messages after the mail: M2 (shareV), M3 (the handheld's proof), M4 (the server's), and errors. */
import type { ActivationId, Pin, SrpId } from '#kernel/brand.ts'
import { limits } from '#kernel/limits.ts'
import type { Decoded } from '#kernel/result.ts'
import { bytes32, kemCiphertext, kid, pin, point, srpId, suite, txn } from './fields.ts'
import { key, keyed, optionalKey } from './record-shape.ts'
import { bytes, decodeShape, encodeShape, text, uint, uint8 } from './shape.ts'

export interface M2 {
  readonly txn: ActivationId
  readonly srpId: SrpId
  /** The suite the server chose out of the offer. */
  readonly suite: number
  /** SPAKE2+ shareV, 65 bytes; not yet checked to lie on the curve. */
  readonly shareV: Uint8Array
  /** ML-KEM-768 ciphertext, 1088 bytes. */
  readonly kemCiphertext?: Uint8Array
  /** Id of the master key to be. */
  readonly kid: number
  /** Unix seconds by the server's clock until which it keeps the transaction. */
  readonly keptUntil: number
}

export interface M3 {
  readonly txn: ActivationId
  readonly confirmP: Uint8Array
  /** Nonce and sealed `DeviceInfo`. */
  readonly box: Uint8Array
}

export interface M4 {
  readonly txn: ActivationId
  readonly confirmV: Uint8Array
  /** Nonce and sealed `ServerInfo`. */
  readonly box: Uint8Array
}

export interface DeviceInfo {
  readonly pin: Pin
  /** Maker, a space, model. */
  readonly model: string
  readonly softwareVersion: string
  readonly platform: string
  /** A claim, shown and compared, never a proof. */
  readonly publicKey: Uint8Array
}

export interface ServerInfo {
  readonly organisation: string
  /** DER. */
  readonly caCertificate: Uint8Array
  /** Unix seconds. */
  readonly nextRolloverAt: number
  /** DER; a copy for display, the chain inside each policy decides. */
  readonly policyCertificate?: Uint8Array
}

/** An unauthenticated error; `code` is the number of the E code. */
export interface ErrorMessage {
  readonly txn?: ActivationId
  readonly code: number
  readonly triesLeft?: number
  readonly kid?: number
}

const boxBytesMin = 28
const payloadBytesMax = limits.framePayloadBytesMax

const m2 = keyed<M2>(
  {
    txn: key(2, txn),
    srpId: key(3, srpId),
    suite: key(4, suite),
    shareV: key(5, point),
    kemCiphertext: optionalKey(6, kemCiphertext),
    kid: key(7, kid),
    keptUntil: key(8, uint),
  },
  { version: 1 },
)

const m3 = keyed<M3>(
  { txn: key(2, txn), confirmP: key(3, bytes32), box: key(4, bytes(boxBytesMin, limits.m3BoxBytesMax)) },
  { version: 1 },
)

const m4 = keyed<M4>(
  { txn: key(2, txn), confirmV: key(3, bytes32), box: key(4, bytes(boxBytesMin, limits.m4BoxBytesMax)) },
  { version: 1 },
)

const deviceInfo = keyed<DeviceInfo>({
  pin: key(1, pin),
  model: key(2, text(0, 64)),
  softwareVersion: key(3, text(0, 64)),
  platform: key(4, text(0, 64)),
  publicKey: key(5, bytes32),
})

const certificate = bytes(0, limits.m4BoxBytesMax)

const serverInfo = keyed<ServerInfo>({
  organisation: key(1, text(0, 128)),
  caCertificate: key(2, certificate),
  nextRolloverAt: key(3, uint),
  policyCertificate: optionalKey(4, certificate),
})

const errorMessage = keyed<ErrorMessage>(
  {
    txn: optionalKey(2, txn),
    code: key(3, uint8),
    triesLeft: optionalKey(4, uint8),
    kid: optionalKey(5, kid),
  },
  { version: 1 },
)

export const decodeM2 = (bytes: Uint8Array): Decoded<M2> => decodeShape(m2, bytes, payloadBytesMax, 'm2')
export const encodeM2 = (message: M2): Uint8Array => encodeShape(m2, message, 'm2')

export const decodeM3 = (bytes: Uint8Array): Decoded<M3> => decodeShape(m3, bytes, payloadBytesMax, 'm3')
export const encodeM3 = (message: M3): Uint8Array => encodeShape(m3, message, 'm3')

export const decodeM4 = (bytes: Uint8Array): Decoded<M4> => decodeShape(m4, bytes, payloadBytesMax, 'm4')
export const encodeM4 = (message: M4): Uint8Array => encodeShape(m4, message, 'm4')

export const decodeDeviceInfo = (bytes: Uint8Array): Decoded<DeviceInfo> =>
  decodeShape(deviceInfo, bytes, limits.m3BoxBytesMax, 'deviceInfo')
export const encodeDeviceInfo = (info: DeviceInfo): Uint8Array => encodeShape(deviceInfo, info, 'deviceInfo')

export const decodeServerInfo = (bytes: Uint8Array): Decoded<ServerInfo> =>
  decodeShape(serverInfo, bytes, limits.m4BoxBytesMax, 'serverInfo')
export const encodeServerInfo = (info: ServerInfo): Uint8Array => encodeShape(serverInfo, info, 'serverInfo')

export const decodeErrorMessage = (bytes: Uint8Array): Decoded<ErrorMessage> =>
  decodeShape(errorMessage, bytes, payloadBytesMax, 'error')
export const encodeErrorMessage = (message: ErrorMessage): Uint8Array =>
  encodeShape(errorMessage, message, 'error')
