import { deepEqual, equal } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { receiptStatus } from '#protocol/receipt.ts'
import { nextSend, resendDelayMs, type SentCopy } from '#protocol/resend-schedule.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour
const capMs = hour

const copy = (change: Partial<SentCopy> = {}): SentCopy => ({
  attempt: 1,
  firstSentAtMs: 0,
  sentAtMs: 0,
  ttlMs: 7 * day,
  receipt: null,
  relayRestored: false,
  ...change,
})

const receipt = (status: number, atMs: number, sinceMs = atMs) => ({ receipt: { status, atMs, sinceMs } })

describe('resending a packet', () => {
  it('waits 15 s, 60 s and 5 min, then doubles to the cap', () => {
    const delays = [1, 2, 3, 4, 5, 6, 7, 8, 1000].map((attempt) => resendDelayMs(attempt, capMs))
    deepEqual(
      delays.map((ms) => ms / minute),
      [0.25, 1, 5, 10, 20, 40, 60, 60, 60],
    )
  })

  it('counts the pause from the newest copy while no receipt has come', () => {
    deepEqual(nextSend(copy({ attempt: 2, sentAtMs: 500 }), capMs), { kind: 'send', atMs: 500 + minute })
  })

  it('counts no pause from a date that was ahead and has been set back since', () => {
    const ahead = copy({ sentAtMs: day, firstSentAtMs: day, ...receipt(receiptStatus.delivered, 100) })
    deepEqual(nextSend(ahead, capMs), { kind: 'send', atMs: 100 + minute })
  })

  it('does not fill the queue of a handheld that is off: a stored copy lasts for its TTL', () => {
    const stored = copy({ ttlMs: day, ...receipt(receiptStatus.stored, 100) })
    deepEqual(nextSend(stored, capMs), { kind: 'send', atMs: 100 + day })
  })

  it('sends a stored copy again when the relay came back from a backup', () => {
    const lost = copy({ ...receipt(receiptStatus.stored, 100), relayRestored: true })
    deepEqual(nextSend(lost, capMs), { kind: 'send', atMs: 15 * second })
  })

  it('gives a delivered copy a minute to be answered, and later ones the longer pause', () => {
    const first = copy(receipt(receiptStatus.delivered, 2 * hour))
    deepEqual(nextSend(first, capMs), { kind: 'send', atMs: 2 * hour + minute })
    const fifth = copy({ attempt: 5, ...receipt(receiptStatus.delivered, 10) })
    deepEqual(nextSend(fifth, capMs), { kind: 'send', atMs: 20 * minute })
  })

  it('backs off from a full queue by one minute, doubling', () => {
    const full = (attempt: number) =>
      nextSend(copy({ attempt, ...receipt(receiptStatus.queueFull, 0) }), capMs)
    deepEqual(full(1), { kind: 'send', atMs: minute })
    deepEqual(full(3), { kind: 'send', atMs: 4 * minute })
    deepEqual(full(99), { kind: 'send', atMs: capMs })
  })

  it('sends again at once when the TTL ended before delivery', () => {
    deepEqual(nextSend(copy(receipt(receiptStatus.expired, day)), capMs), { kind: 'send', atMs: day })
  })

  it('takes "not listed" for "the handheld left" only when it lasted an hour', () => {
    const refused = (atMs: number, sinceMs: number) =>
      nextSend(copy(receipt(receiptStatus.notListed, atMs, sinceMs)), capMs)
    equal(refused(3 * day, 3 * day).kind, 'send')
    equal(refused(3 * day + hour - 1, 3 * day).kind, 'send')
    deepEqual(refused(3 * day + hour, 3 * day), { kind: 'stop', reason: 'peer_left' })
  })

  it('stops where sending again cannot help', () => {
    const reasonOf = (status: number) => {
      const next = nextSend(copy(receipt(status, 0)), capMs)
      return next.kind === 'stop' ? next.reason : next.kind
    }
    equal(reasonOf(receiptStatus.tokenDead), 'token_dead')
    equal(reasonOf(receiptStatus.fenced), 'fenced')
    equal(reasonOf(receiptStatus.malformed), 'malformed')
    equal(reasonOf(receiptStatus.tooManyUnanswered), 'send')
  })

  it('asks for the content to be sealed anew after seven days', () => {
    const old = copy({ attempt: 40, sentAtMs: 7 * day - minute })
    deepEqual(nextSend(old, capMs), { kind: 'reseal', atMs: 7 * day - minute + capMs })
    equal(nextSend({ ...old, sentAtMs: 6 * day }, capMs).kind, 'send')
  })
})
