/**
 * Content of OTAKEYGEN packets: key checks, by which both ends show that they hold a master key.
 * Numbers 2 to 4 (rollover) get their rows here with the rollover itself; until then they are `unsupported`.
 */
import { limits } from '#kernel/limits.ts'
import type { Decoded } from '#kernel/result.ts'
import { bytes32 } from './fields.ts'
import { element } from './record-shape.ts'
import { decodeShape, encodeShape, type Shape } from './shape.ts'
import { variant, variants } from './variant-shape.ts'

export interface KeyCheck {
  readonly type: 'key_check'
  /** After an activation th4: the hash over every message of the exchange. */
  readonly transcriptHash: Uint8Array
}

export type OtaKeyGen = KeyCheck

const otaKeyGen: Shape<OtaKeyGen> = variants<OtaKeyGen>({
  key_check: variant(1, { transcriptHash: element(bytes32) }),
})

export const decodeOtaKeyGen = (content: Uint8Array): Decoded<OtaKeyGen> =>
  decodeShape(otaKeyGen, content, limits.contentBytesMax, 'otakeygen')

export const encodeOtaKeyGen = (message: OtaKeyGen): Uint8Array =>
  encodeShape(otaKeyGen, message, 'otakeygen')
