/** Strict deterministic CBOR (RFC 8949 section 4.2.1): what does not re-encode to the same bytes is refused. */
import { decode, encode, rfc8949EncodeOptions, type Token, Tokenizer } from 'cborg'
import { assert } from '#kernel/assert.ts'
import { fromUtf8, sameBytes } from '#kernel/bytes.ts'
import { limits } from '#kernel/limits.ts'
import { type DecodeCode, type Decoded, decoded, refused } from '#kernel/result.ts'

export type CborKey = number | string
export type CborMap = ReadonlyMap<CborKey, CborValue>
/** The values the protocol knows: no floats, no undefined, no tags, integers within ±(2^53−1). */
export type CborValue = null | boolean | number | string | Uint8Array | readonly CborValue[] | CborMap

/**
 * Decodes exactly one CBOR value; maps become `Map`. Never throws.
 * Faults: `bad_cbor`, `too_deep` (before any recursion), `not_deterministic`.
 */
export function decodeCbor(input: Uint8Array): Decoded<CborValue> {
  const bytes = asPlainBytes(input)
  const tokenizer = new StrictTokenizer(bytes)
  let value: CborValue
  try {
    value = decode(bytes, { tokenizer, useMaps: true })
  } catch (error) {
    if (error instanceof Refusal) return refused(error.code, error.at)
    return refused('bad_cbor', 'truncated, malformed or trailing bytes')
  }
  // Without a map there is one way to write the value, and the tokenizer has seen whether this was it.
  if (tokenizer.isPlain) return decoded(value)
  if (!sameBytes(encode(value, rfc8949EncodeOptions), bytes)) return refused('not_deterministic', 'value')
  return decoded(value)
}

/** Encodes deterministically; throws our own mistakes (unsafe integers, lone surrogates) as `InvariantError`. */
export function encodeCbor(value: CborValue): Uint8Array {
  assertEncodable(value)
  return new Uint8Array(encode(value, rfc8949EncodeOptions))
}

export const isCborMap = (value: CborValue): value is CborMap => value instanceof Map

export const isCborArray = (value: CborValue): value is readonly CborValue[] => Array.isArray(value)

/** The same bytes as no `Buffer`: slices of a Buffer would be views that change when its memory is used again. */
const asPlainBytes = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)

class Refusal extends Error {
  readonly code: DecodeCode
  readonly at: string

  constructor(code: DecodeCode, position: number) {
    super(code)
    this.code = code
    this.at = `byte ${position}`
  }
}

const majorText = 3
const majorArray = 4
const majorMap = 5
const majorTag = 6
const majorSimple = 7
const minorIndefinite = 31
const simpleFalse = 20
const simpleNull = 22

/** An array or map being read: how many items it still awaits, keys and values counted alike. */
interface OpenItem {
  readonly isMap: boolean
  awaited: number
}

/**
 * Looks at each item's first byte before cborg reads it, so that depth is known before the recursion
 * and forms that the protocol forbids never become values.
 */
class StrictTokenizer extends Tokenizer {
  readonly #open: OpenItem[] = []
  /** No map so far, and every number and length in its shortest form. */
  isPlain = true

  constructor(bytes: Uint8Array) {
    super(bytes, { retainStringBytes: true, allowUndefined: false, allowNaN: false, allowInfinity: false })
  }

  override next(): Token {
    const at = this.pos()
    const initial = this.data[at] ?? 0
    const major = initial >> 5
    checkInitialByte(initial, at)
    this.#checkKey(major, at)
    this.isPlain &&= major !== majorMap && isShortest(this.data, at)
    const token = super.next()
    checkValue(major, token, at)
    this.#count(major, token, at)
    return token
  }

  #checkKey(major: number, at: number): void {
    const parent = this.#open.at(-1)
    const isKey = parent?.isMap === true && parent.awaited % 2 === 0
    if (isKey && major !== 0 && major !== 1 && major !== majorText) throw new Refusal('bad_cbor', at)
  }

  /** Takes this item off its parent and closes every parent it completes; opens it if it has items. */
  #count(major: number, token: Token, at: number): void {
    const parent = this.#open.at(-1)
    if (parent) parent.awaited -= 1
    if (major === majorArray || major === majorMap) {
      if (this.#open.length >= limits.cborDepthMax) throw new Refusal('too_deep', at)
      const isMap = major === majorMap
      this.#open.push({ isMap, awaited: isMap ? token.value * 2 : token.value })
    }
    while (this.#open.at(-1)?.awaited === 0) this.#open.pop()
  }
}

/**
 * Whether the number behind an initial byte could not have been written in fewer bytes: it fits into half of those
 * that are there where the first half of them is zero, and a single one where it is below 24.
 */
function isShortest(data: Uint8Array, at: number): boolean {
  const minor = (data[at] ?? 0) & 31
  if (minor < 24) return true
  if (minor === 24) return (data[at + 1] ?? 0) >= 24
  const half = 2 ** (minor - 25)
  for (let i = 1; i <= half; i += 1) if (data[at + i] !== 0) return true
  return false
}

function checkInitialByte(byte: number, at: number): void {
  const major = byte >> 5
  const minor = byte & 31
  if (major === majorTag) throw new Refusal('bad_cbor', at)
  if (major === majorSimple && (minor < simpleFalse || minor > simpleNull)) throw new Refusal('bad_cbor', at)
  if (major > 1 && major < majorTag && minor === minorIndefinite) throw new Refusal('not_deterministic', at)
}

function checkValue(major: number, token: Token, at: number): void {
  if (major <= 1 && !Number.isSafeInteger(token.value)) throw new Refusal('bad_cbor', at)
  if (major === majorText) {
    const text = fromUtf8(token.byteValue ?? new Uint8Array())
    if (text === null) throw new Refusal('bad_cbor', at)
    token.value = text
  }
}

function assertEncodable(value: CborValue): void {
  if (typeof value === 'number') assert(Number.isSafeInteger(value), 'CBOR integers are within ±(2^53−1)')
  else if (typeof value === 'string') assert(value.isWellFormed(), 'CBOR text is well-formed Unicode')
  else if (isCborArray(value)) value.forEach(assertEncodable)
  else if (isCborMap(value)) {
    for (const [key, item] of value) {
      assertEncodable(key)
      assertEncodable(item)
    }
  }
}
