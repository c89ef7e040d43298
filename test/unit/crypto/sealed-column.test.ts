import { deepEqual, equal, notDeepEqual } from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { it } from 'node:test'
import { fitsStorageKey, openColumn, sealColumn, storageKeyCheck } from '#crypto/sealed-column.ts'
import { utf8 } from '#kernel/bytes.ts'
import { flips } from './flip.ts'

const random = { bytes: (length: number) => new Uint8Array(randomBytes(length)) }
const key = random.bytes(32)
const secret = utf8('registration record')
const sealed = sealColumn(key, random, 'grants/record/7', secret)

it('opens a column under the key and in the place it was sealed for', () => {
  deepEqual(openColumn(key, 'grants/record/7', sealed), secret)
  equal(openColumn(key, 'grants/record/8', sealed), null)
  equal(openColumn(random.bytes(32), 'grants/record/7', sealed), null)
})

it('does not open a column that was changed or cut', () => {
  for (const { flipped } of flips(sealed)) equal(openColumn(key, 'grants/record/7', flipped), null)
  for (let length = 0; length < sealed.length; length += 1)
    equal(openColumn(key, 'grants/record/7', sealed.slice(0, length)), null)
})

it('seals the same secret differently each time', () => {
  notDeepEqual(sealColumn(key, random, 'grants/record/7', secret), sealed)
})

it('notices a wrong storage key by the check value', () => {
  const check = storageKeyCheck(key)
  equal(fitsStorageKey(key, check), true)
  equal(fitsStorageKey(random.bytes(32), check), false)
  equal(fitsStorageKey(key, check.slice(1)), false)
})
