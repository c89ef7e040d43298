import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { ed25519Key } from '#crypto/ed25519.ts'
import { verifyEtpSeal } from '#crypto/etp-seal.ts'
import { openRouteToken, sealRouteToken } from '#crypto/route-token.ts'
import type { ActivationId, MailAddress, Pin, RelayId } from '#kernel/brand.ts'
import { fromHex, toHex } from '#kernel/bytes.ts'
import { decodeEtpFile, decodeEtpRelayPart } from '#protocol/etp.ts'
import { makeEtpFile, makeEtpMail } from '#relay/etp-mail.ts'
import { isPlainAddress, outcomeOf } from '#smtp-client/smtp-client.ts'
import type { RelayMailRow } from '#store/relay.ts'

const { cases, wire } = JSON.parse(readFileSync(new URL('../../vectors/mdap1.json', import.meta.url), 'utf8'))
const relayId = 'relay.test' as RelayId
const pin = '2100000A' as Pin
const txn = cases[0].input.txn as ActivationId
const sealKey = ed25519Key(fromHex(cases[0].input.relaySeed))
const routeKey = fromHex(wire.input.routeKey)
const identity = {
  relayId,
  sealKey,
  makeToken: () => sealRouteToken(routeKey, fromHex(wire.input.routeNonce), relayId, pin, fromHex(txn)),
}
const mailedAtMs = 1_800_000_000_500
const row: RelayMailRow = {
  txn,
  pin,
  bodyHash: new Uint8Array(32),
  body: fromHex(cases[0].output.etpBody),
  address: 'user.one@example.com' as MailAddress,
  domain: 'example.com',
  acceptedAtMs: mailedAtMs,
  lifeMs: 172_800_000,
  state: 'queued',
  tries: 1,
  mailedAtMs,
  expiresAtMs: mailedAtMs + 172_800_000,
  nextTryAtMs: 0,
}

describe('ETP.DAT', () => {
  it("carries the handheld's bytes, a token to its PIN and a seal over both", () => {
    const file = decodeEtpFile(makeEtpFile(identity, row, mailedAtMs))
    assert.ok(file.ok)
    const { body, relayPart, seal } = file.value
    assert.deepEqual(body, row.body)
    assert.ok(verifyEtpSeal([sealKey.publicKey], body, relayPart, seal))
    const part = decodeEtpRelayPart(relayPart)
    assert.ok(part.ok)
    assert.equal(part.value.mailedAt, 1_800_000_000)
    assert.equal(toHex(part.value.routeToken), wire.output.routeToken)
    assert.equal(openRouteToken(routeKey, relayId, part.value.routeToken)?.pin, pin)
  })
})

describe('the mail around it', () => {
  it('has the headers and names of the protocol', () => {
    const mail = makeEtpMail(identity, { ...row, tries: 2 }, new Uint8Array(3), mailedAtMs, null)
    assert.equal(mail.subject, 'Handheld activation request [MDAP 1 4722fdfe]')
    assert.equal(mail.messageId, `<${txn}.2@relay.test>`)
    assert.equal(mail.envelopeFrom, `bounce+${txn}@relay.test`)
    assert.equal(mail.from.address, 'activation@relay.test')
    assert.deepEqual(mail.headers, {
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
      'X-MDAP-Message': 'etp; v=1',
      'X-MDAP-Transaction': '4722fdfe',
    })
    assert.match(mail.text, /-----BEGIN MDAP ETP-----\nsha256-64: [0-9a-f]{16}\n\n/)
    assert.match(mail.text, /^[\n -~]*$/)
    assert.equal(makeEtpMail(identity, row, new Uint8Array(3), mailedAtMs, '').envelopeFrom, '')
  })

  it('goes to one plain address: no line ends, lists, groups or comments', () => {
    assert.ok(isPlainAddress('user.one+tag@example.com'))
    assert.ok(isPlainAddress('jörg@xn--bcher-kva.example'))
    for (const bad of [
      'a@example.com\r\nBcc: b@example.com',
      'a@example.com\nX: y',
      'a@example.com,b@example.com',
      'group: a@example.com;',
      'a b@example.com',
      '<a@example.com>',
      'a@b@example.com',
      `${'a'.repeat(250)}@example.com`,
    ])
      assert.equal(isPlainAddress(bad), false, bad)
  })
})

describe("the mail server's answers", () => {
  const outcome = (responseCode: number | undefined, command: string) =>
    outcomeOf(Object.assign(new Error('said no'), { responseCode, command })).kind

  it('are final for 5xx about the recipient or the message, and for nothing else', () => {
    assert.equal(outcome(550, 'RCPT TO'), 'refused')
    assert.equal(outcome(554, 'DATA'), 'refused')
    assert.equal(outcome(450, 'RCPT TO'), 'put_off')
    assert.equal(outcome(535, 'AUTH PLAIN'), 'put_off')
    assert.equal(outcome(554, 'CONN'), 'put_off')
    assert.equal(outcome(undefined, 'CONN'), 'put_off')
  })
})
