/** Two ends of a connection in memory, for tests and the simulation: whole messages, in order, one turn later. */
import type { Clock } from '#kernel/clock.ts'
import type { LinkListener, RelayLink } from './link.ts'

/** What stands between the ends: decides per message, in each direction, whether and when it arrives. */
export interface MemoryLine {
  /** Milliseconds until the message arrives; null loses it, and with it the connection (a stream has no gaps). */
  delayMs(direction: 'to_relay' | 'from_relay', message: Uint8Array): number | null
}

const steadyLine: MemoryLine = { delayMs: () => 0 }

/**
 * Connects `clientSide` with what `accept` makes of the relay's end. `opened` is told a turn later.
 * @returns the client's end
 */
export function connectInMemory(
  clock: Clock,
  clientSide: LinkListener,
  accept: (relayEnd: RelayLink) => LinkListener,
  line: MemoryLine = steadyLine,
): RelayLink {
  const toRelay = new HalfLine(clock, (message) => line.delayMs('to_relay', message))
  const fromRelay = new HalfLine(clock, (message) => line.delayMs('from_relay', message))
  const relayEnd = endOf(toRelay, fromRelay)
  const clientEnd = endOf(fromRelay, toRelay)
  toRelay.listener = accept(relayEnd)
  fromRelay.listener = clientSide
  fromRelay.queue(0, (listener) => listener.opened())
  return clientEnd
}

/** One direction: events reach its listener in order, each after its delay. */
class HalfLine {
  listener: LinkListener | null = null
  closed = false
  paused = false
  readonly #clock: Clock
  readonly #delayOf: (message: Uint8Array) => number | null
  readonly #events: ((listener: LinkListener) => void)[] = []
  #lastAtMs = 0

  constructor(clock: Clock, delayOf: (message: Uint8Array) => number | null) {
    this.#clock = clock
    this.#delayOf = delayOf
  }

  /** False where the line has eaten it. */
  message(bytes: Uint8Array): boolean {
    const delayMs = this.#delayOf(bytes)
    if (delayMs === null) return false
    this.queue(delayMs, (listener) => listener.message(bytes))
    return true
  }

  queue(delayMs: number, event: (listener: LinkListener) => void): void {
    const nowMs = this.#clock.monotonicMs()
    this.#lastAtMs = Math.max(this.#lastAtMs, nowMs + delayMs)
    this.#clock.after(this.#lastAtMs - nowMs, () => {
      this.#events.push(event)
      this.flush()
    })
  }

  flush(): void {
    while (!this.paused && this.listener) {
      const event = this.#events.shift()
      if (!event) return
      event(this.listener)
    }
  }

  close(code: number): void {
    if (this.closed) return
    this.closed = true
    this.queue(0, (listener) => listener.closed(code))
  }
}

function endOf(incoming: HalfLine, outgoing: HalfLine): RelayLink {
  const end = (code: number): void => {
    incoming.paused = false
    outgoing.close(code)
    incoming.close(code)
    incoming.flush()
  }
  return {
    send: (message) => {
      if (!outgoing.closed && !outgoing.message(message)) end(1006)
    },
    bufferedBytes: () => 0,
    ping: () => {
      if (!outgoing.closed) incoming.queue(0, (listener) => listener.ponged())
    },
    pause: () => {
      incoming.paused = true
    },
    resume: () => {
      incoming.paused = false
      incoming.flush()
    },
    close: end,
    terminate: () => end(1006),
  }
}
