/**
 * Time that stands still while anything can run and then jumps to the next timer. Work that leaves the thread
 * (WebCrypto, streams) is begun through `outside`: time waits for it, and its results come back in the order in
 * which it was begun, so that no seed depends on how fast the machine is.
 */
interface Timer {
  readonly atMs: number
  readonly order: number
  fn: (() => void) | null
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export class VirtualTime {
  #nowMs = 0
  #order = 0
  readonly #heap: Timer[] = []
  #outside: Promise<() => void>[] = []

  /** Milliseconds since the simulation began. */
  nowMs(): number {
    return this.#nowMs
  }

  /** Timers that are set and will run. */
  timers(): number {
    return this.#heap.filter(({ fn }) => fn !== null).length
  }

  after(delayMs: number, fn: () => void): () => void {
    this.#order += 1
    const timer: Timer = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order, fn }
    this.#push(timer)
    return () => {
      timer.fn = null
    }
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve))
  }

  /** Runs `work`, which takes no time here however long it takes in the world. */
  outside<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const ended = work().then(
        (value) => () => resolve(value),
        (error: unknown) => () => reject(error),
      )
      this.#outside.push(ended)
    })
  }

  /** Everything that can run has run. */
  async settle(): Promise<void> {
    for (;;) {
      await nextTurn()
      const begun = this.#outside
      if (begun.length === 0) return
      this.#outside = []
      for (const release of await Promise.all(begun)) {
        release()
        await nextTurn()
      }
    }
  }

  /** Jumps to the next timer and runs what it causes; false where there is none before `untilMs`. */
  async step(untilMs: number): Promise<boolean> {
    for (;;) {
      const next = this.#heap[0]
      if (!next || next.atMs > untilMs) {
        this.#nowMs = Math.max(this.#nowMs, untilMs)
        return false
      }
      this.#pop()
      if (!next.fn) continue
      this.#nowMs = next.atMs
      next.fn()
      await this.settle()
      return true
    }
  }

  #push(timer: Timer): void {
    const heap = this.#heap
    let at = heap.push(timer) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      const other = heap[above]
      if (!other || !isBefore(timer, other)) break
      heap[at] = other
      at = above
    }
    heap[at] = timer
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (!last || heap.length === 0) return
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      const [a, b] = [heap[left], heap[left + 1]]
      if (!a) break
      const [below, child] = b && isBefore(b, a) ? [left + 1, b] : [left, a]
      if (!isBefore(child, last)) break
      heap[at] = child
      at = below
    }
    heap[at] = last
  }
}

const isBefore = (one: Timer, other: Timer): boolean =>
  one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order)
