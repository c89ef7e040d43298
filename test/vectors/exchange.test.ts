import { deepEqual, equal, ok } from 'node:assert/strict'
import { it } from 'node:test'
import { ed25519Key } from '#crypto/ed25519.ts'
import { sealEtp, verifyEtpSeal } from '#crypto/etp-seal.ts'
import { sha256 } from '#crypto/hash.ts'
import {
  handshakeKeys,
  masterKey,
  nextTranscriptHash,
  openM3Box,
  openM4Box,
  pakeContext,
  proverIdentity,
  sealM3Box,
  sealM4Box,
} from '#crypto/key-schedule.ts'
import {
  signDeviceLogin,
  signPinCertificate,
  srpLoginKey,
  srpProof,
  verifyDeviceLogin,
  verifyPinCertificate,
  verifySrpProof,
} from '#crypto/login.ts'
import { openRouteToken, sealRouteToken } from '#crypto/route-token.ts'
import { parsePin } from '#kernel/brand.ts'
import { toHex, utf8 } from '#kernel/bytes.ts'
import { canonicalEmail, canonicalPassword } from '#protocol/canonical.ts'
import { cases, cborArray, wireInput, wireOutput } from './mdap1.ts'

const pinOf = (text: string) => parsePin(text) ?? fail(text)
const fail = (text: string): never => {
  throw new Error(`bad vector ${text}`)
}

for (const [index, { input, output }] of cases.entries()) {
  it(`derives the keys of case ${index} from body, M2, M3 and M4`, () => {
    const bodyHash = sha256(output.hex('etpBody'))
    const m2Hash = sha256(output.hex('m2'))
    equal(toHex(pakeContext(bodyHash, m2Hash)), output.text('context'))
    const email = canonicalEmail(input.text('email'))
    equal(toHex(proverIdentity(email.ok ? email.value : '', input.text('pin'))), output.text('idProver'))

    const keys = handshakeKeys(bodyHash, m2Hash, output.hex('K_shared'), input.hex('kemSs'))
    equal(toHex(keys.th), output.text('th'))
    equal(toHex(keys.d2s), output.text('k_d2s'))
    equal(toHex(keys.s2d), output.text('k_s2d'))
    const th3 = nextTranscriptHash(keys.th, output.hex('m3'))
    equal(toHex(th3), output.text('th3'))
    equal(toHex(masterKey(keys.prk, input.number('suite'), input.number('kid'), th3)), output.text('mk'))
    equal(toHex(nextTranscriptHash(th3, output.hex('m4'))), output.text('th4'))
  })

  it(`seals and opens the boxes of case ${index}`, () => {
    const th = output.hex('th')
    const th3 = output.hex('th3')
    const m3Box = sealM3Box(output.hex('k_d2s'), th, input.hex('n3'), input.hex('devInfo'))
    ok(output.text('m3').endsWith(toHex(m3Box)), 'M3 ends with its box')
    deepEqual(openM3Box(output.hex('k_d2s'), th, m3Box), input.hex('devInfo'))
    const m4Box = sealM4Box(output.hex('k_s2d'), th3, input.hex('n4'), input.hex('srvInfo'))
    ok(output.text('m4').endsWith(toHex(m4Box)), 'M4 ends with its box')
    deepEqual(openM4Box(output.hex('k_s2d'), th3, m4Box), input.hex('srvInfo'))
    // The two boxes live under different keys, labels and hashes: one is never the other.
    equal(openM4Box(output.hex('k_d2s'), th, m3Box), null)
    equal(openM3Box(output.hex('k_s2d'), th3, m4Box), null)
  })

  it(`seals the ETP message of case ${index} as its relay did`, () => {
    const relay = ed25519Key(input.hex('relaySeed'))
    const seal = sealEtp(relay, output.hex('etpBody'), input.hex('relayPart'))
    ok(output.text('etpFile').endsWith(toHex(seal)), 'ETP.DAT ends with its seal')
    ok(verifyEtpSeal([relay.publicKey], output.hex('etpBody'), input.hex('relayPart'), seal))
  })

  it(`signs the log-ins of case ${index}`, () => {
    const relayId = input.text('relay')
    const k = srpLoginKey(input.hex('srpKey'), relayId, input.text('srp'))
    const transcript = cborArray(input.text('srp'), relayId, input.hex('ns'), input.hex('nr'))
    equal(toHex(srpProof(k, 'relay', transcript)), output.text('srpMacRelay'))
    equal(toHex(srpProof(k, 'server', transcript)), output.text('srpMacServer'))
    ok(verifySrpProof(k, 'server', transcript, output.hex('srpMacServer')))
    equal(verifySrpProof(k, 'server', transcript, output.hex('srpMacRelay')), false)

    const device = ed25519Key(input.hex('deviceSeed'))
    const challenge = cborArray(relayId, input.text('pin'), input.hex('ns'), input.hex('nr'))
    equal(toHex(signDeviceLogin(device, challenge)), output.text('devAuthSig'))
    ok(verifyDeviceLogin(device.publicKey, challenge, output.hex('devAuthSig')))
  })
}

const first = cases[0]?.input ?? fail('case 0')
const relay = ed25519Key(first.hex('relaySeed'))
const device = ed25519Key(first.hex('deviceSeed'))

it("signs a new handheld's first log-in with null in the PIN's place", () => {
  const challenge = cborArray(wireInput.text('relay'), null, wireInput.hex('nd'), wireInput.hex('nr'))
  ok(wireOutput.text('devAuthFirst').endsWith(toHex(signDeviceLogin(device, challenge))))
})

it('signs the PIN certificate', () => {
  const claim = cborArray(wireInput.text('relay'), wireInput.text('pin'), device.publicKey)
  equal(toHex(signPinCertificate(relay, claim)), wireOutput.text('pinCert'))
  ok(verifyPinCertificate([device.publicKey, relay.publicKey], claim, wireOutput.hex('pinCert')))
})

it('seals and opens the route token', () => {
  const txn = first.hex('txn')
  const pin = pinOf(wireInput.text('pin'))
  const token = sealRouteToken(wireInput.hex('routeKey'), wireInput.hex('routeNonce'), 'relay.test', pin, txn)
  equal(toHex(token), wireOutput.text('routeToken'))
  deepEqual(openRouteToken(wireInput.hex('routeKey'), 'relay.test', token), {
    pin,
    txnPrefix: txn.slice(0, 12),
  })
  equal(openRouteToken(wireInput.hex('routeKey'), 'other.test', token), null)
})

it('brings password and address into their canonical forms', () => {
  equal(toHex(utf8(canonicalPassword(first.text('password')) ?? '')), wireOutput.text('canonPassword'))
  const email = canonicalEmail(' Jo\u0308rg.O@EXAMPLE.com\r\n')
  equal(email.ok && toHex(utf8(email.value)), wireOutput.text('canonEmail'))
})
