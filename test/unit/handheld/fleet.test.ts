import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock, systemRandom } from '#edge/system.ts'
import { codeName, quantile, runFleet } from '#handheld/fleet.ts'
import { limitStretching } from '#handheld/stretch-limit.ts'
import { parseRelayId } from '#kernel/brand.ts'
import { utf8 } from '#kernel/bytes.ts'
import type { Clock } from '#kernel/clock.ts'
import { relayDouble } from './relay-double.ts'
import { testStretching } from './server-double.ts'
import { known, script } from './world.ts'

test('no more than the given number of stretchings run at once, and all of them come to their end', async () => {
  let running = 0
  let most = 0
  const { stretch } = limitStretching(
    {
      profile: 1,
      stretch: async (input) => {
        running += 1
        most = Math.max(most, running)
        await new Promise(setImmediate)
        running -= 1
        if (input[0] === 3) throw new Error('three')
        return input
      },
    },
    2,
  )
  const inputs = Array.from({ length: 9 }, (_, i) => Uint8Array.of(i))
  const results = await Promise.allSettled(inputs.map((input) => stretch(input, utf8('salt'))))
  assert.equal(most, 2)
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 8)
})

test('quantiles are of the values that were measured', () => {
  assert.equal(quantile([], 0.5), null)
  assert.equal(quantile([7], 0.99), 7)
  const values = Array.from({ length: 200 }, (_, i) => i + 1)
  assert.deepEqual([quantile(values, 0.5), quantile(values, 0.99)], [100, 198])
})

test('a fleet reports who came through, and the others by code', async () => {
  const { dial } = relayDouble({
    clock: systemClock,
    // The mail of this user is lost.
    serverOf: (address) => (address.startsWith('lost') ? null : script()),
  })
  const results: string[] = []
  const giveUp: (() => void)[] = []
  const timeoutMs = 987_654
  // Time is up for the one that is left when the others have ended, however slow the machine.
  const clock: Clock = {
    nowMs: systemClock.nowMs,
    monotonicMs: systemClock.monotonicMs,
    after: (delayMs, fn) => {
      if (delayMs !== timeoutMs) return systemClock.after(delayMs, fn)
      giveUp.push(fn)
      return () => giveUp.splice(giveUp.indexOf(fn), 1)
    },
  }
  const report = await runFleet({
    relay: { url: 'ws://127.0.0.1:1', relayId: known(parseRelayId('relay.example.test')) },
    clock,
    random: systemRandom,
    dial,
    stretching: testStretching,
    users: [
      { email: 'alice@example.test', password: 'wrong one here' },
      { email: 'lost@example.test', password: 'whatever it is' },
      { email: 'no address', password: 'whatever it is' },
    ],
    parallel: 2,
    timeoutMs,
    onResult: ({ code }, done) => {
      results.push(codeName(code))
      if (done === 2) for (const over of giveUp) over()
    },
  })
  assert.equal(report.total, 3)
  assert.equal(report.complete, 0)
  assert.deepEqual(report.failed.map(({ code, count }) => [code, count]).sort(), [
    ['E10', 1],
    ['address.invalid', 1],
    ['timeout', 1],
  ])
  assert.equal(results.length, 3)
  assert.equal(report.p50Ms, null)
  assert.equal(giveUp.length, 0)
})
