/** Every structure with each of its fields left out, of another type, and with fields that nobody knows. */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type CborValue, decodeCbor, encodeCbor } from '#protocol/cbor.ts'
import { goodBytes, outcome } from './good-bytes.ts'

/** Fields that may be missing, by structure: an error names a run or a key, tries are left only of a password,
 * and not every run has ML-KEM. */
const optional: Readonly<Record<string, readonly (number | string)[]>> = {
  error: [2, 4, 5],
  'etp-body': [10],
  m2: [6],
  frame: [5],
  ack: [4],
}
/** Fields with two types. */
const eitherType: Readonly<Record<string, readonly number[]>> = { 'it-policy': [5], frame: [2] }

const samples: readonly CborValue[] = [null, true, 7, 'seven', Uint8Array.of(7), [7], new Map([[7, 7]])]

const typeOf = (value: CborValue): string => {
  if (value === null || Array.isArray(value)) return value === null ? 'null' : 'array'
  if (value instanceof Uint8Array) return 'bytes'
  return value instanceof Map ? 'map' : typeof value
}

function structures() {
  return goodBytes.flatMap(([name, bytes]) => {
    const value = decodeCbor(bytes)
    return value.ok ? [{ name, value: value.value }] : []
  })
}

type Field = readonly [number | string, CborValue]

/** The fields of a map, or of an array by their places. */
const fieldsOf = (value: CborValue): readonly Field[] => {
  if (value instanceof Map) return [...(value as ReadonlyMap<number | string, CborValue>)]
  return Array.isArray(value) ? [...value.entries()] : []
}

/** The structure made of other fields: of the same shape as `like`. */
const withFields = (like: CborValue, fields: readonly Field[]): Uint8Array =>
  encodeCbor(like instanceof Map ? new Map(fields) : fields.map(([, value]) => value))

/** What came of every change, where it was accepted. */
function accepted(
  change: (name: string, value: CborValue) => Iterable<readonly [string, Uint8Array]>,
): string[] {
  const taken: string[] = []
  let tried = 0
  for (const { name, value } of structures())
    for (const [what, bytes] of change(name, value)) {
      tried += 1
      if (outcome(name, bytes) === null) taken.push(`${name}: ${what}`)
    }
  ok(tried > 100, `${tried} changes`)
  return [...new Set(taken)]
}

describe('a structure', () => {
  it('is refused without any one of its fields', () => {
    const taken = accepted(function* (name, value) {
      const fields = fieldsOf(value)
      for (const [key] of fields)
        if (!optional[name]?.includes(key))
          yield [
            `without ${key}`,
            withFields(
              value,
              fields.filter(([one]) => one !== key),
            ),
          ]
    })
    deepEqual(taken, [])
  })

  it('is refused with any one of its fields of another type', () => {
    const taken = accepted(function* (name, value) {
      const fields = fieldsOf(value)
      for (const [key, content] of fields)
        for (const sample of samples)
          if (typeOf(sample) !== typeOf(content) && !eitherType[name]?.includes(Number(key)))
            yield [
              `${key} as ${typeOf(sample)}`,
              withFields(
                value,
                fields.map(([one, other]) => [one, one === key ? sample : other]),
              ),
            ]
    })
    deepEqual(taken, [])
  })

  it('that is a map is refused with an unknown key below 32, negative or of text, and taken with one from 32 on', () => {
    let maps = 0
    for (const { name, value } of structures()) {
      if (!(value instanceof Map)) continue
      maps += 1
      const fields = fieldsOf(value)
      const plus = (key: number | string) => outcome(name, withFields(value, [...fields, [key, [1]]]))
      for (const key of [0, 23, 31, -1, -33, '', '32'])
        equal(plus(key), 'unknown_field', `${name} and ${key}`)
      for (const key of [32, 255, 65_536, Number.MAX_SAFE_INTEGER])
        equal(plus(key), null, `${name} and ${key}`)
    }
    ok(maps >= 10, `${maps} maps`)
  })
})
