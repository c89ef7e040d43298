import { deepEqual, equal } from 'node:assert/strict'
import { it } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { compress, inflate } from '#crypto/deflate.ts'
import { sha256 } from '#crypto/hash.ts'
import { concat } from '#kernel/bytes.ts'
import { limits } from '#kernel/limits.ts'

const text = new Uint8Array(2_000).fill(0x61)
const deflated = compress(text) ?? new Uint8Array(0)

it('gives back what was compressed, and compresses only what gets smaller', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.integer({ min: 1, max: 20 }), (unit, times) => {
      const content = concat(...Array.from({ length: times }, () => unit))
      const smaller = compress(content)
      if (!smaller) return
      equal(smaller.length < content.length, true)
      deepEqual(inflate(smaller), content)
    }),
    { numRuns: 200 },
  )
  equal(deflated.length < 50, true)
  equal(compress(sha256(text)), null)
  equal(compress(new Uint8Array(0)), null)
})

it('inflates up to 1 MiB and not a byte more', () => {
  const fits = new Uint8Array(limits.contentBytesMax)
  equal(inflate(deflateRawSync(fits))?.length, limits.contentBytesMax)
  equal(inflate(deflateRawSync(new Uint8Array(limits.contentBytesMax + 1))), null)
})

it('stops a bomb of 64 MiB at the limit', () => {
  const layer = deflateRawSync(new Uint8Array(64 * 1024 * 1024))
  const before = process.memoryUsage().arrayBuffers
  equal(inflate(layer), null)
  equal(process.memoryUsage().arrayBuffers - before < 8 * 1024 * 1024, true)
})

it('refuses streams that are cut, broken, empty, or followed by bytes', () => {
  for (let length = 0; length < deflated.length; length += 1)
    equal(inflate(deflated.slice(0, length)), null, `length ${length}`)
  equal(inflate(concat(deflated, Uint8Array.of(0))), null)
  equal(inflate(new Uint8Array(20).fill(0xff)), null)
  equal(inflate(text), null)
})
