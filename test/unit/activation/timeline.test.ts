/** Every hop with its time, in the order in which one caused the next, whatever the clocks along the way say. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RelayMailFacts } from '#activation/path.ts'
import { timeline } from '#activation/timeline.ts'
import * as e from './events.ts'

const relayMail: RelayMailFacts = {
  txn: e.txn,
  address: e.address,
  pin: e.pin,
  state: 'accepted',
  pressedAtMs: e.start,
  acceptedAtMs: e.start + 210,
  mailedAtMs: e.start + 230,
  answeredAtMs: e.start + 480,
  answer: '250 2.0.0 taken',
  tries: 1,
  nextTryAtMs: e.start,
}

test('with the relay at hand every hop of a whole run has its time and how long it took', () => {
  const mail = {
    mailbox: 'alice@example.test/INBOX',
    uid: 7,
    receivedAtMs: e.start,
    foundBy: 'idle',
  } as const
  const events = [e.etpSeen({ mail, atMs: e.start + 520 }), ...e.goodRun.slice(1)]
  const hops = timeline(events, relayMail)
  assert.deepEqual(
    hops
      .slice(0, 6)
      .map(({ name, atMs, tookMs, toSecond }) => [
        name,
        atMs - e.start,
        tookMs,
        ...(toSecond ? ['to the second'] : []),
      ]),
    [
      ['user pressed Activate', 0, null, 'to the second'],
      ['relay took the request', 210, 210],
      ['relay mailed the request', 230, 20],
      ['mail server took the mail', 480, 250],
      // INTERNALDATE knows whole seconds alone.
      ['mail in the mailbox', 480, 0, 'to the second'],
      ['server saw the mail', 520, 40],
    ],
  )
  const names = hops.map(({ name }) => name)
  const inOrder = [
    'server answered (M2)',
    'proof arrived (M3)',
    'proof judged',
    'master key confirmed by both sides',
    'IT policy sent',
    'IT policy acknowledged',
    'service books sent',
    'service books acknowledged',
    'activation complete',
  ]
  assert.deepEqual(
    names.filter((name) => inOrder.includes(name)),
    inOrder,
  )
  const total = hops.reduce((sum, { tookMs }) => sum + (tookMs ?? 0), 0)
  assert.equal(total, (hops.at(-1)?.atMs ?? 0) - e.start)
})

test('a mailbox whose clock is behind does not turn the order around, and its time is shown as it is', () => {
  const mail = {
    mailbox: 'alice@example.test/INBOX',
    uid: 7,
    receivedAtMs: e.start - 600_000,
    foundBy: 'idle',
  } as const
  const hops = timeline([e.etpSeen({ mail })])
  assert.deepEqual(
    hops.map(({ name }) => name),
    ['user pressed Activate', 'relay mailed the request', 'mail in the mailbox', 'server saw the mail'],
  )
  assert.deepEqual([hops[2]?.atMs, hops[2]?.tookMs], [e.start - 600_000, 0])
})

test("before the server knows anything, the relay's rows alone tell what the mail server said", () => {
  const put = timeline([], { ...relayMail, state: 'queued', tries: 3, answer: '451 greylisted' })
  assert.deepEqual(
    put.slice(2).map(({ name, detail }) => [name, detail]),
    [
      ['relay mailed the request', 'try 3'],
      ['mail server put the mail off', '451 greylisted'],
    ],
  )
})
