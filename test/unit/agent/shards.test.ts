import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { makeShardFinder, shardsOf } from '#agent/watch/shards.ts'

const sizesOf = (addresses: readonly string[], shards: number): number[] => {
  const found = shardsOf(addresses, shards)
  const shardOf = makeShardFinder(found)
  return found.map((shard) => addresses.filter((address) => shardOf(address) === shard).length)
}

test('every address belongs to one shard, which lists it', () => {
  const addresses = fc.uniqueArray(fc.string({ unit: 'grapheme', maxLength: 6 }), { maxLength: 60 })
  fc.assert(
    fc.property(addresses, fc.integer({ min: 1, max: 6 }), (some, count) => {
      const shards = shardsOf(some, count)
      const shardOf = makeShardFinder(shards)
      assert(shards.length <= count)
      for (const address of some) {
        const shard = shardOf(address)
        assert(shards.includes(shard))
        assert(shard.some((beginning) => address.startsWith(beginning)))
        const listing = shards.filter((one) => one.some((beginning) => address.startsWith(beginning)))
        assert(listing.length >= 1)
      }
    }),
  )
})

test('addresses that all begin alike are divided evenly all the same', () => {
  const addresses = Array.from({ length: 10_000 }, (_, i) => `u${String(i).padStart(5, '0')}@example.test`)
  for (const shards of [2, 3, 4, 8])
    for (const size of sizesOf(addresses, shards))
      assert(Math.abs(size - 10_000 / shards) < 2_500 / shards, `${size}`)
})

test('one connection lists everything', () => {
  assert.deepEqual(shardsOf(['a@x', 'b@x'], 1), [['']])
  assert.deepEqual(shardsOf([], 4), [['']])
})
