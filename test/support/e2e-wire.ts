/** A handheld's line to the relay with a test in between: it sees every frame, keeps some back, adds others. */
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
  /** The first frame that fits, past or to come. */
  find<F extends Frame>(way: Way, fits: (frame: Frame) => frame is F): Promise<F>
  find(way: Way, fits: (frame: Frame) => boolean): Promise<Frame>
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

interface Hold {
  readonly way: Way
  readonly fits: (frame: Frame) => boolean
  readonly kept: (() => void)[]
  readonly catch: (frame: Frame) => void
}

interface Watcher {
  readonly way: Way
  readonly fits: (frame: Frame) => boolean
  readonly found: (frame: Frame) => void
}

export function tapRelay(postkey: Postkey): Wire {
  const seen: Record<Way, Frame[]> = { sent: [], received: [] }
  const holds = new Set<Hold>()
  const watchers = new Set<Watcher>()
  let link: RelayLink | null = null

  /** Notes the frame and passes it on, now or when the hold that wants it ends. */
  const pass = (way: Way, bytes: Uint8Array, go: () => void): void => {
    const frame = decodeFrame(bytes)
    if (!frame.ok) {
      go()
      return
    }
    seen[way].push(frame.value)
    for (const watcher of [...watchers])
      if (watcher.way === way && watcher.fits(frame.value)) {
        watchers.delete(watcher)
        watcher.found(frame.value)
      }
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
    return { ...real, send: (bytes) => pass('sent', bytes, () => real.send(bytes)) }
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

  const find = (way: Way, fits: (frame: Frame) => boolean): Promise<Frame> => {
    const past = seen[way].find(fits)
    if (past) return Promise.resolve(past)
    return new Promise((found) => watchers.add({ way, fits, found }))
  }

  return {
    dial,
    sent: seen.sent,
    received: seen.received,
    hold,
    say: (frame) => link?.send(encodeFrame(frame)),
    find: find as Wire['find'],
  }
}
