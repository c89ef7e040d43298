/** Content of ITADMIN packets and, inside its CMS signature, the IT policy. Commands are `it-command.ts`. */
import type { Pin, SrpId } from '#kernel/brand.ts'
import { limits } from '#kernel/limits.ts'
import { type Decoded, decoded, refused } from '#kernel/result.ts'
import { type CborValue, isCborArray, isCborMap } from './cbor.ts'
import { pin, srpId } from './fields.ts'
import { commandNameShape } from './it-command.ts'
import { element, key, keyed } from './record-shape.ts'
import { bytes, decodeShape, encodeShape, nullable, type Shape, text, uint } from './shape.ts'
import { variant, variants } from './variant-shape.ts'

export interface SignedPolicy {
  readonly type: 'policy'
  /** CMS SignedData, DER, with an encoded `ItPolicy` as its attached content. */
  readonly cms: Uint8Array
}

export interface SignedCommand {
  readonly type: 'command'
  /** The command's name again, outside its signature: who does not know it need not look inside. */
  readonly command: string
  /** CMS SignedData, DER, with an encoded `ItCommand` of the same name as its attached content. */
  readonly cms: Uint8Array
}

export type ItAdmin = SignedPolicy | SignedCommand

export interface ItPolicy {
  readonly policyId: string
  /** generation · 2^32 + counter. */
  readonly number: number
  readonly srpId: SrpId
  /** Null: for every handheld of the server. */
  readonly pin: Pin | null
  /** Unix seconds. */
  readonly issuedAt: number
  readonly rules: ReadonlyMap<string, RuleValue>
}

/** The empty list stands for both kinds of list. */
export type RuleValue = boolean | number | string | Uint8Array | readonly number[] | readonly string[]

const ruleValueBytesMax = 1024

const cms = bytes(1, limits.contentBytesMax)

const itAdmin: Shape<ItAdmin> = variants<ItAdmin>({
  policy: variant(1, { cms: element(cms) }),
  command: variant(2, { command: element(commandNameShape), cms: element(cms) }),
})

const ruleText = text(0, ruleValueBytesMax)
const ruleBytes = bytes(0, ruleValueBytesMax)

const ruleValue: Shape<RuleValue> = {
  read: (value, at) => {
    if (typeof value === 'boolean' || typeof value === 'number') return decoded(value)
    if (typeof value === 'string') return ruleText.read(value, at)
    if (value instanceof Uint8Array) return ruleBytes.read(value, at)
    if (isCborArray(value)) {
      if (value.every((item) => typeof item === 'number')) return decoded(value)
      if (value.every((item) => typeof item === 'string')) return decoded(value)
    }
    return refused('wrong_shape', at)
  },
  write: (value) => value,
}

const rules: Shape<ReadonlyMap<string, RuleValue>> = {
  read: (value, at) => {
    if (!isCborMap(value)) return refused('wrong_shape', at)
    const read = new Map<string, RuleValue>()
    for (const [name, raw] of value) {
      if (typeof name !== 'string') return refused('wrong_shape', at)
      const rule = ruleValue.read(raw, `${at}.rule`)
      if (!rule.ok) return rule
      read.set(name, rule.value)
    }
    return decoded(read)
  },
  write: (values) => new Map<string, CborValue>(values),
}

const itPolicy = keyed<ItPolicy>(
  {
    policyId: key(2, text(1, 64)),
    number: key(3, uint),
    srpId: key(4, srpId),
    pin: key(5, nullable(pin)),
    issuedAt: key(6, uint),
    rules: key(7, rules),
  },
  { version: 1 },
)

export const decodeItAdmin = (content: Uint8Array): Decoded<ItAdmin> =>
  decodeShape(itAdmin, content, limits.contentBytesMax, 'itadmin')

export const encodeItAdmin = (message: ItAdmin): Uint8Array => encodeShape(itAdmin, message, 'itadmin')

export const decodeItPolicy = (content: Uint8Array): Decoded<ItPolicy> =>
  decodeShape(itPolicy, content, limits.contentBytesMax, 'policy')

export const encodeItPolicy = (policy: ItPolicy): Uint8Array => encodeShape(itPolicy, policy, 'policy')
