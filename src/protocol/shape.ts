/**
 * Two-way descriptions of CBOR content: a shape reads a hostile value strictly and writes our own.
 * Leaves and lists are here; maps with integer keys and arrays with fixed elements are in `record-shape.ts`.
 */
import { assert } from '#kernel/assert.ts'
import { utf8 } from '#kernel/bytes.ts'
import { type Decoded, decoded, refused } from '#kernel/result.ts'
import { type CborMap, type CborValue, decodeCbor, encodeCbor, isCborArray, isCborMap } from './cbor.ts'

export interface Shape<T> {
  /** Refuses with a code and `at`, the name of the field; never throws. */
  read(value: CborValue, at: string): Decoded<T>
  write(value: T): CborValue
}

/** Reads `bytes` (at most `bytesMax`) as one CBOR value of this shape. Order: size, CBOR form, shape, values. */
export function decodeShape<T>(shape: Shape<T>, bytes: Uint8Array, bytesMax: number, at: string): Decoded<T> {
  if (bytes.length > bytesMax) return refused('too_big', at)
  const value = decodeCbor(bytes)
  return value.ok ? shape.read(value.value, at) : value
}

/** Encodes our own value; what a receiver would refuse is our mistake and throws `InvariantError`. */
export function encodeShape<T>(shape: Shape<T>, value: T, at: string): Uint8Array {
  const cbor = shape.write(value)
  const readBack = shape.read(cbor, at)
  assert(readBack.ok, readBack.ok ? '' : `cannot encode ${readBack.fault.at}: ${readBack.fault.code}`)
  return encodeCbor(cbor)
}

/** An integer within min..max. */
export function integer(min: number, max: number): Shape<number> {
  return {
    read: (value, at) => {
      if (typeof value !== 'number') return refused('wrong_shape', at)
      return value >= min && value <= max ? decoded(value) : refused('out_of_range', at)
    },
    write: (value) => value,
  }
}

export const uint = integer(0, Number.MAX_SAFE_INTEGER)
export const uint8 = integer(0, 0xff)
export const uint32 = integer(0, 0xffff_ffff)

/** One of a few integers that have names. */
export function oneOf<T extends number>(...values: readonly T[]): Shape<T> {
  return {
    read: (value, at) => {
      if (typeof value !== 'number') return refused('wrong_shape', at)
      const match = values.find((candidate) => candidate === value)
      return match === undefined ? refused('out_of_range', at) : decoded(match)
    },
    write: (value) => value,
  }
}

export const boolean: Shape<boolean> = {
  read: (value, at) => (typeof value === 'boolean' ? decoded(value) : refused('wrong_shape', at)),
  write: (value) => value,
}

/** A byte string of min..max bytes; with one argument, of exactly that many. */
export function bytes(min: number, max = min): Shape<Uint8Array> {
  return {
    read: (value, at) => {
      if (!(value instanceof Uint8Array)) return refused('wrong_shape', at)
      return value.length >= min && value.length <= max ? decoded(value) : refused('out_of_range', at)
    },
    write: (value) => value,
  }
}

/** Text of min..max UTF-8 bytes. */
export function text(min: number, max: number): Shape<string> {
  return {
    read: (value, at) => {
      if (typeof value !== 'string') return refused('wrong_shape', at)
      const length = utf8(value).length
      return length >= min && length <= max ? decoded(value) : refused('out_of_range', at)
    },
    write: (value) => value,
  }
}

/** Text that `parse` accepts, as the branded name `parse` makes of it. */
export function named<T extends string>(parse: (text: string) => T | null): Shape<T> {
  return {
    read: (value, at) => {
      if (typeof value !== 'string') return refused('wrong_shape', at)
      const name = parse(value)
      return name === null ? refused('out_of_range', at) : decoded(name)
    },
    write: (value) => value,
  }
}

export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return {
    read: (value, at) => (value === null ? decoded(null) : shape.read(value, at)),
    write: (value) => (value === null ? null : shape.write(value)),
  }
}

/** An array of min..max items of one shape. */
export function list<T>(shape: Shape<T>, min: number, max: number): Shape<readonly T[]> {
  return {
    read: (value, at) => {
      if (!isCborArray(value)) return refused('wrong_shape', at)
      if (value.length < min || value.length > max) return refused('out_of_range', at)
      const items: T[] = []
      for (const [i, raw] of value.entries()) {
        const item = shape.read(raw, `${at}[${i}]`)
        if (!item.ok) return item
        items.push(item.value)
      }
      return decoded(items)
    },
    write: (items) => items.map((item) => shape.write(item)),
  }
}

/** Like `shape`, for values that also pass `test`; others are out of range. */
export function where<T>(shape: Shape<T>, test: (value: T) => boolean): Shape<T> {
  return {
    read: (value, at) => {
      const inner = shape.read(value, at)
      return inner.ok && !test(inner.value) ? refused('out_of_range', at) : inner
    },
    write: shape.write,
  }
}

/** Any map whose keys are all integers, kept as it is: configurations and options that others may extend. */
export const integerMap: Shape<ReadonlyMap<number, CborValue>> = {
  read: (value, at) => {
    if (!isCborMap(value)) return refused('wrong_shape', at)
    const entries = new Map<number, CborValue>()
    for (const [key, item] of value) {
      if (typeof key !== 'number') return refused('wrong_shape', at)
      entries.set(key, item)
    }
    return decoded(entries)
  },
  write: (entries): CborMap => entries,
}
