import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sha256 } from '#crypto/hash.ts'
import type { ActivationId, MailAddress, Pin, RelayId } from '#kernel/brand.ts'
import { limits } from '#kernel/limits.ts'
import { type EtpBody, encodeEtpBody } from '#protocol/etp.ts'
import { chooseMails, decideMailAsk, type MailRequest, readMailAsk, retryDelayMs } from '#relay/mail-ask.ts'
import type { MailAskRows, RelayMailRow, RelayMailState } from '#store/relay.ts'

const relayId = 'relay.test' as RelayId
const pin = '2100000A' as Pin
const nowS = 1_800_000_000
const nowMs = nowS * 1000
const txn = '4722fdfe059b2f6ec98cae59d1c34c14' as ActivationId

const makeBody = (over: Partial<EtpBody> = {}): EtpBody => ({
  txn,
  address: 'user.one@example.com' as MailAddress,
  relayId,
  createdAt: nowS,
  lifeSeconds: 3600,
  kdfProfile: 1,
  shareP: new Uint8Array(65).fill(4),
  offer: [1],
  ...over,
})

function request(over: Partial<EtpBody> = {}): MailRequest {
  const read = readMailAsk(pin, encodeEtpBody(makeBody(over)), relayId)
  assert.equal(read.kind, 'request')
  assert.ok(read.kind === 'request')
  return read.request
}
const rows = (over: Partial<MailAskRows> = {}): MailAskRows => ({
  same: null,
  prefixTaken: false,
  newTxnsOfPin: 0,
  ...over,
})
const decide = (asked: MailRequest, over: Partial<MailAskRows> = {}, restoredAtMs: number | null = null) =>
  decideMailAsk(asked, rows(over), nowMs, restoredAtMs)

function stored(state: RelayMailState, over: Partial<RelayMailRow> = {}): RelayMailRow {
  const { write } = decide(request())
  assert.ok(write)
  return { ...write, state, ...over }
}

describe('reading a mail request', () => {
  it('calls it malformed by its own name where relay, life or form are wrong', () => {
    const read = (body: Uint8Array) => readMailAsk(pin, body, relayId)
    const malformed = { kind: 'malformed', txn }
    assert.deepEqual(read(encodeEtpBody(makeBody({ relayId: 'other.test' as RelayId }))), malformed)
    assert.deepEqual(read(encodeEtpBody(makeBody({ lifeSeconds: 0 }))), malformed)
    const otherVersion = encodeEtpBody(makeBody())
    const at = otherVersion.indexOf(1)
    otherVersion[at + 1] = 2
    assert.deepEqual(read(otherVersion), malformed)
  })

  it('has no name to answer to where the body is no map', () => {
    assert.deepEqual(readMailAsk(pin, Uint8Array.of(0x80), relayId), { kind: 'malformed', txn: null })
  })
})

describe('a new request', () => {
  it('is stored before anything is answered', () => {
    const { status, write } = decide(request())
    assert.equal(status, null)
    assert.equal(write?.state, 'queued')
    assert.equal(write?.domain, 'example.com')
    assert.equal(write?.expiresAtMs, nowMs + 3_600_000)
    assert.deepEqual(write?.bodyHash, sha256(encodeEtpBody(makeBody())))
  })

  it('is answered with the clock beyond five minutes either way', () => {
    assert.equal(decide(request({ createdAt: nowS - 301 })).status, 6)
    assert.equal(decide(request({ createdAt: nowS + 301 })).status, 6)
    assert.equal(decide(request({ createdAt: nowS - 300 })).status, null)
  })

  it('is over the limit after so many new transactions of the PIN within the hour', () => {
    assert.equal(decide(request(), { newTxnsOfPin: limits.transactionsPerPinHour }).status, 5)
    assert.equal(decide(request(), { newTxnsOfPin: limits.transactionsPerPinHour - 1 }).status, null)
  })

  it('is taken where its token would be another transaction’s', () => {
    assert.equal(decide(request(), { prefixTaken: true }).status, 7)
  })

  it('counts as timely for its whole life after a restore, for as long as one may live', () => {
    const waiting = request({ createdAt: nowS - 1000 })
    assert.equal(decide(waiting, {}, nowMs - 5_000).status, null)
    assert.equal(decide(request({ createdAt: nowS - 3600 }), {}, nowMs - 5_000).status, 6)
    assert.equal(decide(waiting, {}, nowMs - 49 * 3_600_000).status, 6)
  })
})

describe('a request that is known', () => {
  it('gets its mail’s state, whatever the clock says by now', () => {
    const old = request()
    const later = (state: RelayMailState) =>
      decideMailAsk(old, rows({ same: stored(state) }), nowMs + 1_000_000, null).status
    assert.deepEqual((['accepted', 'queued', 'refused', 'gave_up'] as const).map(later), [1, 2, 3, 8])
  })

  it('repeats the hint while the mail lives', () => {
    assert.equal(decide(request(), { same: stored('accepted') }).hint, true)
    assert.equal(decide(request(), { same: stored('accepted', { expiresAtMs: nowMs }) }).hint, false)
    assert.equal(decide(request(), { same: stored('queued') }).hint, false)
  })

  it('is taken where it is another PIN’s or another body’s', () => {
    assert.equal(decide(request(), { same: stored('accepted', { pin: '2100000B' as Pin }) }).status, 7)
    assert.equal(decide(request({ lifeSeconds: 60 }), { same: stored('accepted') }).status, 7)
  })
})

describe('which mails go next', () => {
  const due = (n: number, mailsToAddress = 0, address = 'a@example.com') => ({
    mail: stored('queued', {
      txn: `${n}`.padStart(32, '0') as ActivationId,
      address: address as MailAddress,
    }),
    mailsToAddress,
    mailsOfPin: 0,
  })

  it('keeps every address under its limit, mails of this round included', () => {
    const chosen = chooseMails([due(1, 59), due(2, 59), due(3, 0, 'b@example.com')], new Map(), 8)
    assert.deepEqual(
      chosen.map(({ txn: id }) => Number(id)),
      [1, 3],
    )
  })

  it('leaves out what is on its way and stops at the free slots', () => {
    const onTheirWay = new Map([[due(1).mail.txn, 'a@example.com']])
    assert.deepEqual(
      chooseMails([due(1), due(2), due(3), due(4)], onTheirWay, 2).map(({ txn: id }) => Number(id)),
      [2, 3],
    )
    assert.equal(chooseMails([due(1)], new Map(), 0).length, 0)
  })

  it('waits longer after each try, up to a quarter of an hour', () => {
    assert.deepEqual(
      [1, 2, 3, 6, 7, 40].map(retryDelayMs),
      [10_000, 30_000, 60_000, 600_000, 900_000, 900_000],
    )
  })
})
