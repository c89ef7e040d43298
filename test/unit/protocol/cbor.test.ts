import { deepEqual, equal, ok } from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { fromHex, toHex } from '#kernel/bytes.ts'
import { decodeCbor, encodeCbor } from '#protocol/cbor.ts'

const codeOf = (hex: string) => {
  const result = decodeCbor(fromHex(hex))
  return result.ok ? null : result.fault.code
}

describe('strict CBOR', () => {
  it('reads the kinds of values the protocol knows', () => {
    deepEqual(decodeCbor(fromHex('88f5f4f60a2941006161a10102')), {
      ok: true,
      value: [true, false, null, 10, -10, Uint8Array.of(0), 'a', new Map([[1, 2]])],
    })
  })

  it('keeps 16 levels and refuses the 17th, also beside shallow ones', () => {
    equal(codeOf(`${'81'.repeat(15)}80`), null)
    equal(codeOf(`${'81'.repeat(16)}80`), 'too_deep')
    equal(codeOf(`82${'81'.repeat(14)}80${'81'.repeat(14)}80`), null)
    equal(codeOf(`82${'81'.repeat(14)}80${'81'.repeat(15)}80`), 'too_deep')
    equal(codeOf(`${'a100'.repeat(16)}a0`), 'too_deep')
  })

  it('refuses a million levels without running out of stack', () => {
    equal(codeOf('81'.repeat(1_000_000)), 'too_deep')
  })

  it('names the byte where a forbidden form begins, never its content', () => {
    deepEqual(decodeCbor(fromHex('8201f93c00')), { ok: false, fault: { code: 'bad_cbor', at: 'byte 2' } })
  })

  it('keeps a byte order mark and other odd letters of text', () => {
    deepEqual(decodeCbor(fromHex('64efbbbf61')), { ok: true, value: '\ufeffa' })
    const long = `\ufeff${'ä€😀'.repeat(20)}`
    deepEqual(decodeCbor(encodeCbor(long)), { ok: true, value: long })
  })

  it('decodes nothing that it would write otherwise, whatever the bytes', () => {
    const odd = fc.constantFrom(
      0x00,
      0x17,
      0x18,
      0x19,
      0x1a,
      0x1b,
      0x38,
      0x41,
      0x58,
      0x61,
      0x78,
      0x81,
      0x98,
      0xa1,
    )
    const bytes = fc.array(fc.oneof(odd, fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 24 })
    let decodedOnes = 0
    fc.assert(
      fc.property(bytes, (list) => {
        const decoded = decodeCbor(Uint8Array.from(list))
        if (!decoded.ok) return
        decodedOnes += 1
        equal(toHex(encodeCbor(decoded.value)), toHex(Uint8Array.from(list)))
      }),
      { numRuns: 20_000 },
    )
    ok(decodedOnes > 500, `${decodedOnes} decoded`)
  })

  it('writes map keys in the order of their encoded bytes, whatever the order given', () => {
    const map = new Map<number | string, number>([
      ['a', 0],
      [-1, 0],
      [100, 0],
      [10, 0],
    ])
    equal(toHex(encodeCbor(map)), 'a40a0018640020006161 00'.replace(' ', ''))
  })

  it('writes bytes of its own, not a view of a shared buffer', () => {
    const encoded = encodeCbor([1, 2])
    equal(encoded.constructor, Uint8Array)
    equal(encoded.buffer.byteLength, encoded.length)
  })
})
