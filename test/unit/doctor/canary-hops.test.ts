import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Facts, hopsOf } from '#doctor/canary-hops.ts'
import * as e from '../activation/events.ts'

const nothing: Facts = {
  pressedAtMs: e.start,
  relayAtMs: null,
  mailedAtMs: null,
  mailTrouble: null,
  events: [],
  look: null,
  mailboxFault: null,
  stoppedBy: null,
  completeAtMs: null,
  screen: 'Activating',
}
const mailed: Facts = { ...nothing, relayAtMs: e.start + 10, mailedAtMs: e.start + 30 }

/** The last hop of a flight that is over. */
const lastOf = (facts: Facts) => {
  const { check } = hopsOf(facts, true).at(-1) ?? assert.fail()
  return [check.name, check.health, check.code]
}

test('while it flies only hops that were reached are told', () => {
  assert.deepEqual(
    hopsOf(mailed, false).map(({ check, tookMs }) => [check.name, tookMs]),
    [
      ['pressed', null],
      ['relay accepted', 10],
      ['SMTP accepted', 20],
    ],
  )
})

test('the first hop that was not reached is named with its own code', () => {
  assert.deepEqual(lastOf(nothing), ['relay accepted', 'broken', 'relay.unreachable'])
  const refused = { code: 'smtp.refused', detail: '550' } as const
  assert.deepEqual(lastOf({ ...mailed, mailedAtMs: null, mailTrouble: refused }), [
    'SMTP accepted',
    'broken',
    'smtp.refused',
  ])
  assert.deepEqual(lastOf(mailed), ['in the mailbox', 'broken', 'mail.not_seen'])
  assert.deepEqual(lastOf({ ...mailed, look: { at: 'inbox' } }), ['seen', 'broken', 'mail.not_read'])
  assert.deepEqual(lastOf({ ...mailed, events: [e.etpSeen()] }), ['proof', 'broken', 'proof.none'])
  const stopped = { ...mailed, events: [e.etpSeen()], stoppedBy: 'grant.expired' } as const
  assert.deepEqual(lastOf(stopped), ['proof', 'broken', 'grant.expired'])
})

test('a whole run is all well, with no time below nothing', () => {
  const hops = hopsOf({ ...mailed, events: e.goodRun, completeAtMs: e.start + e.hour }, true)
  assert.equal(hops.length, 9)
  for (const { check, tookMs } of hops) {
    assert.equal(check.health, 'ok', check.name)
    assert(tookMs === null || tookMs >= 0)
  }
})

test('mail in another folder than the inbox needs attention, and names the folder', () => {
  const mail = {
    mailbox: 'alice@example.test/Junk/2026',
    uid: 7,
    receivedAtMs: e.start,
    foundBy: 'hint',
  } as const
  const hop = hopsOf({ ...mailed, events: [e.etpSeen({ mail })] }, false)[3]
  assert.deepEqual([hop?.check.health, hop?.check.code], ['attention', 'mail.in_junk'])
  assert.match(hop?.check.says ?? '', /\(Junk\/2026\)$/)
})
