/** A handheld's line to the relay with a test in between: it sees every frame, keeps some back, adds others. */
import { systemRandom } from '#edge/system.ts'
import { toHex } from '#kernel/bytes.ts'
import { decodePacket, decodePacketHeader, type PacketHeader } from '#protocol/packet-frame.ts'
import { decodePayload, type PayloadKind } from '#protocol/payload.ts'
import type { Frame } from '#protocol/relay-frame.ts'
import { decodeFrame, encodeFrame } from '#protocol/relay-frame-codec.ts'
import type { DialRelay, RelayLink } from '#relay/link.ts'
import { webSocketDial } from '#relay/ws-dial.ts'
import { type Postkey, relayTrust } from './postkey.ts'

export type Way = 'sent' | 'received'

export interface Held {
  /** Resolves when the first frame that fits has come. */
  readonly caught: Promise<Frame>
  /** Lets what was kept back go on its way, and everything after it. */
  release(): void
}

export interface Wire {
  /** For `ActivateOptions.dial`. */
  readonly dial: DialRelay
  /** Frames of the handheld, and of the relay, in their order; those kept back are among them. */
  readonly sent: readonly Frame[]
  readonly received: readonly Frame[]
  hold(way: Way, fits: (frame: Frame) => boolean): Held
  /** Says a frame beside those of the handheld. */
  say(frame: Frame): void
  /** From now on every message of the handheld goes out so many times more, each copy in a frame of its own. */
  stutter(copies: number): void
  /** Resolves when so many frames that fit have come, past ones counted, with those. */
  find(way: Way, fits: (frame: Frame) => boolean, count?: number): Promise<readonly Frame[]>
}

/** The kind of message in a frame, or null where it carries none. */
export function kindOf(frame: Frame): PayloadKind | null {
  const payload = 'payload' in frame ? decodePayload(frame.payload) : null
  return payload?.ok ? payload.value.kind : null
}

export const carries =
  (kind: PayloadKind) =>
  (frame: Frame): boolean =>
    kindOf(frame) === kind

/** The header of the packet in a frame, or null where it carries none. */
export function packetOf(frame: Frame): PacketHeader | null {
  const payload = 'payload' in frame ? decodePayload(frame.payload) : null
  const packet = payload?.ok && payload.value.kind === 'packet' ? decodePacket(payload.value.bytes) : null
  const header = packet?.ok ? decodePacketHeader(packet.value.header) : null
  return header?.ok ? header.value : null
}

/** The server's and the handheld's key checks: the first packet each way under a key. */
export const isKeyCheck = (frame: Frame): boolean => packetOf(frame)?.seq === 0

/** The different payloads among these frames, as hex. */
export const distinct = (frames: readonly Frame[]): string[] => [
  ...new Set(frames.flatMap((frame) => ('payload' in frame ? [toHex(frame.payload)] : []))),
]

interface Hold {
  readonly way: Way
  readonly fits: (frame: Frame) => boolean
  readonly kept: (() => void)[]
  readonly catch: (frame: Frame) => void
}

export function tapRelay(postkey: Postkey): Wire {
  const seen: Record<Way, Frame[]> = { sent: [], received: [] }
  const holds = new Set<Hold>()
  const watchers = new Set<() => void>()
  let link: RelayLink | null = null
  let copies = 0

  const sayAgain = (bytes: Uint8Array): void => {
    const frame = decodeFrame(bytes)
    if (!frame.ok || frame.value.type !== 'send') return
    for (let copy = 0; copy < copies; copy += 1)
      link?.send(encodeFrame({ ...frame.value, mid: systemRandom.bytes(16) }))
  }

  /** Notes the frame and passes it on, now or when the hold that wants it ends. */
  const pass = (way: Way, bytes: Uint8Array, go: () => void): void => {
    const frame = decodeFrame(bytes)
    if (!frame.ok) {
      go()
      return
    }
    seen[way].push(frame.value)
    for (const look of [...watchers]) look()
    const hold = [...holds].find((one) => one.way === way && one.fits(frame.value))
    if (!hold) {
      go()
      return
    }
    hold.kept.push(go)
    hold.catch(frame.value)
  }

  const dial: DialRelay = (listener) => {
    const real = webSocketDial({ ...relayTrust(postkey), role: 'device' })({
      ...listener,
      opened: () => listener.opened(),
      message: (bytes) => pass('received', bytes, () => listener.message(bytes)),
    })
    link = real
    const send = (bytes: Uint8Array): void => {
      real.send(bytes)
      sayAgain(bytes)
    }
    return { ...real, send: (bytes) => pass('sent', bytes, () => send(bytes)) }
  }

  const hold = (way: Way, fits: (frame: Frame) => boolean): Held => {
    const { promise, resolve } = Promise.withResolvers<Frame>()
    const one: Hold = { way, fits, kept: [], catch: resolve }
    holds.add(one)
    const release = () => {
      holds.delete(one)
      for (const go of one.kept.splice(0)) go()
    }
    return { caught: promise, release }
  }

  const find = (way: Way, fits: (frame: Frame) => boolean, count = 1): Promise<readonly Frame[]> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = seen[way].filter(fits)
        if (found.length < count) return
        watchers.delete(look)
        resolve(found)
      }
      watchers.add(look)
      look()
    })

  return {
    dial,
    sent: seen.sent,
    received: seen.received,
    hold,
    say: (frame) => link?.send(encodeFrame(frame)),
    stutter: (times) => {
      copies = times
    },
    find,
  }
}
