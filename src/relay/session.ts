/** One logged-in connection at the relay: what its frames do, what it is sent, when it is told to go. */
import type { Pin, SrpId } from '#kernel/brand.ts'
import { parsePin, parseSrpId } from '#kernel/brand.ts'
import { faultCodeOf } from '#kernel/fault.ts'
import { limits } from '#kernel/limits.ts'
import { receiptStatus } from '#protocol/receipt.ts'
import type { Frame, Send, Source } from '#protocol/relay-frame.ts'
import { encodeFrame } from '#protocol/relay-frame-codec.ts'
import type { RelayName, SettledFrame } from '#store/relay.ts'
import type { AdmittedFrame } from './admission.ts'
import { type Delivery, startDelivery } from './delivery.ts'
import { allowedDomains } from './hints.ts'
import type { RelayHub } from './hub.ts'
import { type Keepalive, keepAlive } from './keepalive.ts'
import { closeCode, type RelayLink, type RelayRole } from './link.ts'
import type { Session } from './sessions.ts'
import { type Addressed, addressSend } from './store-forward.ts'

/** The session as its link sees it. */
export interface LinkedSession extends Session {
  take(frame: Frame): void
  ponged(): void
  drained(): void
  ended(): void
}

/** Requests of one connection that may wait; more and the relay stops reading from it. */
const backlogMax = 64
const chokeBytes = 1024 * 1024
/** A receiver this far behind with everything but deliveries is not reading at all. */
const hopelessBytes = 8 * 1024 * 1024
const retirePingMs = 2_000

export const openSession = (hub: RelayHub, link: RelayLink, name: RelayName): LinkedSession =>
  new RelaySession(hub, link, name)

class RelaySession implements LinkedSession {
  readonly name: RelayName
  readonly role: RelayRole
  domains: ReadonlySet<string> = new Set()
  readonly #hub: RelayHub
  readonly #link: RelayLink
  readonly #source: Source
  readonly #delivery: Delivery
  readonly #keepalive: Keepalive
  #open = true
  #unanswered = 0
  #backlog = 0
  /** Mail requests and domain lists, one after the other. */
  #chain: Promise<void> = Promise.resolve()
  #pongWaiter: (() => void) | null = null

