import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '#kernel/limits.ts'
import { keepAlive } from '#relay/keepalive.ts'
import type { RelayLink } from '#relay/link.ts'
import { handClock } from '../agent/hand-clock.ts'

const pongMs = limits.pongSecondsMax * 1000
/** The first ping comes at once. */
const random = { bytes: (length: number) => new Uint8Array(length) }

function makeAlive() {
  const clock = handClock(0)
  const seen = { pings: 0, dead: false }
  const ping = (): void => {
    seen.pings += 1
  }
  const link = { ping } as Pick<RelayLink, 'ping'> as RelayLink
  const alive = keepAlive(link, { clock, random }, () => {
    seen.dead = true
  })
  return { clock, seen, alive }
}

test('a link that does not answer a ping is dead', async () => {
  const { clock, seen } = makeAlive()
  await clock.advance(pongMs - 1)
  assert.deepEqual(seen, { pings: 1, dead: false })
  await clock.advance(5_000)
  assert.equal(seen.dead, true)
})

test('an answer that is read only after the time was over, as in a process that was stopped, still counts', async () => {
  const { clock, seen, alive } = makeAlive()
  await clock.advance(pongMs + 1)
  alive.ponged()
  await clock.advance(5_000)
  assert.equal(seen.dead, false)
})
