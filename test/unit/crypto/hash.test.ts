import { equal, throws } from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { it } from 'node:test'
import { equalInConstantTime } from '#crypto/equal.ts'
import { expand, extract, hkdf, sha256 } from '#crypto/hash.ts'
import { fromHex, toHex, utf8 } from '#kernel/bytes.ts'

it('gives the values of RFC 5869 test case 1', () => {
  const prk = extract(fromHex('000102030405060708090a0b0c'), new Uint8Array(22).fill(0x0b))
  equal(toHex(prk), '077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5')
  equal(
    toHex(expand(prk, fromHex('f0f1f2f3f4f5f6f7f8f9'), 42)),
    '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  )
})

it('is HKDF where Extract and Expand follow each other, at every length that matters', () => {
  const [salt, ikm, info] = [randomBytes(32), randomBytes(48), randomBytes(20)]
  for (const length of [1, 31, 32, 33, 44, 64, 65, 255 * 32])
    equal(toHex(expand(extract(salt, ikm), info, length)), toHex(hkdf(salt, ikm, info, length)))
  throws(() => expand(salt, info, 255 * 32 + 1))
})

it('hashes parts as if they were joined', () => {
  equal(
    toHex(sha256(utf8('a'), utf8('bc'))),
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  )
})

it('compares in constant time, also different lengths', () => {
  equal(equalInConstantTime(utf8('same'), utf8('same')), true)
  equal(equalInConstantTime(utf8('same'), utf8('sane')), false)
  equal(equalInConstantTime(utf8('same'), utf8('same+')), false)
})
