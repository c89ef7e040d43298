/** Somebody sets the handheld's date: a run lasts as long as it was to last. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runHandheld } from '#handheld/run.ts'
import { memoryStorage } from '#handheld/storage.ts'
import { noFailpoint } from '#kernel/failpoint.ts'
import { silentLog } from '#kernel/log.ts'
import { handClock } from '../agent/hand-clock.ts'
import { toWaiting } from './run-through.ts'
import { seededRandom, startMs, typed, World } from './world.ts'

const hourMs = 3_600_000
const deadLink = {
  send() {},
  bufferedBytes: () => 0,
  ping() {},
  pause() {},
  resume() {},
  close() {},
  terminate() {},
}

test('a date that is set back while a run is under way does not make it longer', async () => {
  const clock = handClock(startMs)
  const world = new World()
  const handheld = runHandheld(
    { seed: new Uint8Array(32).fill(1), state: world.state },
    { url: 'ws://127.0.0.1:1', relayId: world.state.device.relayId },
    {
      clock,
      random: seededRandom('relay client'),
      log: silentLog,
      storage: memoryStorage(),
      failpoint: noFailpoint,
      dial: () => deadLink,
    },
    { acted: () => {}, broken: assert.fail },
  )
  await handheld.raise(typed({ lifeSeconds: 3_600 }))
  assert.equal(handheld.state().run?.stage, 'mailing')
  clock.setAhead(-26 * hourMs)
  await clock.advance(hourMs + 1_000)
  await handheld.raise({ kind: 'timer' })
  assert.equal(handheld.state().run, null)
  await handheld.close()
})

test('a run that was begun by a later date than today ends as if it were begun now', () => {
  const world = new World()
  toWaiting(world, typed({ lifeSeconds: 3_600 }))
  world.nowMs -= 26 * hourMs
  world.raise({ kind: 'restart' })
  assert.equal(world.stage(), 'waiting')
  world.nowMs += hourMs + 60_000
  world.raise({ kind: 'timer' })
  assert.equal(world.state.run, null)
})
