import { doesNotThrow, equal, fail, ok } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type DecoderName, decoders, isDecoderName } from './decoders.ts'
import { malformedFiles, malformedSamples, samplesOf } from './malformed.ts'
import { cases, wireOutput } from './mdap1.ts'

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

const goodBytes: readonly (readonly [DecoderName, Uint8Array])[] = [
  ...cases.flatMap(({ input, output }): [DecoderName, Uint8Array][] => [
    ['etp-file', output.hex('etpFile')],
    ['etp-body', output.hex('etpBody')],
    ['etp-relay-part', input.hex('relayPart')],
    ['m2', output.hex('m2')],
    ['m3', output.hex('m3')],
    ['m4', output.hex('m4')],
    ['device-info', input.hex('devInfo')],
    ['server-info', input.hex('srvInfo')],
    ['packet', output.hex('check_s2d')],
  ]),
  ['payload', wireOutput.hex('payloadM2')],
  ['frame', wireOutput.hex('sendM2')],
  ['packet-header', wireOutput.hex('bigHeader')],
  ['it-policy', wireOutput.hex('policyContent')],
  ['books', wireOutput.hex('books')],
  ['ack', wireOutput.hex('ackPartly')],
  ['sync', wireOutput.hex('syncBatch')],
]

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

/** The fault's code, or null where the bytes decode; encoding what was decoded must not throw either. */
function outcome(name: string, bytes: Uint8Array): string | null {
  if (!isDecoderName(name)) throw new Error(`no decoder ${name}`)
  const result = decoders[name].again(bytes)
  return result.ok ? null : result.fault.code
}
