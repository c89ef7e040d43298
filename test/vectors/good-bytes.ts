/** Good bytes of the vectors with the decoder of each: what tests spoil. */
import { fromHex } from '#kernel/bytes.ts'
import { commandFile } from './commands.ts'
import { type DecoderName, decoders, isDecoderName } from './decoders.ts'
import { cases, wireOutput } from './mdap1.ts'

/** Behind the head of its payload: 82 09, then a byte string shorter than 256 bytes. */
const errorMessage = (payload: Uint8Array): Uint8Array => payload.slice(payload[2] === 0x58 ? 4 : 3)

export const goodBytes: readonly (readonly [DecoderName, Uint8Array])[] = [
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
    ['otakeygen', output.hex('r1')],
    ['otakeygen', output.hex('r2')],
  ]),
  ['payload', wireOutput.hex('payloadM2')],
  ['frame', wireOutput.hex('sendM2')],
  ['packet-header', wireOutput.hex('bigHeader')],
  ['it-policy', wireOutput.hex('policyContent')],
  ...commandFile.commands.map(({ content }): [DecoderName, Uint8Array] => ['it-command', fromHex(content)]),
  ['books', wireOutput.hex('books')],
  ['ack', wireOutput.hex('ackPartly')],
  ['error', errorMessage(wireOutput.hex('err10'))],
  ['error', errorMessage(wireOutput.hex('err19'))],
  ['otakeygen', wireOutput.hex('rollCheck')],
  ['otakeygen', wireOutput.hex('rollDone')],
  ['sync', wireOutput.hex('syncBatch')],
]

/** The fault's code, or null where the bytes decode; encoding what was decoded must not throw either. */
export function outcome(name: string, bytes: Uint8Array): string | null {
  if (!isDecoderName(name)) throw new Error(`no decoder ${name}`)
  const result = decoders[name].again(bytes)
  return result.ok ? null : result.fault.code
}
