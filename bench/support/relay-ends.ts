/**
 * A server and handhelds at a relay: the server sends, the handhelds have it and say so, receipts come back. They log
 * in as the shipping client does; then frames are made from patterns and read by their first bytes, so that the load
 * costs about what the echo's does and the relay is what is measured.
 */
import { ed25519Key } from '#crypto/ed25519.ts'
import { systemClock, systemRandom } from '#edge/system.ts'
import type { Pin } from '#kernel/brand.ts'
import { silentLog } from '#kernel/log.ts'
import { encodePayload } from '#protocol/payload.ts'
import { encodeFrame } from '#protocol/relay-frame-codec.ts'
import { connectDevice, connectServer } from '#relay/client.ts'
import type { DialRelay, RelayLink, RelayRole } from '#relay/link.ts'
import { webSocketDial } from '#relay/ws-dial.ts'
import type { RelayReady } from './relay-process.ts'

export interface RelayEnds {
  /** Messages that handhelds received while so many were always on their way, for about so long: a second's worth. */
  messagesPerSecond(inFlight: number, durationMs: number): Promise<number>
  /** Messages delivered and receipts "delivered" heard so far. */
  counts(): { readonly delivered: number; readonly receipts: number }
  close(): Promise<void>
}

const common = { clock: systemClock, random: systemRandom, log: silentLog }
/** docs/protocol.md, "Relay": an array, then the number of the frame, then its id of 16 bytes. */
const frameNumber = { deliver: 21, receipt: 23 }
const midStart = 3
const midBytes = 16

/** A connection that can be taken over once its client has logged in. */
function makeTap(where: { url: string; relayId: RelayReady['relayId']; ca: string; role: RelayRole }) {
  const tap = { link: null as RelayLink | null, take: null as ((bytes: Uint8Array) => void) | null }
  const dial: DialRelay = (listener) => {
    tap.link = webSocketDial(where)({
      ...listener,
      message: (bytes) => (tap.take ? tap.take(bytes) : listener.message(bytes)),
    })
    return tap.link
  }
  return { tap, dial }
}

const withMid = (pattern: Uint8Array, mid: Uint8Array): Uint8Array => {
  const frame = Uint8Array.from(pattern)
  frame.set(mid, midStart)
  return frame
}

export async function joinRelay(ready: RelayReady, url: string, handhelds: number): Promise<RelayEnds> {
  let delivered = 0
  let onDelivered = (): void => {}
  const devices = await Promise.all(
    Array.from({ length: handhelds }, () =>
      joinHandheld(ready, url, () => {
        delivered += 1
        onDelivered()
      }),
    ),
  )
  const server = await joinServer(
    ready,
    url,
    devices.map(({ pin }) => pin),
  )
  return {
    messagesPerSecond: (inFlight, durationMs) =>
      new Promise((resolve) => {
        const begunMs = performance.now()
        const before = delivered
        let under = inFlight
        onDelivered = () => {
          if (performance.now() - begunMs < durationMs) return server.sendOne()
          under -= 1
          if (under === 0) resolve(((delivered - before) * 1000) / (performance.now() - begunMs))
        }
        for (let i = 0; i < inFlight; i += 1) server.sendOne()
      }),
    counts: () => ({ delivered, receipts: server.receipts() }),
    close: async () => {
      await server.close()
      await Promise.all(devices.map((device) => device.close()))
    },
  }
}

async function joinHandheld({ relayId, srpId, ca }: RelayReady, url: string, onDelivered: () => void) {
  const known = Promise.withResolvers<Pin>()
  const { tap, dial } = makeTap({ url, relayId, ca, role: 'device' })
  const client = connectDevice({
    ...common,
    url,
    relayId,
    ca,
    dial,
    pin: null,
    deviceKey: ed25519Key(systemRandom.bytes(32)),
    handlers: { onReady: async ({ pin }) => known.resolve(pin), onFrame: async () => {} },
  })
  const pin = await known.promise
  client.send({ type: 'dev_peers', srpIds: [srpId] })
  const ack = encodeFrame({ type: 'frame_ack', mid: new Uint8Array(midBytes) })
  tap.take = (bytes) => {
    if (bytes[1] !== frameNumber.deliver) return
    tap.link?.send(withMid(ack, bytes.subarray(midStart, midStart + midBytes)))
    onDelivered()
  }
  return { pin, close: () => client.close() }
}

async function joinServer({ relayId, srpId, srpKey, ca }: RelayReady, url: string, pins: readonly Pin[]) {
  const up = Promise.withResolvers<void>()
  const { tap, dial } = makeTap({ url, relayId, ca, role: 'server' })
  const client = connectServer({
    ...common,
    url,
    relayId,
    ca,
    dial,
    srpId,
    srpKey,
    pinnedSealKeys: [],
    handlers: { onReady: async () => up.resolve(), onFrame: async () => {} },
  })
  await up.promise
  client.send({ type: 'srp_serve', pins })
  let receipts = 0
  tap.take = (bytes) => {
    const status = bytes[midStart + midBytes]
    if (bytes[1] !== frameNumber.receipt) return
    if (status === 1) receipts += 1
    else if (status !== 0) throw new Error(`the relay refused a message with ${status}`)
  }
  const patterns = pins.map((pin) =>
    encodeFrame({
      type: 'send',
      mid: new Uint8Array(midBytes),
      to: { kind: 'handheld', pin },
      ttlSeconds: 600,
      payload: encodePayload({ kind: 'packet', bytes: systemRandom.bytes(1_010) }),
      fence: { generation: 1, epoch: 1 },
    }),
  )
  const mid = systemRandom.bytes(midBytes)
  let turn = 0
  return {
    sendOne: (): void => {
      turn += 1
      new DataView(mid.buffer).setUint32(0, turn)
      const pattern = patterns[turn % patterns.length]
      if (pattern) tap.link?.send(withMid(pattern, mid))
    },
    receipts: () => receipts,
    close: () => client.close(),
  }
}