  constructor(hub: RelayHub, link: RelayLink, name: RelayName) {
    this.name = name
    this.#hub = hub
    this.#link = link
    this.#source = sourceOf(name)
    this.role = this.#source.kind === 'handheld' ? 'device' : 'server'
    this.#keepalive = keepAlive(link, hub, () => this.close(closeCode.tooLate))
    this.#delivery = startDelivery({
      store: hub.store,
      receiver: name,
      window: this.role === 'device' ? limits.deliverUnackedDeviceMax : limits.deliverUnackedServerMax,
      deliver: (frame) => this.send(frame),
      isChoked: () => link.bufferedBytes() > chokeBytes,
      failed: (error) => this.#failed(error),
    })
  }

  send(frame: Frame): void {
    if (!this.#open) return
    this.#link.send(encodeFrame(frame))
    if (this.#link.bufferedBytes() > hopelessBytes) this.#link.terminate()
  }

  wake(): void {
    this.#delivery.wake()
  }

  offer(frame: AdmittedFrame): void {
    this.#delivery.offer(frame)
  }

  forget(frameId: number): void {
    this.#delivery.forget(frameId)
  }

  retire(): Promise<boolean> {
    this.#stop()
    return new Promise((resolve) => {
      const cancel = this.#hub.clock.after(retirePingMs, () => resolve(false))
      this.#pongWaiter = () => {
        cancel()
        resolve(true)
      }
      this.#link.ping()
    })
  }

  close(code: number): void {
    this.#stop()
    this.#link.close(code)
  }

  ponged(): void {
    this.#keepalive.ponged()
    this.#pongWaiter?.()
  }

  drained(): void {
    this.#delivery.wake()
  }

  ended(): void {
    this.#stop()
    this.#hub.sessions.remove(this)
  }

  #stop(): void {
    this.#open = false
    this.#keepalive.stop()
    this.#delivery.stop()
  }

  #failed(error: unknown): void {
    if (!this.#open) return
    this.#hub.log.error(
      { name: this.name, code: faultCodeOf(error), error: String(error) },
      'a connection is closed after a failure',
    )
    this.close(closeCode.internal)
  }

  take(frame: Frame): void {
    if (!this.#open) return
    if (this.#source.kind === 'handheld') this.#fromHandheld(this.#source.pin, frame)
    else this.#fromServer(this.#source.srpId, frame)
  }

  #fromHandheld(pin: Pin, frame: Frame): void {
    if (frame.type === 'mail_ask') this.#queue(() => this.#mailAsk(pin, frame.body))
    else if (frame.type === 'dev_peers') this.#change('peers', (store) => store.putPeers(pin, frame.srpIds))
    else this.#fromEither(frame)
  }

  #fromServer(srpId: SrpId, frame: Frame): void {
    if (frame.type === 'srp_domains') this.#queue(() => this.#sayDomains(srpId, frame.domains))
    else if (frame.type === 'srp_serve')
      this.#change('served', async (store) => {
        await store.addServed(srpId, frame.pins)
        return []
      })
    else if (frame.type === 'srp_drop')
      this.#change('dropped', (store) => store.removeServed(srpId, frame.pins))
    else this.#fromEither(frame)
  }

  #fromEither(frame: Frame): void {
    if (frame.type === 'send') this.#send(frame)
    else if (frame.type === 'frame_ack') {
      const delivered = this.#delivery.acked(frame.mid)
      if (delivered) this.#hub.acknowledger.add({ ...delivered, receiver: this.name })
    } else this.close(closeCode.malformed)
  }

  #send(send: Send): void {
    const { mid } = send
    const addressed: Addressed =
      this.#unanswered >= limits.sendsUnansweredMax
        ? { status: receiptStatus.tooManyUnanswered }
        : addressSend(this.#source, send, this.#hub.identity.openToken)
    if ('status' in addressed) {
      this.send({ type: 'receipt', mid, status: addressed.status })
      return
    }
    this.#unanswered += 1
    this.#hub.admission.send(addressed.ask, send).then(
      ({ status, tokenPin }) => {
        this.#unanswered -= 1
        this.send({ type: 'receipt', mid, status, ...(tokenPin ? { pin: tokenPin } : {}) })
      },
      (error: unknown) => this.#failed(error),
    )
  }

  #change(what: string, change: (store: RelayHub['store']) => Promise<SettledFrame[]>): void {
    const { admission, store, sessions, failpoint } = this.#hub
    const settle = async () => {
      failpoint(`relay.before_${what}_stored`)
      const settled = await change(store)
      failpoint(`relay.after_${what}_stored`)
      sessions.settle(settled)
    }
    this.#counted(admission.change(settle))
  }

  #queue(work: () => Promise<void>): void {
    this.#chain = this.#chain.then(() => (this.#open ? work() : undefined))
    this.#counted(this.#chain)
    this.#chain = this.#chain.catch(() => {})
  }

  #counted(work: Promise<void>): void {
    this.#backlog += 1
    if (this.#backlog === backlogMax) this.#link.pause()
    work
      .catch((error: unknown) => this.#failed(error))
      .then(() => {
        this.#backlog -= 1
        if (this.#backlog === backlogMax / 2) this.#link.resume()
      })
  }

  async #mailAsk(pin: Pin, body: Uint8Array): Promise<void> {
    if (!(await this.#hub.postOffice.ask(pin, body))) this.close(closeCode.malformed)
  }

  async #sayDomains(srpId: SrpId, domains: readonly string[]): Promise<void> {
    const allowed = await allowedDomains(this.#hub.store, srpId, domains)
    this.domains = new Set(allowed)
    this.send({ type: 'domains_ok', domains: allowed })
  }
}

function sourceOf(name: RelayName): Source {
  const pin = parsePin(name)
  if (pin) return { kind: 'handheld', pin }
  const srpId = parseSrpId(name)
  if (srpId) return { kind: 'server', srpId }
  throw new Error('a name is a PIN or an SRP id')
}
