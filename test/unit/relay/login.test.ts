import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { ed25519Key } from '#crypto/ed25519.ts'
import { signPinCertificate } from '#crypto/login.ts'
import type { Pin, RelayId, SrpId } from '#kernel/brand.ts'
import { fromHex, toHex } from '#kernel/bytes.ts'
import { pinCertificateValue } from '#protocol/login-value.ts'
import type { DevHello, SrpHello } from '#protocol/relay-frame.ts'
import { decodeFrame, encodeFrame } from '#protocol/relay-frame-codec.ts'
import { answerDeviceNonce, type DeviceRows, judgeDevice, stepDeviceLogin } from '#relay/device-login.ts'
import { answerServerNonce, greetServer, judgeServer, loginKeyOf } from '#relay/srp-login.ts'

const { wire, cases } = JSON.parse(readFileSync(new URL('../../vectors/mdap1.json', import.meta.url), 'utf8'))
const relayId = 'relay.test' as RelayId
const otherRelay = 'other.test' as RelayId
const pin = '2100000A' as Pin
const srpId = 'S00000001' as SrpId
const deviceKey = ed25519Key(fromHex(cases[0].input.deviceSeed))
const sealKey = ed25519Key(fromHex(cases[0].input.relaySeed))
const nonce = fromHex(wire.input.nr)
const hello: DevHello = {
  type: 'dev_hello',
  pin,
  publicKey: deviceKey.publicKey,
  nonce: fromHex(wire.input.nd),
}

describe("a handheld's log-in", () => {
  it('runs byte for byte as the vectors say for a first log-in', () => {
    const first: DevHello = { ...hello, pin: null }
    assert.equal(toHex(encodeFrame(first)), wire.output.devHelloFirst)
    const greeted = stepDeviceLogin({ stage: 'hello' }, first, relayId, nonce)
    assert.ok(greeted.next === 'say')
    assert.equal(toHex(encodeFrame(greeted.frame)), wire.output.relayNonce)
    const auth = answerDeviceNonce(first, greeted.frame, relayId, deviceKey)
    assert.ok(auth)
    assert.equal(toHex(encodeFrame(auth)), wire.output.devAuthFirst)
    assert.equal(stepDeviceLogin(greeted.state, auth, relayId, nonce).next, 'proved')
  })

  it('fails with a signature for another relay, and the handheld answers no other relay', () => {
    const state = { stage: 'proof', hello, nonce } as const
    const elsewhere = answerDeviceNonce(
      hello,
      { type: 'relay_nonce', relayId: otherRelay, nonce },
      otherRelay,
      deviceKey,
    )
    assert.ok(elsewhere)
    const step = stepDeviceLogin(state, elsewhere, relayId, nonce)
    assert.deepEqual(step, { next: 'close', code: 4401 })
    const greeting = { type: 'relay_nonce', relayId: otherRelay, nonce } as const
    assert.equal(answerDeviceNonce(hello, greeting, relayId, deviceKey), null)
  })

  it('takes nothing out of turn', () => {
    const auth = { type: 'dev_auth', signature: new Uint8Array(64) } as const
    const out = { next: 'close', code: 4400 }
    assert.deepEqual(stepDeviceLogin({ stage: 'hello' }, auth, relayId, nonce), out)
    assert.deepEqual(stepDeviceLogin({ stage: 'proof', hello, nonce }, hello, relayId, nonce), out)
  })
})

