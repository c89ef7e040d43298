/** Sealed packets, signed policies and certificates. */
import forge from 'node-forge'
import { compress, inflate } from '#crypto/deflate.ts'
import { readCertificate } from '#crypto/forge-certificate.ts'
import { directionKeys, openPacketBody, sealPacketBody } from '#crypto/packet.ts'
import { verifyPolicySignature } from '#crypto/policy-verify.ts'
import { openRouteToken } from '#crypto/route-token.ts'
import type { FuzzTarget } from '../engine/target.ts'
import { expect, latin1 } from './expect.ts'

const keys = directionKeys(new Uint8Array(32).fill(3))

/** A flag byte, then a packet's body or a deflated content. */
const packetTarget: FuzzTarget = {
  name: 'packet-body',
  run: (input) => {
    const header = Uint8Array.of(1, 2, 3)
    const body = input.subarray(1)
    const suite = (input[0] ?? 0) & 1 ? 2 : 1
    const opened = openPacketBody(suite, keys.d2s, header, body)
    if (opened)
      expect(
        Buffer.from(sealPacketBody(suite, keys.d2s, header, opened)).equals(body),
        'one body, one content',
      )
    const content = inflate(body, 65_536)
    expect(content === null || content.length <= 65_536, 'no more comes out than is allowed')
    openRouteToken(keys.s2d, 'relay.test', body)
  },
  seeds: () => [
    ...([1, 2] as const).map((suite) =>
      Buffer.concat([
        Buffer.of(suite - 1),
        sealPacketBody(suite, keys.d2s, Uint8Array.of(1, 2, 3), new Uint8Array(30)),
      ]),
    ),
    Buffer.concat([Buffer.of(0), compress(new Uint8Array(70_000)) ?? Buffer.of()]),
  ],
}

/** Two bytes of length, a signed policy, and the CA it is judged under: good ones are in the corpus. */
const cmsTarget: FuzzTarget = {
  name: 'policy-cms',
  run: async (input) => {
    const length = ((input[0] ?? 0) << 8) | (input[1] ?? 0)
    const result = await verifyPolicySignature(
      input.slice(2, 2 + length),
      input.slice(2 + length),
      Date.UTC(2027, 0, 15),
    )
    if (result.ok) expect(latin1(result.value).startsWith('a policy'), 'only what was signed is passed')
  },
  seeds: () => [],
  dictionary: [
    '3000',
    '3080',
    '308200ff',
    '0500',
    '020101',
    '0400',
    'a000',
    '30848fffffff',
    '06092a864886f70d010702',
  ].map((hex) => new Uint8Array(Buffer.from(hex, 'hex'))),
  bytesMax: 8_192,
}

const pemOf = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\r\n${Buffer.from(der).toString('base64')}\r\n-----END CERTIFICATE-----\r\n`

/** The library refuses by an Error; anything else, a full stack for one, is a mistake of reading. */
function certificateIn(der: Uint8Array): forge.pki.Certificate | null {
  try {
    return readCertificate(pemOf(der))
  } catch (error) {
    expect(error instanceof Error && !(error instanceof RangeError), `a refusal, not ${error}`)
    return null
  }
}

/** DER of a certificate, as a domain's own CA is read: its names are written into what is issued under it. */
const certificateTarget: FuzzTarget = {
  name: 'certificate',
  run: (input) => {
    const read = certificateIn(input)
    if (!read) return
    for (const { valueTagClass, value } of [...read.subject.attributes, ...read.issuer.attributes])
      if (Number(valueTagClass) === Number(forge.asn1.Type.UTF8) && typeof value === 'string')
        expect(Buffer.from(input).includes(Buffer.from(value)), 'a name is read as it is written')
  },
  seeds: () => [],
  dictionary: [
    '3000',
    '0c00',
    '0c02c328',
    '1e0200e4',
    '0603550403',
    '060355040a',
    '0500',
    '170d3237303131353038303030305a',
    '30848fffffff',
    'a003020102',
  ].map((hex) => new Uint8Array(Buffer.from(hex, 'hex'))),
  bytesMax: 2_048,
}

export const targets: readonly FuzzTarget[] = [packetTarget, cmsTarget, certificateTarget]
