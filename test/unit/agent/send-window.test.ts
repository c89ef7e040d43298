import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeSendWindow } from '#agent/send-window.ts'

const mid = (value: number): Uint8Array => new Uint8Array(16).fill(value)
const many = (count: number, from = 0): Uint8Array[] => Array.from({ length: count }, (_, i) => mid(from + i))

function world() {
  const clock = { now: 0, monotonicMs: () => clock.now }
  return { clock, window: makeSendWindow(clock, 15_000) }
}

test('64 frames may be on their way, and the next ones when the relay has answered some', () => {
  const { window } = world()
  assert(many(64).every((one) => window.take([one])))
  assert.equal(window.room(), 0)
  assert.equal(window.take([mid(99)]), false)
  window.answered(mid(5))
  window.answered(mid(5))
  assert.equal(window.room(), 1)
  assert.equal(window.take([mid(99)]), true)
})

test('a packet of several frames goes whole or not at all, and one that is longer than the window goes alone', () => {
  const { window } = world()
  window.take(many(60))
  assert.equal(window.take(many(5, 100)), false)
  assert.equal(window.room(), 4)
  assert.equal(window.take(many(4, 100)), true)
  const other = world().window
  assert.equal(other.take(many(70)), true)
  assert.equal(other.take([mid(200)]), false)
})

test('a frame that is asked about again counts once', () => {
  const { window } = world()
  window.take(many(64))
  assert.equal(window.take([mid(3)]), true)
  assert.equal(window.room(), 0)
})

test('an answer that never comes holds its place no longer than until the frame is asked about, nor over a new connection', () => {
  const { window, clock } = world()
  window.take(many(32))
  clock.now = 10_000
  window.take(many(32, 32))
  clock.now = 15_000
  assert.equal(window.room(), 32)
  window.clear()
  assert.equal(window.room(), 64)
})