describe('who a handheld is', () => {
  const device = {
    pin,
    publicKey: deviceKey.publicKey,
    network: 'n',
    enrolledAtMs: 0,
    suspendedBecause: null,
  }
  const judge = (asked: DevHello, rows: Partial<DeviceRows>) =>
    judgeDevice(asked, { byPin: null, byKey: null, enrolments: 0, enrolmentsMax: 20, ...rows }, relayId, [
      sealKey.publicKey,
    ])
  const certificate = signPinCertificate(sealKey, pinCertificateValue(relayId, pin, deviceKey.publicKey))

  it('makes the certificate of the vectors', () => {
    assert.equal(toHex(certificate), wire.output.pinCert)
  })

  it('is known by PIN and key; a wrong key fails and suspension closes', () => {
    assert.deepEqual(judge(hello, { byPin: device }), { kind: 'known', pin })
    const stolen = { ...hello, publicKey: new Uint8Array(32) }
    assert.deepEqual(judge(stolen, { byPin: device }), { kind: 'refuse', code: 4401 })
    const suspended = { ...device, suspendedBecause: 'lost' }
    assert.deepEqual(judge(hello, { byPin: suspended }), { kind: 'refuse', code: 4403 })
    assert.deepEqual(judge({ ...hello, pin: null }, { byKey: suspended }), { kind: 'refuse', code: 4403 })
  })

  it('gets its PIN again where the answer to its enrolment was lost', () => {
    assert.deepEqual(judge({ ...hello, pin: null }, { byKey: device, enrolments: 20 }), {
      kind: 'known',
      pin,
    })
  })

  it('is enrolled up to the limit of its network', () => {
    assert.deepEqual(judge({ ...hello, pin: null }, { enrolments: 19 }), { kind: 'enrol' })
    assert.deepEqual(judge({ ...hello, pin: null }, { enrolments: 20 }), { kind: 'refuse', code: 4429 })
  })

  it('comes back after a restore only with a good certificate for a free PIN', () => {
    assert.deepEqual(judge(hello, {}), { kind: 'refuse', code: 4404 })
    assert.deepEqual(judge({ ...hello, certificate }, {}), { kind: 'take_back', pin })
    const forged = certificate.slice()
    forged[5] = (forged[5] ?? 0) ^ 1
    assert.deepEqual(judge({ ...hello, certificate: forged }, {}), { kind: 'refuse', code: 4404 })
    const other = { ...hello, certificate, pin: '2100000B' as Pin }
    assert.deepEqual(judge(other, {}), { kind: 'refuse', code: 4404 })
    assert.deepEqual(
      judge({ ...hello, certificate }, { byPin: { ...device, publicKey: new Uint8Array(32) } }),
      { kind: 'refuse', code: 4401 },
    )
  })
})

describe("a server's log-in", () => {
  const srpKey = new Uint8Array(32).fill(7)
  const loginKey = loginKeyOf(srpKey, relayId, srpId)
  const srpHello: SrpHello = { type: 'srp_hello', srpId, nonce: new Uint8Array(32).fill(1) }
  const login = { hello: srpHello, nonce, loginKey, known: true }
  const answer = () => answerServerNonce(srpHello, greetServer(login, relayId), relayId, srpKey)

  it('proves both sides to each other', () => {
    const auth = answer()
    assert.ok(auth)
    assert.equal(judgeServer(login, auth, relayId), null)
  })

  it('has the frames of the vectors', () => {
    for (const name of ['srpHello', 'srpNonce', 'srpAuth', 'srpOk']) {
      const frame = decodeFrame(fromHex(wire.output[name]))
      assert.ok(frame.ok, name)
      assert.equal(toHex(encodeFrame(frame.value)), wire.output[name])
    }
  })

  it('does not answer a relay without K or of another name, nor one that sends the proof back', () => {
    const impostor = greetServer({ ...login, loginKey: new Uint8Array(32) }, relayId)
    assert.equal(answerServerNonce(srpHello, impostor, relayId, srpKey), null)
    assert.equal(answerServerNonce(srpHello, greetServer(login, relayId), otherRelay, srpKey), null)
    const { mac } = greetServer(login, relayId)
    assert.equal(judgeServer(login, { type: 'srp_auth', mac }, relayId), 4401)
  })

  it('fails for an unknown name exactly as for a wrong key', () => {
    const auth = answer()
    assert.ok(auth)
    assert.equal(judgeServer({ ...login, known: false }, auth, relayId), 4401)
    assert.equal(judgeServer({ ...login, loginKey: new Uint8Array(32) }, auth, relayId), 4401)
    assert.equal(judgeServer(login, srpHello, relayId), 4400)
  })
})
