import { deepEqual, equal } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ed25519Key, verifyEd25519 } from '#crypto/ed25519.ts'
import { sealEtp, verifyEtpSeal } from '#crypto/etp-seal.ts'
import { sha256 } from '#crypto/hash.ts'
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
import { concat, fromHex, toHex, utf8 } from '#kernel/bytes.ts'
import { flips } from './flip.ts'

const relay = ed25519Key(sha256(utf8('relay')))
const otherRelay = ed25519Key(sha256(utf8('other relay')))
const device = ed25519Key(sha256(utf8('device')))

describe('Ed25519', () => {
  it('gives the values of RFC 8032 test 2', () => {
    const key = ed25519Key(fromHex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb'))
    equal(toHex(key.publicKey), '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')
    equal(
      toHex(key.sign(Uint8Array.of(0x72))),
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
        '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    )
  })

  it('refuses keys and signatures that are none, without a throw', () => {
    const signature = relay.sign(utf8('m'))
    equal(verifyEd25519(relay.publicKey, utf8('m'), signature), true)
    equal(verifyEd25519(new Uint8Array(31), utf8('m'), signature), false)
    equal(verifyEd25519(new Uint8Array(32).fill(0xff), utf8('m'), signature), false)
    equal(verifyEd25519(relay.publicKey, utf8('m'), signature.slice(1)), false)
    equal(verifyEd25519(relay.publicKey, utf8('m'), new Uint8Array(64)), false)
    equal(verifyEd25519(relay.publicKey, utf8('m'), new Uint8Array(64).fill(0xff)), false)
  })
})

describe("the relay's seal", () => {
  const [body, relayPart] = [utf8('body'), utf8('relay part')]
  const seal = sealEtp(relay, body, relayPart)

  it('holds under any of the pinned keys and under no other', () => {
    equal(verifyEtpSeal([otherRelay.publicKey, relay.publicKey], body, relayPart, seal), true)
    equal(verifyEtpSeal([otherRelay.publicKey], body, relayPart, seal), false)
    equal(verifyEtpSeal([], body, relayPart, seal), false)
  })

  it('breaks with any byte of either part or of itself', () => {
    for (const { flipped } of flips(body))
      equal(verifyEtpSeal([relay.publicKey], flipped, relayPart, seal), false)
    for (const { flipped } of flips(relayPart))
      equal(verifyEtpSeal([relay.publicKey], body, flipped, seal), false)
    for (const { flipped } of flips(seal))
      equal(verifyEtpSeal([relay.publicKey], body, relayPart, flipped), false)
    equal(verifyEtpSeal([relay.publicKey], relayPart, body, seal), false)
  })
})

describe('the route token', () => {
  const routeKey = sha256(utf8('route key'))
  const pin = parsePin('2100000A')
  if (!pin) throw new Error('no PIN')
  const txn = sha256(utf8('txn')).slice(0, 16)
  const token = sealRouteToken(routeKey, new Uint8Array(12), 'relay.test', pin, txn)

  it('is 44 bytes and opens for the relay that made it', () => {
    equal(token.length, 44)
    deepEqual(openRouteToken(routeKey, 'relay.test', token), { pin, txnPrefix: txn.slice(0, 12) })
  })

  it('does not open when changed, cut, at another relay, or under another key', () => {
    for (const { flipped } of flips(token)) equal(openRouteToken(routeKey, 'relay.test', flipped), null)
    equal(openRouteToken(routeKey, 'relay.test', token.slice(1)), null)
    equal(openRouteToken(routeKey, 'relay.test', concat(token, Uint8Array.of(0))), null)
    equal(openRouteToken(routeKey, 'relay2.test', token), null)
    equal(openRouteToken(sha256(routeKey), 'relay.test', token), null)
  })
})

describe('log-in proofs', () => {
  const challenge = utf8('CBOR [relay id, PIN, nd, nr]')

  it("binds a device's signature to the challenge, and so to one relay and one log-in", () => {
    const signature = signDeviceLogin(device, challenge)
    equal(verifyDeviceLogin(device.publicKey, challenge, signature), true)
    equal(verifyDeviceLogin(device.publicKey, utf8('CBOR [other relay, PIN, nd, nr]'), signature), false)
    equal(verifyDeviceLogin(relay.publicKey, challenge, signature), false)
  })

  it('never takes a log-in signature for a PIN certificate or the other way round', () => {
    equal(verifyPinCertificate([device.publicKey], challenge, signDeviceLogin(device, challenge)), false)
    equal(verifyDeviceLogin(relay.publicKey, challenge, signPinCertificate(relay, challenge)), false)
  })

  it('takes a PIN certificate under a past seal key and refuses a forged one', () => {
    const certificate = signPinCertificate(relay, challenge)
    equal(verifyPinCertificate([otherRelay.publicKey, relay.publicKey], challenge, certificate), true)
    equal(verifyPinCertificate([otherRelay.publicKey], challenge, certificate), false)
    equal(verifyPinCertificate([relay.publicKey], utf8('another PIN'), certificate), false)
  })

  it("refuses the relay's SRP proof sent back as the server's, and proofs over another log-in", () => {
    const key = srpLoginKey(sha256(utf8('SRP key')), 'relay.test', 'S00000001')
    const proof = srpProof(key, 'relay', challenge)
    equal(verifySrpProof(key, 'relay', challenge, proof), true)
    equal(verifySrpProof(key, 'server', challenge, proof), false)
    equal(verifySrpProof(key, 'relay', utf8('another nonce'), proof), false)
    equal(verifySrpProof(key, 'relay', challenge, proof.slice(1)), false)
    for (const other of [
      srpLoginKey(sha256(utf8('SRP key')), 'relay2.test', 'S00000001'),
      srpLoginKey(sha256(utf8('SRP key')), 'relay.test', 'S00000002'),
      srpLoginKey(sha256(utf8('SRP kez')), 'relay.test', 'S00000001'),
    ])
      equal(verifySrpProof(other, 'relay', challenge, proof), false)
  })
})
