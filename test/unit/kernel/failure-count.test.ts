import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeFailureCount } from '#kernel/failure-count.ts'

test('failures count per key, and begin anew when the time is over', () => {
  const failures = makeFailureCount(1_000)
  assert.equal(failures.add('a', 0), 1)
  assert.equal(failures.add('a', 900), 2)
  assert.equal(failures.count('a', 999), 2)
  assert.equal(failures.count('b', 0), 0)
  assert.equal(failures.count('a', 1_000), 0)
  assert.equal(failures.add('a', 1_000), 1)
})

test('memory is bounded: the key that failed longest ago is forgotten first', () => {
  const failures = makeFailureCount(1_000, 2)
  for (const key of ['a', 'b', 'a', 'c']) failures.add(key, 0)
  assert.deepEqual(
    ['a', 'b', 'c'].map((key) => failures.count(key, 0)),
    [2, 0, 1],
  )
})
