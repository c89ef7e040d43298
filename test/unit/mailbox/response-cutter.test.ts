import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '#kernel/fault.ts'
import { type ImapResponse, makeResponseCutter } from '#mailbox/response-cutter.ts'

const limits = { responseBytesMax: 10_000 }
const cutAt = (bytes: Buffer, sizes: readonly number[]): ImapResponse[] => {
  const cutter = makeResponseCutter(limits)
  const responses: ImapResponse[] = []
  let at = 0
  for (let turn = 0; at < bytes.length; turn += 1) {
    const end = at + (sizes[turn % sizes.length] ?? 1)
    responses.push(...cutter.push(bytes.subarray(at, end)))
    at = end
  }
  return responses
}

const word = fc.stringMatching(/^[a-zA-Z()[\]"*]{1,12}$/)
const part = fc.oneof(word, fc.uint8Array({ maxLength: 40 }))
const response = fc.tuple(word, fc.array(part, { maxLength: 5 }), word)

test('where the network cuts does not matter, and literals come out as they were', () => {
  fc.assert(
    fc.property(
      fc.array(response, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 6 }),
      (responses, sizes) => {
        const sent: Buffer[] = []
        for (const [first, parts, last] of responses) {
          sent.push(Buffer.from(`* ${first}`))
          for (const one of parts)
            sent.push(
              typeof one === 'string'
                ? Buffer.from(` ${one}`)
                : Buffer.concat([Buffer.from(` {${one.length}}\r\n`), one]),
            )
          sent.push(Buffer.from(` ${last}\r\n`))
        }
        const found = cutAt(Buffer.concat(sent), sizes)
        assert.equal(found.length, responses.length)
        responses.forEach(([, parts], at) => {
          const literals = parts.filter((one) => typeof one !== 'string')
          assert.deepEqual(
            found[at]?.literals.map((one) => new Uint8Array(one)),
            literals,
          )
        })
      },
    ),
  )
})

test('a response that is too long is refused before it is kept', () => {
  const tooLong = (error: unknown) => error instanceof Fault && error.code === 'imap.protocol'
  for (const sent of [
    'x'.repeat(10_001),
    '* 1 FETCH (BODY[] {10000}\r\n',
    '* 1 FETCH (BODY[] {9999999999}\r\n',
  ])
    assert.throws(() => cutAt(Buffer.from(sent), [1_000]), tooLong)
  const many = Buffer.from('* A {4000}\r\n'.padEnd(4_012, 'x').repeat(3))
  assert.throws(() => cutAt(many, [500]), tooLong)
})

test('a brace that announces nothing is a part of the line', () => {
  const [first, second] = cutAt(Buffer.from('* OK {x}\r\n* NO {5} more\r\n'), [4])
  assert.deepEqual([first?.text, second?.text], ['* OK {x}', '* NO {5} more'])
})
