/** Why a run does not go on, from what relay, mailbox, agent and work say: the first reason on the way counts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Activation } from '#activation/activation.ts'
import { explain } from '#activation/explain.ts'
import type { AgentFacts, MailboxFacts, PathFacts, RelayMailFacts } from '#activation/path.ts'
import { fold } from '#activation/reduce.ts'
import { waitingReason } from '#activation/waiting.ts'
import * as e from './events.ts'

const mailbox: MailboxFacts = {
  lookedAtMs: e.start + 60_000,
  lateBeforeMs: e.start,
  fault: null,
  goneAtMs: null,
  empty: [],
}
const link: AgentFacts['link'] = { stage: 'ready', code: null, sinceMs: e.start, retryAtMs: null }
const relayMail: RelayMailFacts = {
  txn: e.txn,
  address: e.address,
  pin: e.pin,
  state: 'accepted',
  pressedAtMs: e.start,
  acceptedAtMs: e.start + 200,
  mailedAtMs: e.start + 1_000,
  answeredAtMs: e.start + 1_400,
  answer: '250 ok',
  tries: 1,
  nextTryAtMs: e.start,
}
const well: PathFacts = { relayMail, agent: { mailbox, link }, overdue: null }
const withMailbox = (change: Partial<MailboxFacts>): PathFacts => ({
  ...well,
  agent: { mailbox: { ...mailbox, ...change }, link },
})
const withLink = (change: Partial<AgentFacts['link']>): PathFacts => ({
  ...well,
  agent: { mailbox, link: { ...link, ...change } },
})
const withMail = (change: Partial<RelayMailFacts>): PathFacts => ({
  ...well,
  relayMail: { ...relayMail, ...change },
})

const mailed = fold(e.txn, [{ kind: 'relay_mailed', address: e.address, atMs: e.start + 1_500 }])
const after = (count: number): Activation => fold(e.txn, e.goodRun.slice(0, count)) ?? assert.fail()
assert(mailed)

/** What is said at once, and after five minutes. */
function said(state: Activation, path: PathFacts | null): [string | null, string | null] {
  const at = (ms: number) => waitingReason(state, path, state.sinceMs + ms)?.code ?? null
  return [at(1_000), at(300_000)]
}

const always = (code: string): [string, string] => [code, code]
const later = (code: string): [null, string] => [null, code]
const txn8 = e.txn.slice(0, 8)

test('what has ended is not tried again by itself, though its last word is still being sent', () => {
  const wrong = fold(e.txn, [...e.goodRun.slice(0, 5), e.judged('wrong')])
  assert(wrong)
  const facts = { grant: e.openGrant, nextSendAtMs: e.start + 9_000, account: null, nowMs: e.start }
  const { code, turn, next, retryAtMs } = explain(wrong, facts)
  assert.deepEqual([code, turn, retryAtMs], ['proof.wrong_password', 'user', null])
  assert.match(next, /^The user starts again/)
})

test('a mail that is not seen: the relay, the mail server, the agent and the mailbox are asked in this order', () => {
  const cases: [PathFacts | null, [string | null, string | null]][] = [
    [null, later('mail.not_seen')],
    [well, later('mail.not_seen')],
    [{ ...well, relayMail: null }, later('mail.not_seen')],
    [withMail({ state: 'refused', answer: '550 no' }), always('smtp.refused')],
    [withMail({ state: 'gave_up' }), always('smtp.unreachable')],
    [withMail({ state: 'queued', answer: '451 greylisted' }), always('smtp.unreachable')],
    [
      withMail({ state: 'queued', answer: '', answeredAtMs: null, mailedAtMs: null }),
      later('relay.mail_queued'),
    ],
    [{ ...well, agent: null }, always('agent.behind')],
    [withMailbox({ fault: { code: 'imap.no_right', sinceMs: 5 } }), always('imap.no_right')],
    [withMailbox({ empty: [{ txn8, atMs: e.start }] }), always('mail.stripped')],
    [withMailbox({ empty: [{ txn8: '00000000', atMs: e.start }] }), later('mail.not_seen')],
    [withMailbox({ goneAtMs: e.start + 2_000 }), always('mail.gone')],
    [withMailbox({ goneAtMs: e.start - 2_000 }), later('mail.not_seen')],
    [{ ...withMailbox({ goneAtMs: e.start - 2_000 }), relayMail: null }, later('mail.not_seen')],
    [{ ...withMailbox({ goneAtMs: e.start + 2_000 }), relayMail: null }, always('mail.gone')],
    [withMailbox({ lookedAtMs: e.start, lateBeforeMs: e.start + 1 }), always('agent.behind')],
    [{ ...withMail({ state: 'refused' }), agent: null }, always('smtp.refused')],
  ]
  for (const [path, expected] of cases) assert.deepEqual(said(mailed, path), expected, JSON.stringify(path))
})

