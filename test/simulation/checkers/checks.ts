/** The invariants, each in a file of its own, and who tells them what happens. */
import type { SavedHandheld } from '#handheld/state-codec.ts'
import type { Frame } from '#protocol/relay-frame.ts'
import type { Change } from '#store/activations.ts'
import type { SimHandheld } from '../world/sim-handheld.ts'
import type { SimProcess } from '../world/sim-process.ts'
import type { Observed } from './observed.ts'

/** One invariant: throws `Violation` through `fail` where it does not hold. */
export interface Checker {
  readonly invariant: string
  /** After each step that changed something. */
  look?(observed: Observed, fail: Fail): void
  /** A process has sent this frame. */
  sent?(sender: SimProcess, frame: Frame, observed: Observed, fail: Fail): void
  /** A change of an activation was committed. */
  took?(change: Change, fail: Fail): void
  /** A handheld's state is on its disk. */
  saved?(handheld: SimHandheld, saved: SavedHandheld, fail: Fail): void
  /** Faults have ceased some time ago, every handheld is on the air, and nothing moves any more. */
  quiet?(observed: Observed, fail: Fail): void
}

export type Fail = (says: string) => void

export class Checks {
  violation: { readonly invariant: string; readonly says: string } | null = null
  readonly #checkers: readonly Checker[]
  observed: Observed | null = null
  /** Keys that a rollover has made current. */
  switches = 0

  constructor(checkers: readonly Checker[]) {
    this.#checkers = checkers
  }

  look(): void {
    const { observed } = this
    if (!observed) return
    observed.refresh()
    for (const checker of this.#checkers) checker.look?.(observed, this.#fail(checker))
  }

  sent(sender: SimProcess, frame: Frame): void {
    const { observed } = this
    if (!observed) return
    for (const checker of this.#checkers) checker.sent?.(sender, frame, observed, this.#fail(checker))
  }

  took(change: Change): void {
    if (change.switchKey) this.switches += 1
    for (const checker of this.#checkers) checker.took?.(change, this.#fail(checker))
  }

  saved(handheld: SimHandheld, saved: SavedHandheld): void {
    for (const checker of this.#checkers) checker.saved?.(handheld, saved, this.#fail(checker))
  }

  quiet(): void {
    const { observed } = this
    if (!observed) return
    for (const checker of this.#checkers) checker.quiet?.(observed, this.#fail(checker))
  }

  violated(invariant: string, says: string): void {
    this.violation ??= { invariant, says }
  }

  #fail(checker: Checker): Fail {
    return (says) => this.violated(checker.invariant, says)
  }
}
