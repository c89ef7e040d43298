/** A server and handhelds at a relay: the server sends, the handhelds have it and say so, receipts come back. */
import { ed25519Key } from '#crypto/ed25519.ts'
import { systemClock, systemRandom } from '#edge/system.ts'
import type { Pin } from '#kernel/brand.ts'
import { silentLog } from '#kernel/log.ts'
import { encodePayload } from '#protocol/payload.ts'
import type { Frame } from '#protocol/relay-frame.ts'
import { connectDevice, connectServer } from '#relay/client.ts'
import type { RelayClient } from '#relay/relay-client.ts'
import type { RelayReady } from './relay-process.ts'

export interface RelayEnds {
  /** Messages that handhelds received while so many were always on their way, for about so long: a second's worth. */
  messagesPerSecond(inFlight: number, durationMs: number): Promise<number>
  /** Messages delivered and receipts "delivered" heard so far. */
  counts(): { readonly delivered: number; readonly receipts: number }
  close(): Promise<void>
}

const common = { clock: systemClock, random: systemRandom, log: silentLog }

export async function joinRelay(ready: RelayReady, url: string, handhelds: number): Promise<RelayEnds> {
  const { relayId, srpId, srpKey, ca } = ready
  let delivered = 0
  let receipts = 0
  let onDelivered = (): void => {}
  const devices = await Promise.all(
    Array.from({ length: handhelds }, async () => {
      const took: { client?: RelayClient } = {}
      const { client, pin } = await handheld({ ...common, url, relayId, ca }, (frame) => {
        if (frame.type !== 'deliver') return
        took.client?.send({ type: 'frame_ack', mid: frame.mid })
        delivered += 1
        onDelivered()
      })
      took.client = client
      client.send({ type: 'dev_peers', srpIds: [srpId] })
      return { client, pin }
    }),
  )
  const up = Promise.withResolvers<void>()
  const server = connectServer({
    ...common,
    url,
    relayId,
    ca,
    srpId,
    srpKey,
    pinnedSealKeys: [],
    handlers: {
      onReady: async () => up.resolve(),
      onFrame: async (frame) => {
        if (frame.type === 'receipt' && frame.status === 1) receipts += 1
        else if (frame.type === 'receipt' && frame.status > 1)
          throw new Error(`the relay refused a message with ${frame.status}`)
      },
    },
  })
  await up.promise
  const pins = devices.map(({ pin }) => pin)
  server.send({ type: 'srp_serve', pins })
  const payload = encodePayload({ kind: 'packet', bytes: systemRandom.bytes(1_010) })
  let turn = 0
  const sendOne = (): void => {
    turn += 1
    server.send({
      type: 'send',
      mid: systemRandom.bytes(16),
      to: { kind: 'handheld', pin: pins[turn % pins.length] as Pin },
      ttlSeconds: 600,
      payload,
      fence: { generation: 1, epoch: 1 },
    })
  }
  return {
    messagesPerSecond: (inFlight, durationMs) =>
      new Promise((resolve) => {
        const begunMs = performance.now()
        const before = delivered
        let under = inFlight
        onDelivered = () => {
          if (performance.now() - begunMs < durationMs) return sendOne()
          under -= 1
          if (under === 0) resolve(((delivered - before) * 1000) / (performance.now() - begunMs))
        }
        for (let i = 0; i < inFlight; i += 1) sendOne()
      }),
    counts: () => ({ delivered, receipts }),
    close: async () => {
      await server.close()
      await Promise.all(devices.map(({ client }) => client.close()))
    },
  }
}

async function handheld(
  where: Omit<Parameters<typeof connectDevice>[0], 'handlers' | 'pin' | 'deviceKey'>,
  onFrame: (frame: Frame) => void,
): Promise<{ client: RelayClient; pin: Pin }> {
  const known = Promise.withResolvers<Pin>()
  const client = connectDevice({
    ...where,
    pin: null,
    deviceKey: ed25519Key(systemRandom.bytes(32)),
    handlers: { onReady: async ({ pin }) => known.resolve(pin), onFrame: async (frame) => onFrame(frame) },
  })
  return { client, pin: await known.promise }
}
