/** A relay in memory with one server behind it: for the handheld's driver, not for the relay's own rules. */
import { Buffer } from 'node:buffer'
import { assert } from '#kernel/assert.ts'
import type { Pin } from '#kernel/brand.ts'
import { parsePin, parseRelayId } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import { decodeEtpBody } from '#protocol/etp.ts'
import { decodePayload, encodePayload } from '#protocol/payload.ts'
import type { Frame } from '#protocol/relay-frame.ts'
import { decodeFrame, encodeFrame } from '#protocol/relay-frame-codec.ts'
import type { DialRelay, LinkListener, RelayLink } from '#relay/link.ts'
import { connectInMemory } from '#relay/memory-link.ts'
import { type Message, ScriptedServer } from './scripted-server.ts'
import type { ServerScript } from './server-double.ts'
import { known, seededRandom } from './world.ts'

export interface RelayDouble {
  readonly dial: DialRelay
  /** Every frame the handhelds sent after their log-in. */
  readonly frames: Frame[]
  /** Mids the handhelds acknowledged. */
  readonly acked: Set<string>
  /** Closes every connection with the code from now on, right after the log-in. */
  refuse: number | null
}

export interface RelayScript {
  readonly clock: Clock
  /** The server for an address; null: its mail is lost. */
  readonly serverOf: (address: string, pin: Pin) => ServerScript | null
  readonly sign?: (content: Uint8Array) => Uint8Array
}

export function relayDouble({ clock, serverOf, sign }: RelayScript): RelayDouble {
  const random = seededRandom('relay')
  const pins = new Map<string, Pin>()
  const servers = new Map<Pin, { txn: string; script: ServerScript; server: ScriptedServer }>()
  const double: RelayDouble = {
    frames: [],
    acked: new Set(),
    refuse: null,
    dial: (listener) => connectInMemory(clock, listener, (end) => accept(end)),
  }

  function accept(end: RelayLink): LinkListener {
    let pin: Pin | null = null
    const say = (frame: Frame) => end.send(encodeFrame(frame))
    const deliver = (script: ServerScript, messages: readonly Message[]) => {
      for (const message of messages) {
        const from = { kind: 'server', srpId: script.srpId } as const
        say({ type: 'deliver', mid: random.bytes(16), from, payload: encodePayload(message) })
      }
    }
    const take = (frame: Frame) => {
      if (frame.type === 'dev_hello') {
        const key = Buffer.from(frame.publicKey).toString('hex')
        pin = pins.get(key) ?? known(parsePin((0x21000000 + pins.size).toString(16).toUpperCase()))
        pins.set(key, pin)
        say({
          type: 'relay_nonce',
          relayId: known(parseRelayId('relay.example.test')),
          nonce: random.bytes(32),
        })
        return
      }
      if (frame.type === 'dev_auth') {
        if (double.refuse !== null) return end.close(double.refuse)
        const now = Math.floor(clock.nowMs() / 1000)
        return say({ type: 'dev_ok', pin: known(pin), now, generation: 1, certificate: new Uint8Array(64) })
      }
      double.frames.push(frame)
      if (frame.type === 'frame_ack') double.acked.add(Buffer.from(frame.mid).toString('hex'))
      if (frame.type === 'mail_ask') mail(frame.body)
      if (frame.type === 'send') pass(frame)
    }
    const mail = (body: Uint8Array) => {
      const etp = decodeEtpBody(body)
      assert(etp.ok, 'the request is well formed')
      const { address, txn } = etp.value
      say({ type: 'mail_done', txn, status: 0 })
      const owner = known(pin)
      const script = serverOf(address, owner)
      if (!script) return
      const before = servers.get(owner)
      const entry =
        before?.txn === txn ? before : { txn, script, server: new ScriptedServer(script, owner, sign) }
      servers.set(owner, entry)
      deliver(entry.script, entry.server.mail(body))
    }
    const pass = (frame: Extract<Frame, { type: 'send' }>) => {
      say({ type: 'receipt', mid: frame.mid, status: 0 })
      const payload = decodePayload(frame.payload)
      const entry = servers.get(known(pin))
      assert(payload.ok && entry, 'a message comes after a request')
      deliver(entry.script, entry.server.message(payload.value))
    }
    return {
      opened: () => {},
      message: (bytes) => {
        const frame = decodeFrame(bytes)
        assert(frame.ok, 'frames are well formed')
        take(frame.value)
      },
      text: () => {},
      ponged: () => {},
      drained: () => {},
      closed: () => {},
    }
  }
  return double
}
