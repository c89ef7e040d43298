import assert from 'node:assert/strict'
import { test } from 'node:test'
import { smtpLimits } from '#ingress/smtp-limits.ts'
import { makeWatchdog } from '#ingress/watchdog.ts'
import type { Clock } from '#kernel/clock.ts'

/** A clock that is moved by hand. */
function handClock(): Clock & { pass(ms: number): void } {
  let now = 0
  const timers = new Set<{ at: number; fn: () => void }>()
  return {
    nowMs: () => now,
    monotonicMs: () => now,
    after: (delayMs, fn) => {
      const timer = { at: now + delayMs, fn }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    pass: (ms) => {
      const end = now + ms
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
        if (!next) break
        timers.delete(next)
        now = next.at
        next.fn()
      }
      now = end
    },
  }
}

function start() {
  const clock = handClock()
  let expired = 0
  const dog = makeWatchdog(clock, smtpLimits, () => {
    expired += 1
  })
  return { clock, dog, expired: () => expired }
}

test('a client that sends no complete command is dropped, once', () => {
  const { clock, expired } = start()
  clock.pass(smtpLimits.commandMs - 1)
  assert.equal(expired(), 0)
  clock.pass(smtpLimits.sessionMs * 2)
  assert.equal(expired(), 1)
})

test('a client that trickles its message a byte a second is dropped in the first window', () => {
  const { clock, dog, expired } = start()
  dog.onDataStart()
  for (let second = 0; second < smtpLimits.dataWindowMs / 1_000 - 1; second += 1) {
    dog.onDataBytes(1)
    clock.pass(1_000)
  }
  assert.equal(expired(), 0)
  clock.pass(1_000)
  assert.equal(expired(), 1)
})

test('a slow but steady message has its time, and no more', () => {
  const { clock, dog, expired } = start()
  dog.onDataStart()
  for (let ms = 0; ms < smtpLimits.dataMs; ms += 1_000) {
    assert.equal(expired(), 0)
    dog.onDataBytes(smtpLimits.dataWindowBytesMin)
    clock.pass(1_000)
  }
  assert.equal(expired(), 1)
})

test('busy commands do not prolong a session beyond its end', () => {
  const { clock, dog, expired } = start()
  for (let ms = 0; ms < smtpLimits.sessionMs; ms += 10_000) {
    dog.onCommand()
    clock.pass(10_000)
  }
  assert.equal(expired(), 1)
})

test('a stopped watchdog is silent', () => {
  const { clock, dog, expired } = start()
  dog.onDataStart()
  dog.stop()
  clock.pass(smtpLimits.sessionMs * 2)
  assert.equal(expired(), 0)
})

test('after a message the client has the time of a command again, and no more', () => {
  const { clock, dog, expired } = start()
  for (let mail = 0; mail < 5; mail += 1) {
    dog.onCommand()
    dog.onDataStart()
    dog.onDataBytes(10)
    clock.pass(1_000)
    dog.onCommand()
    clock.pass(smtpLimits.commandMs - 1)
    assert.equal(expired(), 0)
  }
  clock.pass(1)
  assert.equal(expired(), 1)
})

test('mail after mail sets no new timers', () => {
  const { clock, dog } = start()
  const { after } = clock
  const set: number[] = []
  clock.after = (delayMs, fn) => {
    set.push(delayMs)
    return after(delayMs, fn)
  }
  for (let mail = 0; mail < 10; mail += 1) {
    for (let command = 0; command < 3; command += 1) dog.onCommand()
    dog.onDataStart()
    dog.onDataBytes(10)
  }
  assert.deepEqual(set, [smtpLimits.dataWindowMs])
})
