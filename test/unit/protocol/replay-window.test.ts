import { deepEqual, equal, throws } from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { limits } from '#kernel/limits.ts'
import {
  checkReplay,
  decodeReplayWindow,
  emptyReplayWindow,
  encodeReplayWindow,
  markReplay,
  type ReplayWindow,
} from '#protocol/replay-window.ts'

const size = limits.replayWindow

/** The same rule, said with a set of every number ever seen. */
class Model {
  readonly #seen = new Set<number>()
  #highest = -1

  check(seq: number): string {
    if (seq <= this.#highest - size) return 'too_old'
    return this.#seen.has(seq) ? 'seen' : 'new'
  }

  mark(seq: number): void {
    this.#seen.add(seq)
    this.#highest = Math.max(this.#highest, seq)
  }
}

const marked = (...seqs: readonly number[]): ReplayWindow => seqs.reduce(markReplay, emptyReplayWindow)

describe('the replay window', () => {
  it('agrees with a plain set of numbers on any run of checks and marks', () => {
    const near = fc.nat(3 * size)
    const far = fc.maxSafeNat()
    const seqs = fc.array(fc.oneof({ weight: 20, arbitrary: near }, { weight: 1, arbitrary: far }), {
      maxLength: 300,
    })
    fc.assert(
      fc.property(seqs, (numbers) => {
        const model = new Model()
        let window = emptyReplayWindow
        for (const seq of numbers.filter((n) => n < Number.MAX_SAFE_INTEGER)) {
          equal(checkReplay(window, seq), model.check(seq))
          if (checkReplay(window, seq) !== 'new') continue
          window = markReplay(window, seq)
          model.mark(seq)
          equal(checkReplay(window, seq), 'seen')
        }
      }),
      { numRuns: 60 },
    )
  })

  it('takes late numbers inside the window and refuses those that fell out of it', () => {
    const window = marked(0, 5000)
    equal(checkReplay(window, 5000), 'seen')
    equal(checkReplay(window, 5000 - size + 1), 'new')
    equal(checkReplay(window, 5000 - size), 'too_old')
    equal(checkReplay(window, 5001), 'new')
  })

  it('forgets the marks of numbers that a jump passes over', () => {
    const window = marked(3, 3 + size + 1)
    equal(checkReplay(window, 3 + size), 'new')
    equal(checkReplay(window, 3), 'too_old')
  })

  it('does not change the window it was given, so that a failed transaction leaves it as it was', () => {
    const before = marked(1)
    markReplay(before, 2)
    equal(checkReplay(before, 2), 'new')
  })

  it('will not mark a number twice', () => {
    throws(() => markReplay(marked(7), 7), /only a new packet number/)
  })

  it('is stored in 136 bytes and comes back the same', () => {
    const window = marked(0, 9, 70_000, 2 ** 33)
    const stored = encodeReplayWindow(window)
    equal(stored.length, 136)
    deepEqual(decodeReplayWindow(stored), { ok: true, value: window })
    const last = marked(Number.MAX_SAFE_INTEGER)
    deepEqual(decodeReplayWindow(encodeReplayWindow(last)), { ok: true, value: last })
    equal(decodeReplayWindow(stored.subarray(1)).ok, false)
    equal(decodeReplayWindow(new Uint8Array(136).fill(0xff)).ok, false)
  })
})
