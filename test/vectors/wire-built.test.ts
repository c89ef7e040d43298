import { deepEqual, equal, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { sha256 } from '#crypto/hash.ts'
import { directionKeys, packetTag, sealPacketBody } from '#crypto/packet.ts'
import { parseActivationId, parsePin, parseRelayId, parseSrpId } from '#kernel/brand.ts'
import { concat, toHex, uintBytes } from '#kernel/bytes.ts'
import { decodeNamesLeftOut, encodeAck, encodeNamesLeftOut } from '#protocol/ack.ts'
import { canonicalEmail } from '#protocol/canonical.ts'
import { decodeEtpBody, decodeEtpFile, encodeEtpBody, encodeEtpFile } from '#protocol/etp.ts'
import { decodeEtpArmour, encodeEtpArmour } from '#protocol/etp-armour.ts'
import {
  decodeDeviceInfo,
  decodeM2,
  decodeServerInfo,
  encodeErrorMessage,
  encodeM2,
} from '#protocol/exchange.ts'
import { decodeItPolicy } from '#protocol/it-admin.ts'
import { deviceLoginValue, pinCertificateValue, srpLoginValue } from '#protocol/login-value.ts'
import { encodeOtaKeyGen } from '#protocol/otakeygen.ts'
import { decodePacket, decodePacketHeader, encodePacket, encodePacketHeader } from '#protocol/packet-frame.ts'
import { decodePart, packetPayloads } from '#protocol/parts.ts'
import { decodePayload, encodePayload, payloadKind } from '#protocol/payload.ts'
import { encodeFrame } from '#protocol/relay-frame-codec.ts'
import {
  decodeBookSet,
  readCicalConfiguration,
  readCmimeConfiguration,
  readSyncConfiguration,
} from '#protocol/service-book.ts'
import { good, known } from './expect.ts'
import { cases, cborArray, wireInput, wireOutput } from './mdap1.ts'

const pin = known(parsePin(wireInput.text('pin')))
const srpId = known(parseSrpId(wireInput.text('srp')))
const relayId = known(parseRelayId(wireInput.text('relay')))
const txn = known(parseActivationId(cases[0]?.input.text('txn') ?? ''))
const mid = wireInput.hex('mid')
const now = wireInput.number('now')
const generation = wireInput.number('generation')

describe('messages built from the inputs', () => {
  for (const [index, { input, output }] of cases.entries()) {
    it(`makes the mailed file of case ${index}`, () => {
      const body = encodeEtpBody({
        txn: known(parseActivationId(input.text('txn'))),
        address: good(canonicalEmail(input.text('email'))),
        relayId,
        createdAt: 1_800_000_000,
        lifeSeconds: 172_800,
        kdfProfile: 1,
        shareP: output.hex('shareP'),
        offer: good(decodeEtpBody(output.hex('etpBody'))).offer,
        ...(input.text('kemEk') ? { kemKey: input.hex('kemEk') } : {}),
      })
      equal(toHex(body), output.text('etpBody'))
      const file = good(decodeEtpFile(output.hex('etpFile')))
      deepEqual(file.body, body)
      deepEqual(file.relayPart, input.hex('relayPart'))
      equal(
        toHex(encodeEtpFile({ body, relayPart: file.relayPart, seal: file.seal })),
        output.text('etpFile'),
      )
    })

    it(`makes M2 and the packet headers of case ${index}`, () => {
      const m2 = encodeM2({
        txn: known(parseActivationId(input.text('txn'))),
        srpId,
        suite: input.number('suite'),
        shareV: output.hex('shareV'),
        ...(input.text('kemCt') ? { kemCiphertext: input.hex('kemCt') } : {}),
        kid: input.number('kid'),
        keptUntil: good(decodeM2(output.hex('m2'))).keptUntil,
      })
      equal(toHex(m2), output.text('m2'))
      const kid = input.number('kid')
      const check = { kid, seq: 0, contentType: 1, flags: 0 }
      const s2d = encodePacketHeader({ ...check, direction: 's2d', salt: input.hex('salt10') })
      const d2s = encodePacketHeader({ ...check, direction: 'd2s', salt: input.hex('salt00') })
      deepEqual(good(decodePacket(output.hex('check_s2d'))).header, s2d)
      deepEqual(good(decodePacket(output.hex('check_d2s'))).header, d2s)
      const cmime = good(decodePacketHeader(good(decodePacket(output.hex('cmime_s2d'))).header))
      deepEqual([cmime.contentType, cmime.flags, cmime.seq], [3, 1, 1])
    })
  }

  it('reads what both ends say about themselves', () => {
    const input = known(cases[0]).input
    const device = good(decodeDeviceInfo(input.hex('devInfo')))
    deepEqual([device.pin, device.model, device.platform], [pin, 'Simulator 9000', 'sim-os'])
    equal(good(decodeServerInfo(input.hex('srvInfo'))).organisation, 'Example Org')
  })

  it('makes the key check of case 0', () => {
    const th4 = known(cases[0]).output.hex('th4')
    const content = encodeOtaKeyGen({ type: 'key_check', transcriptHash: th4 })
    equal(toHex(content), `82015820${toHex(th4)}`)
  })

  it('makes the values that the log-ins and the PIN certificate are over', () => {
    const [nd, nr] = [wireInput.hex('nd'), wireInput.hex('nr')]
    deepEqual(deviceLoginValue(relayId, pin, nd, nr), cborArray(relayId, pin, nd, nr))
    deepEqual(deviceLoginValue(relayId, null, nd, nr), cborArray(relayId, null, nd, nr))
    deepEqual(srpLoginValue(srpId, relayId, nd, nr), cborArray(srpId, relayId, nd, nr))
    deepEqual(pinCertificateValue(relayId, pin, nd), cborArray(relayId, pin, nd))
  })

  it('makes the frames of a send and of its answers', () => {
    const payload = wireOutput.hex('payloadM2')
    const m2 = known(cases[0]).output.hex('m2')
    deepEqual(encodePayload({ kind: 'm2', bytes: m2 }), payload)
    equal(payloadKind(payload), 'm2')
    const token = wireOutput.hex('routeToken')
    const frames = {
      sendM2: encodeFrame({
        type: 'send',
        mid,
        to: { kind: 'token', token },
        ttlSeconds: wireInput.number('ttl'),
        payload,
        fence: { generation: 2, epoch: 17 },
      }),
      deliverM2: encodeFrame({ type: 'deliver', mid, from: { kind: 'server', srpId }, payload }),
      receiptM2: encodeFrame({ type: 'receipt', mid, status: 0, pin }),
      receipt: encodeFrame({ type: 'receipt', mid, status: 1 }),
      frameAck: encodeFrame({ type: 'frame_ack', mid }),
      hint: encodeFrame({ type: 'hint', txn, address: good(canonicalEmail('user.one@example.com')) }),
      mailDoneClock: encodeFrame({ type: 'mail_done', txn, status: 6, now }),
      devPeers: encodeFrame({ type: 'dev_peers', srpIds: [srpId] }),
      srpServe: encodeFrame({ type: 'srp_serve', pins: [pin] }),
      relayNonce: encodeFrame({ type: 'relay_nonce', relayId, nonce: wireInput.hex('nr') }),
      devOk: encodeFrame({
        type: 'dev_ok',
        pin,
        now,
        generation,
        certificate: wireOutput.hex('pinCert'),
      }),
    }
    for (const [name, bytes] of Object.entries(frames)) equal(toHex(bytes), wireOutput.text(name), name)
  })

  it('makes errors and acknowledgements', () => {
    const kid = known(cases[0]).input.number('kid')
    const err10 = encodeErrorMessage({ txn, code: 10, triesLeft: 4 })
    const err19 = encodeErrorMessage({ code: 19, kid })
    equal(toHex(encodePayload({ kind: 'error', bytes: err10 })), wireOutput.text('err10'))
    equal(toHex(encodePayload({ kind: 'error', bytes: err19 })), wireOutput.text('err19'))
    const tag = packetTag(good(decodePacket(wireOutput.hex('booksPacket'))).header)
    equal(toHex(tag), wireOutput.text('booksTag'))
    const answer = { kid, seq: wireInput.number('seqBooks'), tag }
    equal(toHex(encodeAck({ ...answer, status: 0 })), wireOutput.text('ack'))
    const detail = encodeNamesLeftOut(['forbidden_applications'])
    equal(toHex(encodeAck({ ...answer, status: 1, detail })), wireOutput.text('ackPartly'))
    deepEqual(good(decodeNamesLeftOut(detail)), ['forbidden_applications'])
  })

  it('reads the policy and its rules', () => {
    const policy = good(decodeItPolicy(wireOutput.hex('policyContent')))
    deepEqual([policy.policyId, policy.number, policy.srpId, policy.pin], ['default', 8589934633, srpId, pin])
    deepEqual(Object.fromEntries(policy.rules), {
      owner_text: 'Example Org',
      password_required: true,
      forbidden_applications: ['game', 'chat'],
      password_minimum_length: 8,
    })
  })

  it('reads the books and their configurations', () => {
    const set = good(decodeBookSet(wireOutput.hex('books')))
    deepEqual(
      set.books.map((book) => [book.cid, book.uid, book.protected]),
      [
        ['CMIME', 'S00000001-CMIME', true],
        ['CICAL', 'S00000001-CICAL', true],
        ['SYNC', 'S00000001-SYNC', true],
      ],
    )
    const [mail, calendar, sync] = set.books.map((book) => book.configuration)
    equal(good(readCmimeConfiguration(known(mail))).displayName, 'User One')
    deepEqual(good(readCicalConfiguration(known(calendar))).daysAhead, 365)
    deepEqual(good(readSyncConfiguration(known(sync))).databases, [
      'address_book',
      'tasks',
      'memos',
      'options',
    ])
  })

  it('cuts a large packet into the parts of the vectors', () => {
    const packet = bigPacket()
    equal(toHex(sha256(packet)), wireOutput.text('bigSha'))
    const payloads = packetPayloads(packet)
    equal(payloads.length, 3)
    for (const [i, payload] of payloads.entries()) {
      equal(toHex(payload.subarray(0, 48)), wireOutput.text(`bigPart${i}Head`))
      equal(toHex(sha256(payload)), wireOutput.text(`bigPart${i}Sha`))
      const part = good(decodePart(good(decodePayload(payload)).bytes))
      equal(toHex(part.id), wireOutput.text('bigPartId'))
    }
  })

  it('finds the armour of the example mail of case 0 and makes the same block', () => {
    const mail = readFileSync(new URL('example-mail.eml', import.meta.url), 'utf8')
    const file = known(cases[0]).output.hex('etpFile')
    deepEqual(good(decodeEtpArmour(mail)), file)
    ok(mail.replaceAll('\r\n', '\n').includes(encodeEtpArmour(file)))
  })
})

/** The packet whose content is SHA-256 of counters, sealed under case 0's master key. */
function bigPacket(): Uint8Array {
  const length = wireInput.number('bigLength')
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) => sha256(uintBytes(i, 4)))
  const content = concat(...blocks).subarray(0, length)
  const header = encodePacketHeader({
    kid: known(cases[0]).input.number('kid'),
    direction: 's2d',
    seq: wireInput.number('seqBig'),
    salt: wireInput.hex('saltBig'),
    contentType: wireInput.number('ctypeBig'),
    flags: 0,
  })
  equal(toHex(header), wireOutput.text('bigHeader'))
  const key = directionKeys(known(cases[0]).output.hex('mk')).s2d
  return encodePacket({ header, body: sealPacketBody(1, key, header, content) })
}