test('work that is overdue, or failed and is tried again, is named by its code, or as the agent being behind', () => {
  const answering = after(2)
  assert.deepEqual(said(answering, well), [null, null])
  assert.deepEqual(said(answering, { ...well, overdue: { sinceMs: 1, code: null } }), always('agent.behind'))
  const overdue = { sinceMs: 1, code: 'storage_key.wrong' } as const
  assert.deepEqual(said(answering, { ...well, overdue }), always('storage_key.wrong'))
  assert.deepEqual(said(answering, { ...well, agent: null }), always('agent.behind'))
})

test('a message on its way: what the relay said of it, then the connection to the relay, then the handheld', () => {
  const answered = after(3)
  const withReceipt = (status: number): Activation => ({ ...answered, receipts: { m2: status } })
  const cases: [Activation, PathFacts, [string | null, string | null]][] = [
    [answered, well, [null, null]],
    [withReceipt(0), well, later('handheld.off_air')],
    [withReceipt(1), well, later('handheld.off_air')],
    [withReceipt(2), well, always('relay.queue_full')],
    [withReceipt(3), well, always('relay.not_listed')],
    [withReceipt(4), well, always('request.taken')],
    [withReceipt(5), well, always('relay.fenced')],
    [answered, withLink({ stage: 'connecting' }), [null, null]],
    [answered, withLink({ stage: 'waiting', code: 'relay.unreachable' }), always('relay.unreachable')],
    [answered, withLink({ stage: 'stopped', code: 'relay.displaced' }), always('relay.displaced')],
    [answered, withLink({ stage: 'stopped', code: 'relay.suspended' }), always('relay.suspended')],
    [answered, { ...well, agent: null }, always('agent.behind')],
  ]
  for (const [state, path, expected] of cases)
    assert.deepEqual(said(state, path), expected, JSON.stringify([state.receipts, path]))
  const policyOut: Activation = { ...answered, phase: 'policy_out', receipts: { policy: 1 } }
  assert.deepEqual(said(policyOut, well), later('policy.not_acknowledged'))
  assert.deepEqual(said({ ...policyOut, receipts: { policy: 0 } }, well), later('handheld.off_air'))
  assert.deepEqual(said({ ...policyOut, phase: 'books_out' }, well), later('books.not_acknowledged'))
})

test("explain speaks with the mail server's own words, since it said them, and of the next try", () => {
  const path = withMail({ state: 'queued', answer: '452 4.2.2 over quota', nextTryAtMs: e.start + 30_000 })
  const facts = { grant: null, nextSendAtMs: null, account: null, path, nowMs: e.start + 5_000 }
  const { code, says, sinceMs, retryAtMs } = explain(mailed, facts)
  assert.equal(code, 'smtp.unreachable')
  assert.match(says, /\(452 4\.2\.2 over quota\)$/)
  assert.equal(sinceMs, e.start + 1_400)
  assert.equal(retryAtMs, e.start + 30_000)
})

test('a service book that the handheld left out is named once the activation is complete', () => {
  const complete = after(e.goodRun.length)
  const facts = { grant: null, nextSendAtMs: null, account: 'active' as const, nowMs: e.start }
  assert.equal(explain(complete, facts).code, null)
  const short = explain(complete, { ...facts, booksLeftOut: ['S00000001-CICAL'] })
  assert.equal(short.code, 'books.left_out')
  assert.match(short.says, /S00000001-CICAL/)
  assert.equal(explain(complete, { ...facts, account: 'other_user' }).code, 'handheld.other_user')
})
