import { deepEqual, equal, notDeepEqual } from 'node:assert/strict'
import { createCipheriv } from 'node:crypto'
import { describe, it } from 'node:test'
import { expand, hmacSha256, sha256 } from '#crypto/hash.ts'
import { directionKeys, isSuite, openPacketBody, type Suite, sealPacketBody } from '#crypto/packet.ts'
import { concat, utf8 } from '#kernel/bytes.ts'
import { flips } from './flip.ts'

const masterKey = sha256(utf8('master key'))
const keys = directionKeys(masterKey)
const header = utf8('a header with its salt')
const content = utf8('the content of a packet, longer than one block of either cipher')

for (const suite of [1, 2] as const satisfies readonly Suite[]) {
  const other: Suite = suite === 1 ? 2 : 1
  const body = sealPacketBody(suite, keys.s2d, header, content)

  describe(`a packet body in suite ${suite}`, () => {
    it('opens to what was sealed, also when that is empty', () => {
      deepEqual(openPacketBody(suite, keys.s2d, header, body), content)
      const empty = sealPacketBody(suite, keys.s2d, header, new Uint8Array(0))
      deepEqual(openPacketBody(suite, keys.s2d, header, empty), new Uint8Array(0))
    })

    it('does not open when any byte of it is changed', () => {
      for (const { at, flipped } of flips(body))
        equal(openPacketBody(suite, keys.s2d, header, flipped), null, `byte ${at}`)
    })

    it('does not open when any byte of its header is changed', () => {
      for (const { at, flipped } of flips(header))
        equal(openPacketBody(suite, keys.s2d, flipped, body), null, `byte ${at}`)
    })

    it('does not open when it is cut anywhere or longer', () => {
      for (let length = 0; length < body.length; length += 1)
        equal(openPacketBody(suite, keys.s2d, header, body.slice(0, length)), null, `length ${length}`)
      equal(openPacketBody(suite, keys.s2d, header, concat(body, new Uint8Array(8))), null)
    })

    it('does not open in the other direction, under another key, or in the other suite', () => {
      equal(openPacketBody(suite, keys.d2s, header, body), null)
      equal(openPacketBody(suite, directionKeys(sha256(masterKey)).s2d, header, body), null)
      equal(openPacketBody(other, keys.s2d, header, body), null)
    })

    it('is sealed under a key of its own for each header', () => {
      notDeepEqual(sealPacketBody(suite, keys.s2d, utf8('another header'), content), body)
    })
  })
}

describe('a suite 2 body that its own key holder padded wrongly', () => {
  // Only who has the key can make these; the answer is still the one a wrong MAC gets.
  const bytes = expand(keys.s2d, concat(utf8('mdap1 pkt'), sha256(header)), 64)
  const macKey = bytes.slice(32)
  const sealUnpadded = (padded: Uint8Array) => {
    const cipher = createCipheriv('des-ede3-cbc', bytes.slice(0, 24), bytes.slice(24, 32))
    cipher.setAutoPadding(false)
    const ciphertext = concat(cipher.update(padded), cipher.final())
    return concat(ciphertext, hmacSha256(macKey, header, ciphertext))
  }

  it('opens when the padding is right, which proves that this test seals as the code does', () => {
    deepEqual(
      openPacketBody(2, keys.s2d, header, sealUnpadded(Uint8Array.of(7, 7, 7, 7, 7, 3, 3, 3))),
      Uint8Array.of(7, 7, 7, 7, 7),
    )
  })

  it('gives the same answer as a wrong MAC', () => {
    equal(openPacketBody(2, keys.s2d, header, sealUnpadded(Uint8Array.of(7, 7, 7, 7, 7, 7, 7, 0))), null)
    equal(openPacketBody(2, keys.s2d, header, sealUnpadded(Uint8Array.of(7, 7, 7, 7, 7, 3, 2, 3))), null)
    equal(openPacketBody(2, keys.s2d, header, sealUnpadded(new Uint8Array(8).fill(9))), null)
  })
})

it('knows two suites', () => {
  deepEqual([0, 1, 2, 3, 1.5].map(isSuite), [false, true, true, false, false])
})
