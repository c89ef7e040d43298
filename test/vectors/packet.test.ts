import { deepEqual, equal } from 'node:assert/strict'
import { it } from 'node:test'
import { compress, inflate } from '#crypto/deflate.ts'
import { directionKeys, isSuite, openPacketBody, packetTag, sealPacketBody } from '#crypto/packet.ts'
import { concat, fromHex, toHex } from '#kernel/bytes.ts'
import { cases, packetParts, type Values, wireOutput } from './mdap1.ts'

const suiteOf = (input: Values) => {
  const suite = input.number('suite')
  if (!isSuite(suite)) throw new Error('no such suite')
  return suite
}

for (const [index, { input, output }] of cases.entries()) {
  const suite = suiteOf(input)
  const keys = directionKeys(output.hex('mk'))

  it(`derives the direction keys of case ${index}`, () => {
    equal(toHex(keys.d2s), output.text('s_d2s'))
    equal(toHex(keys.s2d), output.text('s_s2d'))
  })

  it(`seals and opens both key checks of case ${index}`, () => {
    const content = concat(fromHex('82015820'), output.hex('th4'))
    for (const direction of ['d2s', 's2d'] as const) {
      const { header, body } = packetParts(output.hex(`check_${direction}`))
      equal(toHex(sealPacketBody(suite, keys[direction], header, content)), toHex(body))
      deepEqual(openPacketBody(suite, keys[direction], header, body), content)
      equal(openPacketBody(suite, keys[direction === 'd2s' ? 's2d' : 'd2s'], header, body), null)
    }
  })

  it(`opens and inflates the compressed packet of case ${index}`, () => {
    const { header, body } = packetParts(output.hex('cmime_s2d'))
    equal(toHex(sealPacketBody(suite, keys.s2d, header, input.hex('cmimeDeflated'))), toHex(body))
    const content = openPacketBody(suite, keys.s2d, header, body)
    deepEqual(content && inflate(content), input.hex('cmimeText'))
    deepEqual(inflate(compress(input.hex('cmimeText')) ?? new Uint8Array(0)), input.hex('cmimeText'))
  })
}

it('seals and opens the packets of service books and of their acknowledgement', () => {
  const keys = directionKeys(cases[0]?.output.hex('mk') ?? new Uint8Array(32))
  const books = packetParts(wireOutput.hex('booksPacket'))
  equal(toHex(sealPacketBody(1, keys.s2d, books.header, wireOutput.hex('books'))), toHex(books.body))
  equal(toHex(packetTag(books.header)), wireOutput.text('booksTag'))
  const ack = packetParts(wireOutput.hex('ackPacket'))
  deepEqual(openPacketBody(1, keys.d2s, ack.header, ack.body), wireOutput.hex('ack'))
})
