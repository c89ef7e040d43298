/** A connection to the relay frame by frame, for tests that say what no well-behaved client would. */
import assert from 'node:assert/strict'
import type { Ed25519Key } from '#crypto/ed25519.ts'
import type { Pin, SrpId } from '#kernel/brand.ts'
import { sameBytes } from '#kernel/bytes.ts'
import type { DevHello, DevOk, Frame, FrameType, Send, SrpHello, SrpOk } from '#protocol/relay-frame.ts'
import { decodeFrame, encodeFrame } from '#protocol/relay-frame-codec.ts'
import { answerDeviceNonce } from '#relay/device-login.ts'
import type { RelayRole } from '#relay/link.ts'
import { answerServerNonce } from '#relay/srp-login.ts'
import { webSocketDial } from '#relay/ws-dial.ts'
import { newMid, type RelayWorld, random, relayId } from './relay-world.ts'

type FrameOf<T extends FrameType> = Extract<Frame, { type: T }>

/** Where a relay is, and who vouches for it. */
export type RelayAt = Pick<RelayWorld, 'url' | 'ca'>

export class RawEnd {
  /** Every frame received and not yet taken. */
  readonly received: Frame[] = []
  readonly closed: Promise<number>
  readonly opened: Promise<void>
  readonly #link
  readonly #waiting = new Set<() => void>()

  constructor(world: RelayAt, role: RelayRole) {
    let tellClosed: (code: number) => void
    let tellOpened: () => void
    this.closed = new Promise((resolve) => {
      tellClosed = resolve
    })
    this.opened = new Promise((resolve) => {
      tellOpened = resolve
    })
    this.#link = webSocketDial({ url: world.url(), relayId, ca: world.ca, role })({
      opened: () => tellOpened(),
      message: (bytes) => {
        const frame = decodeFrame(bytes)
        assert.ok(frame.ok)
        this.received.push(frame.value)
        for (const look of this.#waiting) look()
      },
      text: () => assert.fail('the relay sent text'),
      ponged: () => {},
      drained: () => {},
      closed: (code) => tellClosed(code),
    })
  }

  say(frame: Frame): void {
    this.sayBytes(encodeFrame(frame))
  }

  sayBytes(bytes: Uint8Array): void {
    this.#link.send(bytes)
  }

  /** Takes the first frame of this type (and mid) that has come or will come within five seconds. */
  next<T extends FrameType>(type: T, mid?: Uint8Array): Promise<FrameOf<T>> {
    return new Promise((resolve, reject) => {
      const fits = (frame: Frame) =>
        frame.type === type && (!mid || ('mid' in frame && sameBytes(frame.mid, mid)))
      const look = () => {
        const at = this.received.findIndex(fits)
        if (at < 0) return
        clearTimeout(timer)
        this.#waiting.delete(look)
        resolve(this.received.splice(at, 1)[0] as FrameOf<T>)
      }
      const late = () => {
        this.#waiting.delete(look)
        reject(new Error(`no ${type}; came: ${this.received.map((frame) => frame.type).join(' ')}`))
      }
      const timer = setTimeout(late, 5_000)
      this.#waiting.add(look)
      look()
    })
  }

  /** Sends with a fresh mid unless one is given; resolves to the first receipt's status. */
  async send(send: Omit<Send, 'type' | 'mid' | 'ttlSeconds'> & Partial<Pick<Send, 'mid' | 'ttlSeconds'>>) {
    const mid = send.mid ?? newMid()
    this.say({ type: 'send', ttlSeconds: 600, ...send, mid })
    return (await this.next('receipt', mid)).status
  }

  leave(): Promise<number> {
    this.#link.close(1000)
    return this.closed
  }

  breakOff(): void {
    this.#link.terminate()
  }
}

export const m2 = Uint8Array.of(0x82, 2, 0x41, 0)
export const m3 = Uint8Array.of(0x82, 3, 0x41, 0)
export const errorPayload = Uint8Array.of(0x82, 9, 0x41, 0)
export const fence = { generation: 1, epoch: 1 }

export async function rawEnd(world: RelayAt, role: RelayRole): Promise<RawEnd> {
  const end = new RawEnd(world, role)
  await end.opened
  return end
}

/** Says hello and proves the key; what comes then is the relay's answer. */
export async function beginDevice(
  world: RelayAt,
  deviceKey: Ed25519Key,
  pin: Pin | null = null,
  certificate?: Uint8Array,
): Promise<RawEnd> {
  const end = await rawEnd(world, 'device')
  const hello: DevHello = {
    type: 'dev_hello',
    pin,
    publicKey: deviceKey.publicKey,
    nonce: random.bytes(32),
    ...(certificate ? { certificate } : {}),
  }
  end.say(hello)
  const auth = answerDeviceNonce(hello, await end.next('relay_nonce'), relayId, deviceKey)
  assert.ok(auth)
  end.say(auth)
  return end
}

export async function rawDevice(
  world: RelayAt,
  deviceKey: Ed25519Key,
  pin: Pin | null = null,
  certificate?: Uint8Array,
): Promise<{ end: RawEnd; ok: DevOk }> {
  const end = await beginDevice(world, deviceKey, pin, certificate)
  return { end, ok: await end.next('dev_ok') }
}

export async function beginServer(
  world: RelayAt,
  { srpId, srpKey }: { srpId: SrpId; srpKey: Uint8Array },
): Promise<RawEnd> {
  const end = await rawEnd(world, 'server')
  const hello: SrpHello = { type: 'srp_hello', srpId, nonce: random.bytes(32) }
  end.say(hello)
  const auth = answerServerNonce(hello, await end.next('srp_nonce'), relayId, srpKey)
  end.say(auth ?? { type: 'srp_auth', mac: random.bytes(32) })
  return end
}

export async function rawServer(
  world: RelayAt,
  server: { srpId: SrpId; srpKey: Uint8Array },
): Promise<{ end: RawEnd; ok: SrpOk }> {
  const end = await beginServer(world, server)
  return { end, ok: await end.next('srp_ok') }
}
