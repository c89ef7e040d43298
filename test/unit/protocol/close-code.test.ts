import { equal, match, ok } from 'node:assert/strict'
import { describe, it } from 'node:test'
import { closeMeaning, reconnectDelayMs, reconnectRule } from '#protocol/close-code.ts'

/** Randomness whose bytes are all the same. */
const constant = (byte: number) => ({ bytes: (length: number) => new Uint8Array(length).fill(byte) })

describe('coming back after a close', () => {
  it('goes by the code: some need a person, some a pause, broken lines neither', () => {
    for (const code of [4403, 4409, 4426]) equal(reconnectRule(code), 'by_hand')
    for (const code of [1001, 1012]) equal(reconnectRule(code), 'pause_first')
    equal(reconnectRule(4404), 'with_certificate')
    for (const code of [1006, 1013, 4400, 4401, 4408, 4429, 4999]) equal(reconnectRule(code), 'backoff')
  })

  it('has a sentence for each code of the table and none for others', () => {
    match(closeMeaning(4409) ?? '', /newer log-in/)
    equal(closeMeaning(4999), null)
  })

  it('waits 1 s doubling to 5 min, each within half of that more or less', () => {
    for (const [attempt, baseMs] of [
      [1, 1_000],
      [2, 2_000],
      [5, 16_000],
      [9, 256_000],
      [10, 300_000],
      [500, 300_000],
    ] as const)
      for (const byte of [0x00, 0x35, 0x80, 0xd0]) {
        const delayMs = reconnectDelayMs(constant(byte), attempt, 'backoff')
        ok(delayMs >= baseMs / 2 && delayMs <= baseMs * 1.5, `${attempt}: ${delayMs}`)
      }
  })

  it('adds up to 30 s before the first try only, after the relay went away', () => {
    const random = constant(0x35)
    const pauseMs = reconnectDelayMs(random, 1, 'pause_first') - reconnectDelayMs(random, 1, 'backoff')
    ok(pauseMs > 0 && pauseMs <= 30_000)
    equal(reconnectDelayMs(random, 2, 'pause_first'), reconnectDelayMs(random, 2, 'backoff'))
  })
})
