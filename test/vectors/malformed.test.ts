import { doesNotThrow, equal, fail, ok } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decoders } from './decoders.ts'
import { goodBytes, outcome } from './good-bytes.ts'
import { malformedFiles, malformedSamples, samplesOf } from './malformed.ts'

const samplesMin = 600

for (const file of malformedFiles())
  describe(`the samples of ${file}`, () => {
    for (const sample of samplesOf(file))
      it(`${sample.decoder}: ${sample.name} is ${sample.fault ?? 'decoded'}`, () => {
        equal(outcome(sample.decoder, sample.bytes), sample.fault)
      })
  })

it('there is a malformed sample for every decoder of bytes from outside, and there are many', () => {
  const samples = malformedSamples()
  ok(samples.length >= samplesMin)
  const tried = new Set(samples.filter((sample) => sample.fault !== null).map((sample) => sample.decoder))
  // Its form is our own store's, not another end's: the unit test of the window covers it.
  const all = Object.keys(decoders).filter((name) => name !== 'replay-window')
  equal(all.filter((name) => !tried.has(name)).join(), '')
})

describe('good bytes with one thing wrong', () => {
  it('are refused when cut short at any length', () => {
    for (const [name, bytes] of goodBytes)
      for (let length = 0; length < bytes.length; length += 1)
        if (outcome(name, bytes.subarray(0, length)) === null) fail(`${name} cut to ${length} bytes`)
  })

  it('are refused with any byte after their end', () => {
    for (const [name, bytes] of goodBytes)
      for (let byte = 0; byte < 256; byte += 1)
        if (outcome(name, Uint8Array.of(...bytes, byte)) === null) fail(`${name} and the byte ${byte}`)
  })

  it('never make a decoder throw with any one byte changed', () => {
    for (const [name, bytes] of goodBytes)
      for (const position of bytes.keys())
        for (const mask of [0x01, 0x20, 0x80, 0xff]) {
          const changed = bytes.slice()
          changed[position] = (changed[position] ?? 0) ^ mask
          doesNotThrow(() => outcome(name, changed), `${name}, byte ${position} ^ ${mask}`)
        }
  })
})
