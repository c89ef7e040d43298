/** A relay that lies, as a handheld meets it: frames are lost, doubled, held up, changed, and made up. */
import { systemRandom } from '#edge/system.ts'
import type { ActivationId, SrpId } from '#kernel/brand.ts'
import { encodeErrorMessage } from '#protocol/exchange.ts'
import { encodePayload } from '#protocol/payload.ts'
import type { Frame } from '#protocol/relay-frame.ts'
import { decodeFrame, encodeFrame } from '#protocol/relay-frame-codec.ts'
import type { DialRelay, LinkListener, RelayLink } from '#relay/link.ts'
import { webSocketDial } from '#relay/ws-dial.ts'
import { type Postkey, relayTrust } from './postkey.ts'

/** A number in 0..1, the same row for the same seed (mulberry32). */
export function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export interface Lies {
  dropped: number
  doubled: number
  delayed: number
  changed: number
  forged: number
  /** Frames that met their fate, good or bad. */
  judged: number
}

const logIn: readonly Frame['type'][] = ['dev_hello', 'relay_nonce', 'dev_auth', 'dev_ok']

/** `slow`: frames are doubled and held up, and so come in another order; `harsh`: lost, changed and made up as well. */
export type Manner = 'slow' | 'harsh'

/** For `ActivateOptions.dial`; `lies` counts what was done. */
export function hostileRelay(postkey: Postkey, random: () => number, lies: Lies, manner: Manner): DialRelay {
  const dial = webSocketDial({ ...relayTrust(postkey), role: 'device' })
  return (listener) => {
    const real: RelayLink = dial({
      ...listener,
      message: (bytes) => mistreat(random, lies, manner, bytes, (one) => listener.message(one)),
    })
    const send = (bytes: Uint8Array): void => {
      mistreat(random, lies, manner, bytes, (one) => real.send(one))
      if (manner === 'harsh' && random() < 0.1) forge(random, lies, bytes, listener)
    }
    return { ...real, send }
  }
}

function mistreat(
  random: () => number,
  lies: Lies,
  manner: Manner,
  bytes: Uint8Array,
  pass: (bytes: Uint8Array) => void,
): void {
  const frame = decodeFrame(bytes)
  if (!frame.ok || logIn.includes(frame.value.type)) {
    pass(bytes)
    return
  }
  lies.judged += 1
  const fate = random()
  if (manner === 'harsh' && fate < 0.1) {
    lies.dropped += 1
    return
  }
  if (fate < 0.25) {
    lies.doubled += 1
    pass(bytes)
    pass(bytes)
    return
  }
  if (fate < 0.4) {
    lies.delayed += 1
    setTimeout(() => pass(bytes), random() * 200)
    return
  }
  const isChanged = manner === 'harsh' && fate < 0.45 && 'payload' in frame.value
  if (isChanged) lies.changed += 1
  pass(isChanged ? changed(random, frame.value) : bytes)
}

/** One bit of the payload. */
function changed(random: () => number, frame: Frame): Uint8Array {
  if (!('payload' in frame)) return encodeFrame(frame)
  const payload = frame.payload.slice()
  const at = Math.floor(random() * payload.length)
  payload[at] = (payload[at] ?? 0) ^ (1 << Math.floor(random() * 8))
  return encodeFrame({ ...frame, payload })
}

/** Answers that nobody gave: a receipt for what was never passed on, or an error in the server's name. */
function forge(random: () => number, lies: Lies, sent: Uint8Array, listener: LinkListener): void {
  const frame = decodeFrame(sent)
  if (!frame.ok || frame.value.type !== 'send') return
  lies.forged += 1
  const status = Math.floor(random() * 9)
  listener.message(encodeFrame({ type: 'receipt', mid: frame.value.mid, status }))
  if (random() > 0.3 || frame.value.to.kind !== 'server') return
  listener.message(forgedError(frame.value.to.srpId, Math.floor(random() * 32)))
}

export const forgedError = (srpId: SrpId, code: number, txn?: ActivationId): Uint8Array =>
  encodeFrame({
    type: 'deliver',
    mid: systemRandom.bytes(16),
    from: { kind: 'server', srpId },
    payload: encodePayload({
      kind: 'error',
      bytes: encodeErrorMessage(txn === undefined ? { code: code || 1, kid: 1 } : { code, txn }),
    }),
  })
