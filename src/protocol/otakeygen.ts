/**
 * Content of OTAKEYGEN packets: key checks, by which both ends show that they hold a master key, and the messages of a
 * key rollover (docs/protocol.md, "Key rollover").
 */
import { limits } from '#kernel/limits.ts'
import type { Decoded } from '#kernel/result.ts'
import { bytes32, kemCiphertext, kemEncapsulationKey, kid, point } from './fields.ts'
import { element, optionalElement } from './record-shape.ts'
import { decodeShape, encodeShape, type Shape } from './shape.ts'
import { variant, variants } from './variant-shape.ts'

export interface KeyCheck {
  readonly type: 'key_check'
  /** After an activation th4: the hash over every message of the exchange. After a rollover H(offer ‖ answer). */
  readonly transcriptHash: Uint8Array
}

/** The proposer's half of a new master key. */
export interface RollOffer {
  readonly type: 'roll_offer'
  /** Of the key to be. */
  readonly kid: number
  readonly share: Uint8Array
  readonly kemEncapsulationKey?: Uint8Array
}

/** The other side's half. */
export interface RollAnswer {
  readonly type: 'roll_answer'
  readonly kid: number
  readonly share: Uint8Array
  readonly kemCiphertext?: Uint8Array
}

/** The old key is not needed any more. */
export interface RollDone {
  readonly type: 'roll_done'
  /** Of the old key. */
  readonly kid: number
}

export type OtaKeyGen = KeyCheck | RollOffer | RollAnswer | RollDone

const otaKeyGen: Shape<OtaKeyGen> = variants<OtaKeyGen>({
  key_check: variant(1, { transcriptHash: element(bytes32) }),
  roll_offer: variant(2, {
    kid: element(kid),
    share: element(point),
    kemEncapsulationKey: optionalElement(kemEncapsulationKey),
  }),
  roll_answer: variant(3, {
    kid: element(kid),
    share: element(point),
    kemCiphertext: optionalElement(kemCiphertext),
  }),
  roll_done: variant(4, { kid: element(kid) }),
})

export const decodeOtaKeyGen = (content: Uint8Array): Decoded<OtaKeyGen> =>
  decodeShape(otaKeyGen, content, limits.contentBytesMax, 'otakeygen')

export const encodeOtaKeyGen = (message: OtaKeyGen): Uint8Array =>
  encodeShape(otaKeyGen, message, 'otakeygen')
