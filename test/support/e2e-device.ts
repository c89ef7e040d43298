/** A handheld's place at the relay taken by a test: it says what a handheld would never say, or says it again. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { ed25519Key } from '#crypto/ed25519.ts'
import { systemRandom } from '#edge/system.ts'
import { type KeyLink, type Opened, openPacket, sealNext } from '#handheld/link.ts'
import type { SavedHandheld } from '#handheld/state-codec.ts'
import { type Ack, decodeAck, encodeAck } from '#protocol/ack.ts'
import { contentTypes, decodePacket } from '#protocol/packet-frame.ts'
import { decodePayload } from '#protocol/payload.ts'
import type { Deliver } from '#protocol/relay-frame.ts'
import { deviceEnd } from './e2e-relay-end.ts'
import type { Postkey } from './postkey.ts'

export interface Device {
  /** Every message of the server, in order; each was acknowledged to the relay. */
  readonly delivered: readonly Deliver[]
  /** Sends a payload in a new frame; resolves to the relay's first status. */
  send(payload: Uint8Array): Promise<number>
  /** Hands the relay a request; resolves to its status. */
  ask(body: Uint8Array): Promise<number>
  /** A packet of no known kind, sealed under the handheld's key. */
  seal(): { readonly seq: number; readonly payload: Uint8Array }
  /** The statuses of the server's answers to that packet, once there are `count`. */
  answers(seq: number, count: number): Promise<number[]>
  /** Answers the server's newest packet of this kind as the test says; resolves when the relay has it. */
  acknowledge(contentType: number, status: number, detail?: Uint8Array): Promise<void>
  /** Resolves when the server has worked off everything sent before. */
  settle(): Promise<void>
}

/** Content types from here on are for private use. */
const unheardOf = 200

export async function connectAs(t: TestContext, postkey: Postkey, saved: SavedHandheld): Promise<Device> {
  const { account, device } = saved.state
  assert(account, 'the handheld is active')
  const { srpId } = account
  // Far above what the handheld itself has used, inside the window.
  let link: KeyLink = {
    ...account.link,
    nextSeq: account.link.nextSeq + 64,
    reservedSeq: account.link.nextSeq + 1000,
  }
  const end = await deviceEnd(t, postkey, { pin: device.pin, deviceKey: ed25519Key(saved.seed) })
  const { until } = end
  const delivered = (): Deliver[] => end.frames.filter((frame) => frame.type === 'deliver')
  const send = (payload: Uint8Array): Promise<number> => end.send({ to: { kind: 'server', srpId }, payload })
  const seal = () => {
    const { nextSeq: seq } = link
    const sealed = sealNext(link, unheardOf, new Uint8Array(1), systemRandom)
    link = sealed.link
    return { seq, payload: sealed.payload }
  }
  const answers = (seq: number, count: number): Promise<number[]> =>
    until(() => {
      const acks = delivered().flatMap((frame) => ackIn(link, frame) ?? [])
      const statuses = acks.filter((ack) => ack.seq === seq).map(({ status }) => status)
      return statuses.length >= count ? statuses : null
    })
  const acknowledge = async (contentType: number, status: number, detail?: Uint8Array): Promise<void> => {
    const { header, tag } = await until(
      () =>
        delivered()
          .flatMap((frame) => openedFrom(link, frame, contentType))
          .at(-1) ?? null,
    )
    const { kid, seq } = header
    const content = encodeAck({ kid, seq, tag, status, ...(detail ? { detail } : {}) })
    const sealed = sealNext(link, contentTypes.ack, content, systemRandom)
    link = sealed.link
    await send(sealed.payload)
  }
  return {
    acknowledge,
    get delivered() {
      return delivered()
    },
    send,
    ask: (body) => {
      end.say({ type: 'mail_ask', body })
      return until(() => {
        const done = end.frames.find((frame) => frame.type === 'mail_done')
        return done?.type === 'mail_done' ? done.status : null
      })
    },
    seal,
    answers,
    settle: async () => {
      const { seq, payload } = seal()
      await send(payload)
      await answers(seq, 1)
    },
  }
}

/** The server's packet of this kind in a frame. */
function openedFrom(link: KeyLink, { payload: bytes }: Deliver, contentType: number): Opened[] {
  const payload = decodePayload(bytes)
  const packet = payload.ok && payload.value.kind === 'packet' ? decodePacket(payload.value.bytes) : null
  const opened = packet?.ok ? openPacket(link, packet.value) : null
  return opened?.header.contentType === contentType ? [opened] : []
}

/** The acknowledgement in a frame, or null where it holds another message. */
function ackIn(link: KeyLink, frame: Deliver): Ack | null {
  const payload = decodePayload(frame.payload)
  const packet = payload.ok && payload.value.kind === 'packet' ? decodePacket(payload.value.bytes) : null
  const opened = packet?.ok ? openPacket(link, packet.value) : null
  if (opened?.header.contentType !== contentTypes.ack || !opened.content) return null
  const ack = decodeAck(opened.content)
  return ack.ok ? ack.value : null
}
