/** Lines between the relay and its clients, in memory, and all that may happen on them. */
import type { Frame } from '#protocol/relay-frame.ts'
import { decodeFrame, encodeFrame } from '#protocol/relay-frame-codec.ts'
import type { DialRelay, LinkListener, RelayLink, RelayRole } from '#relay/link.ts'
import { connectInMemory } from '#relay/memory-link.ts'
import type { Relay } from '#relay/relay.ts'
import type { Chance } from './chance.ts'
import type { Faults } from './faults.ts'
import type { SimProcess } from './sim-process.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface NetworkParts {
  readonly time: VirtualTime
  readonly chance: Chance
  readonly faults: Faults
  /** A frame leaves a process; what is returned, a planted mistake's, goes with it. */
  sending(sender: SimProcess, receiver: SimProcess, frame: Frame): Frame | null
  /** A frame reaches a client; what is returned goes back to the relay before the client has seen it. */
  reaching(receiver: SimProcess, frame: Frame): Frame | null
}

interface Line {
  readonly client: SimProcess
  readonly relay: SimProcess
  cut(): void
}

const brokenOff = 1006
const held: ReadonlySet<Frame['type']> = new Set(['send', 'deliver', 'receipt', 'frame_ack', 'mail_done'])

export class Network {
  readonly #parts: NetworkParts
  readonly #lines = new Set<Line>()
  #relay: { readonly process: SimProcess; readonly accept: Relay['accept'] } | null = null
  /** Nobody reaches the relay before then. */
  downUntilMs = 0

  constructor(parts: NetworkParts) {
    this.#parts = parts
  }

  listen(process: SimProcess, accept: Relay['accept']): () => void {
    const own = { process, accept }
    this.#relay = own
    const stop = () => {
      if (this.#relay === own) this.#relay = null
    }
    process.onDeath(stop)
    return stop
  }

  /** Cuts every line of this process. */
  cut(process: SimProcess): number {
    const cut = [...this.#lines].filter(({ client, relay }) => client === process || relay === process)
    for (const line of cut) line.cut()
    return cut.length
  }

  dial(client: SimProcess, role: RelayRole): DialRelay {
    const clock = { ...client.clock, after: this.#parts.time.after.bind(this.#parts.time) }
    return (listener) => {
      const relay = this.#relay
      if (!relay || this.#parts.time.nowMs() < this.downUntilMs) {
        client.clock.after(this.#parts.chance.between(1, 50), () =>
          listener.closed(brokenOff, new Error('connect ECONNREFUSED')),
        )
        return deadLink
      }
      const line: Line = { client, relay: relay.process, cut: () => end.terminate() }
      const clientSide = this.#guard(
        client,
        listener,
        () => this.#lines.delete(line),
        (bytes) => {
          const frame = decodeFrame(bytes)
          const back = frame.ok ? this.#parts.reaching(client, frame.value) : null
          if (back) out.send(encodeFrame(back))
        },
      )
      const end = connectInMemory(
        clock,
        clientSide,
        (relayEnd) =>
          this.#guard(
            relay.process,
            relay.accept(role, '127.0.0.1', this.#outgoing(relay.process, client, relayEnd)),
            () => {},
          ),
        { delayMs: (_direction, message) => this.#delayMs(message) },
      )
      this.#lines.add(line)
      for (const process of [client, relay.process]) process.onDeath(() => line.cut())
      const out = this.#outgoing(client, relay.process, end)
      return out
    }
  }

  /** How long a message takes; null where it is lost and the line with it. */
  #delayMs(message: Uint8Array): number | null {
    if (this.#parts.faults.take('relay_link_lost_message', `${message.length} bytes`)) return null
    return this.#parts.chance.between(1, this.#parts.chance.happens(0.02) ? 3_000 : 40)
  }

  #outgoing(sender: SimProcess, receiver: SimProcess, link: RelayLink): RelayLink {
    const whileAlive = <A extends readonly unknown[]>(fn: (...args: A) => void) => {
      return (...args: A) => {
        if (sender.alive) fn(...args)
      }
    }
    return {
      send: whileAlive((message: Uint8Array) => {
        const frame = decodeFrame(message)
        link.send(message)
        const also = frame.ok ? this.#parts.sending(sender, receiver, frame.value) : null
        if (!also) return
        link.send(encodeFrame(also))
        this.#parts.sending(sender, receiver, also)
      }),
      bufferedBytes: () => link.bufferedBytes(),
      ping: whileAlive(() => link.ping()),
      pause: whileAlive(() => link.pause()),
      resume: whileAlive(() => link.resume()),
      close: whileAlive((code: number, reason?: string) => link.close(code, reason)),
      terminate: whileAlive(() => link.terminate()),
    }
  }

  /** What reaches a living process, sometimes twice or in another order. */
  #guard(
    process: SimProcess,
    listener: LinkListener,
    ended: () => void,
    before: (bytes: Uint8Array) => void = () => {},
  ): LinkListener {
    const { faults, time, chance } = this.#parts
    let kept: Uint8Array | null = null
    let closed = false
    const give = (bytes: Uint8Array) => {
      if (closed || !process.alive) return
      before(bytes)
      process.run(() => listener.message(bytes))
    }
    const release = () => {
      const late = kept
      kept = null
      if (late) give(late)
    }
    return {
      opened: () => process.run(() => listener.opened()),
      message: (bytes) => {
        const type = frameType(bytes)
        const may = type !== null && held.has(type)
        if (may && !kept && faults.take('relay_reorder', `${type} to ${process.name}`)) {
          kept = bytes
          time.after(chance.between(50, 2_000), release)
          return
        }
        give(bytes)
        if (may && faults.take('relay_duplicate', `${type} to ${process.name}`))
          time.after(chance.between(0, 500), () => give(bytes))
        release()
      },
      text: () => process.run(() => listener.text()),
      ponged: () => process.run(() => listener.ponged()),
      drained: () => process.run(() => listener.drained()),
      closed: (code, error) => {
        closed = true
        ended()
        process.run(() => listener.closed(code, error))
      },
    }
  }
}

function frameType(bytes: Uint8Array): Frame['type'] | null {
  const frame = decodeFrame(bytes)
  return frame.ok ? frame.value.type : null
}

const deadLink: RelayLink = {
  send: () => {},
  bufferedBytes: () => 0,
  ping: () => {},
  pause: () => {},
  resume: () => {},
  close: () => {},
  terminate: () => {},
}
