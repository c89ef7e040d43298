/**
 * Frames under load: a handheld hands payloads to the relay for a server that is ours too, so that both ends can
 * say what they were promised and what they got.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as after } from 'node:timers/promises'
import { ed25519Key } from '#crypto/ed25519.ts'
import { systemRandom } from '#edge/system.ts'
import type { Pin, SrpId } from '#kernel/brand.ts'
import { fromHex, toHex } from '#kernel/bytes.ts'
import { silentLog } from '#kernel/log.ts'
import { receiptStatus } from '#protocol/receipt.ts'
import { connectDevice, connectServer } from '#relay/client.ts'
import type { RelayClient } from '#relay/relay-client.ts'
import { hurriedClock } from '../support/e2e-clock.ts'
import type { relayTrust } from '../support/postkey.ts'
import type { FrameNote } from './oracle.ts'

export interface FrameLoad {
  readonly notes: Map<string, FrameNote>
  readonly relay: ReturnType<typeof relayTrust>
  readonly server: { readonly srpId: SrpId; readonly srpKey: string }
  readonly stop: AbortSignal
}

export interface FrameLoadRunning {
  /** Both ends dial at once: the relay is back. */
  relayIsBack(): void
  /** Resolves when everything has its receipt and has arrived, or fails after `ms`. */
  settle(ms: number): Promise<void>
  close(): Promise<void>
}

const inFlightMax = 8
/** Of those that were delivered long ago, how often one is asked about again: it must not go out anew. */
const questionEvery = 5
const payload = Uint8Array.of(0x82, 3, 0x41, 0)
/** A dead line is noticed, and dialled again, so many times sooner than the protocol asks for. */
const hurry = 10

export function startFrameLoad(load: FrameLoad): FrameLoadRunning {
  const clock = hurriedClock(hurry)
  const common = { ...load.relay, clock, random: systemRandom, log: silentLog }
  const sender = new Sender(load)
  let pin: Pin | null = null
  const server = connectServer({
    ...common,
    srpId: load.server.srpId,
    srpKey: fromHex(load.server.srpKey),
    pinnedSealKeys: [],
    handlers: {
      onReady: () => void (pin && server.send({ type: 'srp_serve', pins: [pin] })),
      onFrame: async (frame) => {
        if (frame.type !== 'deliver') return
        const note = load.notes.get(toHex(frame.mid))
        if (note?.delivered) note.receivedAgain += 1
        if (note) note.received += 1
        server.send({ type: 'frame_ack', mid: frame.mid })
      },
    },
  })
  const device = connectDevice({
    ...common,
    pin: null,
    deviceKey: ed25519Key(systemRandom.bytes(32)),
    handlers: {
      onReady: (info) => {
        pin = info.pin
        device.send({ type: 'dev_peers', srpIds: [load.server.srpId] })
        server.send({ type: 'srp_serve', pins: [info.pin] })
        sender.ask(device)
      },
      onFrame: async (frame) => {
        if (frame.type === 'receipt') sender.heard(device, toHex(frame.mid), frame.status)
      },
    },
  })
  const sending = sender.run(device)
  return {
    relayIsBack: () => {
      device.retry()
      server.retry()
    },
    settle: (ms) => sender.settled(device, ms),
    close: async () => {
      await device.close()
      await server.close()
      await sending
    },
  }
}

/** The handheld's side: what it has sent and not heard of, and what it asks about again. */
class Sender {
  readonly #load: FrameLoad
  readonly #open = new Set<string>()
  #delivered: string | null = null

  constructor(load: FrameLoad) {
    this.#load = load
  }

  async run(device: RelayClient): Promise<void> {
    for (let count = 1; !this.#load.stop.aborted; count += 1) {
      await after(5)
      if (device.state().stage !== 'ready' || this.#open.size >= inFlightMax) continue
      const id = toHex(new Uint8Array(randomBytes(16)))
      this.#load.notes.set(id, { id, stored: false, delivered: false, received: 0, receivedAgain: 0 })
      this.#open.add(id)
      this.#send(device, id)
      if (this.#delivered && count % questionEvery === 0) this.#send(device, this.#delivered)
    }
  }

  /** After each log-in: what has no receipt is sent again under its own mid, which is a question. */
  ask(device: RelayClient): void {
    for (const id of this.#open) this.#send(device, id)
  }

  heard(device: RelayClient, id: string, status: number): void {
    const note = this.#load.notes.get(id)
    if (!note) return
    const good = status === receiptStatus.stored || status === receiptStatus.delivered
    if (!good) return void setTimeout(() => this.#send(device, id), 100)
    note.stored = true
    this.#open.delete(id)
    if (status !== receiptStatus.delivered) return
    note.delivered = true
    this.#delivered = id
  }

  async settled(device: RelayClient, ms: number): Promise<void> {
    const deadline = Date.now() + ms
    const done = () => [...this.#load.notes.values()].every(({ stored, received }) => stored && received > 0)
    for (let round = 1; !done() && Date.now() < deadline; round += 1) {
      if (round % 20 === 0) this.ask(device)
      await after(50)
    }
  }

  #send(device: RelayClient, id: string): void {
    device.send({
      type: 'send',
      mid: fromHex(id),
      to: { kind: 'server', srpId: this.#load.server.srpId },
      ttlSeconds: 3_600,
      payload: new Uint8Array([...payload, ...Buffer.from(id)]),
    })
  }
}
