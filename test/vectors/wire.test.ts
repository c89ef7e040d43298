import { equal } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toHex } from '#kernel/bytes.ts'
import { encodeCbor } from '#protocol/cbor.ts'
import { type DecoderName, decoders } from './decoders.ts'
import { good } from './expect.ts'
import { cases, wireOutput } from './mdap1.ts'

const decodersOfWire: Readonly<Record<string, DecoderName>> = {
  mapOrder: 'cbor',
  ...Object.fromEntries(
    [
      ...['devHelloFirst', 'devHello', 'devHelloCert', 'relayNonce', 'devAuthFirst', 'devOk', 'srpHello'],
      ...['srpNonce', 'srpAuth', 'srpOk', 'srpDomains', 'domainsOk', 'mailAsk', 'mailDone', 'mailDoneClock'],
      ...['devPeers', 'srpServe', 'srpDrop', 'sendM2', 'receiptM2', 'deliverM2', 'frameAck', 'sendM3'],
      ...['deliverM3', 'receipt', 'hint'],
    ].map((name) => [name, 'frame']),
  ),
  payloadM2: 'payload',
  err10: 'payload',
  err19: 'payload',
  ackPayload: 'payload',
  policyContent: 'it-policy',
  books: 'books',
  booksPacket: 'packet',
  ack: 'ack',
  ackPartly: 'ack',
  ackPacket: 'packet',
  bigHeader: 'packet-header',
  syncStart: 'sync',
  syncBatch: 'sync',
  syncEnd: 'sync',
  syncStop: 'sync',
}

const decodersOfCases: Readonly<Record<string, DecoderName>> = {
  etpBody: 'etp-body',
  etpFile: 'etp-file',
  m2: 'm2',
  m3: 'm3',
  m4: 'm4',
  check_s2d: 'packet',
  check_d2s: 'packet',
  cmime_s2d: 'packet',
}

describe('the wire vectors', () => {
  for (const [name, decoder] of Object.entries(decodersOfWire))
    it(`decodes ${name} and encodes it to the same bytes`, () => {
      equal(againHex(decoder, wireOutput.hex(name)), wireOutput.text(name))
    })

  for (const [index, { input, output }] of cases.entries())
    it(`decodes every message of case ${index} and encodes it to the same bytes`, () => {
      for (const [name, decoder] of Object.entries(decodersOfCases))
        equal(againHex(decoder, output.hex(name)), output.text(name), name)
      equal(againHex('device-info', input.hex('devInfo')), input.text('devInfo'))
      equal(againHex('server-info', input.hex('srvInfo')), input.text('srvInfo'))
      equal(againHex('etp-relay-part', input.hex('relayPart')), input.text('relayPart'))
    })

  it('sorts map keys by their encoded bytes', () => {
    const map = new Map([
      [-1, 0],
      [100, 0],
      [10, 0],
    ])
    equal(toHex(encodeCbor(map)), wireOutput.text('mapOrder'))
  })
})

function againHex(name: DecoderName, bytes: Uint8Array): string {
  return toHex(good(decoders[name].again(bytes)))
}
