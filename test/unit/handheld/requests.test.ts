import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeEtpBody } from '#protocol/etp.ts'
import { toWaiting } from './run-through.ts'
import { known, typed, World } from './world.ts'

const minute = 60_000

test('the request carries what the server needs and nothing that names the handheld', () => {
  const world = new World()
  const body = toWaiting(world, typed({ offer: [2, 1], lifeSeconds: 3600 }))
  const etp = decodeEtpBody(body)
  assert(etp.ok)
  assert.equal(etp.value.address, 'alice@example.test')
  assert.equal(etp.value.relayId, 'relay.example.test')
  assert.deepEqual(etp.value.offer, [2, 1])
  assert.equal(etp.value.lifeSeconds, 3600)
  assert.equal(etp.value.kdfProfile, 1)
  assert(!Buffer.from(body).includes('2100000A'))
})

const endings: readonly [number, number][] = [
  [3, 2],
  [4, 7],
  [5, 17],
  [8, 1],
]
for (const [status, code] of endings)
  test(`the relay's answer ${status} ends the run with E${code}, while mailing and while waiting`, () => {
    for (const before of [[], [0], [2]]) {
      const world = new World()
      world.raise(typed())
      world.login()
      for (const first of before) world.mailDone(first)
      world.mailDone(status)
      assert.equal(world.stage(), 'failed')
      assert.deepEqual(world.ended(), [code])
      assert.equal(world.state.run, null)
    }
  })

for (const status of [0, 1, 2])
  test(`the relay's answer ${status} means that the mail is on its way`, () => {
    const world = new World()
    world.raise(typed())
    world.login()
    world.mailDone(status)
    assert.equal(world.stage(), 'waiting')
  })

test('a status of a later version, or an answer for another transaction, changes nothing', () => {
  const world = new World()
  world.raise(typed())
  world.login()
  world.mailDone(99)
  assert.equal(world.stage(), 'mailing')
  const before = known(world.state.run).txn
  world.raise(typed())
  world.raise({ kind: 'frame', frame: { type: 'mail_done', txn: before, status: 3 } })
  assert.equal(world.stage(), 'mailing')
})

test('a wrong clock is set by the relay and the run begins again by itself, once', () => {
  const world = new World()
  world.raise(typed())
  world.login()
  const first = known(world.state.run)
  const now = Math.floor(world.nowMs / 1000) + 90_000
  world.request()
  world.mailDone(6, now)
  const again = decodeEtpBody(world.request())
  assert(again.ok)
  assert.equal(again.value.createdAt, now)
  assert.notEqual(again.value.txn, first.txn)
  assert.equal(world.stage(), 'mailing')
  world.mailDone(6, now)
  assert.deepEqual(world.ended(), [6])
})

test('a transaction id in use is replaced by itself, once', () => {
  const world = new World()
  world.raise(typed())
  world.login()
  const first = world.request()
  world.mailDone(7)
  assert.notDeepEqual(world.request(), first)
  world.mailDone(7)
  assert.equal(world.stage(), 'failed')
})

test('without an answer the same request is handed over again, at growing intervals and at each log-in', () => {
  const world = new World()
  world.raise(typed())
  world.login()
  const body = world.request()
  const times: number[] = []
  const beganMs = world.nowMs
  while (times.length < 4) {
    world.pass(1000)
    for (const { frame } of world.sends())
      if (frame.type === 'mail_ask') {
        assert.deepEqual(frame.body, body)
        times.push((world.nowMs - beganMs) / 1000)
      }
  }
  assert.deepEqual(times, [31, 66, 126, 276])
  world.login()
  assert.deepEqual(world.request(), body)
})

test('while waiting the request is handed over again every ten minutes', () => {
  const world = new World()
  const body = toWaiting(world)
  world.pass(9 * minute)
  assert.deepEqual(world.sends(), [])
  world.pass(minute)
  assert.deepEqual(world.request(), body)
  world.pass(10 * minute)
  assert.deepEqual(world.request(), body)
})

test('off the air nothing is handed over, and E01 is said after thirty seconds', () => {
  const world = new World()
  world.raise(typed())
  assert.deepEqual(world.sends(), [])
  world.raise({ kind: 'link_down', reason: 'unreachable' })
  world.pass(29_000)
  assert.deepEqual(world.codes(), [])
  world.pass(60 * minute)
  assert.deepEqual(world.codes(), [1])
  world.login()
  assert.equal(world.state.screen, 'Activating')
  assert(world.request())
})

test('a line that comes back within half a minute is not worth a word', () => {
  const world = new World()
  toWaiting(world)
  world.raise({ kind: 'link_down', reason: 'unreachable' })
  world.pass(25_000)
  world.login()
  world.pass(minute)
  assert.deepEqual(world.codes(), [])
})

const closes = [
  ['refused', 20],
  ['version', 7],
  ['too_many', 17],
  ['untrusted', 1],
] as const

for (const [reason, code] of closes)
  test(`a line that ended because it is ${reason} is told with E${code}; the run stays, and goes on after a log-in`, () => {
    const world = new World()
    toWaiting(world)
    const { run } = world.state
    world.raise({ kind: 'link_down', reason })
    assert.deepEqual(world.codes(), [code])
    assert.deepEqual(world.ended(), [])
    assert.equal(world.state.run?.txn, run?.txn)
    world.login()
    assert.equal(world.state.screen, 'Activating')
    assert(world.request())
  })

test('a line that only a person can bring back ends the program and not the run', () => {
  const world = new World()
  toWaiting(world)
  world.raise({ kind: 'link_down', reason: 'refused', final: true })
  assert.deepEqual(world.ended(), [20])
  assert.equal(world.stage(), 'waiting')
  assert(world.disk.run, 'what goes on at the next start is on disk')
})

test('E21 is shown after five minutes of waiting, and the run goes on to the end of the mail’s life', () => {
  const world = new World()
  toWaiting(world, typed({ lifeSeconds: 7200 }))
  world.pass(5 * minute - 1)
  assert.deepEqual(world.codes(), [])
  world.pass(1)
  assert.deepEqual(world.codes(), [21])
  assert.equal(world.stage(), 'waiting')
  world.pass(7200 * 1000)
  assert.deepEqual(world.ended(), [6])
})

test('the user can cancel at any time, and nothing of the run is left', () => {
  const world = new World()
  toWaiting(world)
  world.raise({ kind: 'cancel' })
  assert.equal(world.stage(), 'idle')
  assert.equal(world.disk.run, null)
  assert.equal(world.dueMs, null)
  assert.deepEqual(world.ended(), [null])
})

test('the relay’s time of the log-in, not the handheld’s clock, dates the request', () => {
  const world = new World()
  world.login(1_700_000_000)
  world.raise(typed())
  const etp = decodeEtpBody(world.request())
  assert(etp.ok)
  assert.equal(etp.value.createdAt, 1_700_000_000)
})

test('a relay whose time is beyond all dates does not keep the handheld from asking', () => {
  const absurd = Number.MAX_SAFE_INTEGER
  const early = new World()
  early.login(absurd)
  early.nowMs += 60_000
  early.raise(typed())
  assert(decodeEtpBody(early.request()).ok)
  const later = new World()
  later.raise(typed())
  later.login()
  later.mailDone(6, absurd)
  later.nowMs += 60_000
  later.raise({ kind: 'cancel' })
  later.raise(typed())
  assert(decodeEtpBody(later.request()).ok)
})
