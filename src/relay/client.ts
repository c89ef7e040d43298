/** The client of servers and handhelds: dials, logs in, comes back by itself, and hands frames on in order. */
import { type FaultCode, faultCodeOf } from '#kernel/fault.ts'
import { limits } from '#kernel/limits.ts'
import type { Frame } from '#protocol/relay-frame.ts'
import { decodeFrame, encodeFrame } from '#protocol/relay-frame-codec.ts'
import { type ClientIdentity, type ClientLogin, deviceIdentity, serverIdentity } from './client-login.ts'
import { faultOfDial } from './dial-fault.ts'
import { type Keepalive, keepAlive } from './keepalive.ts'
import { makeLanes } from './lanes.ts'
import { closeCode, type DialRelay, type LinkListener, type RelayLink } from './link.ts'
import { afterEnd, endsFailures, faultOfClose } from './reconnect.ts'
import type {
  DeviceConnection,
  RelayClient,
  RelayClientOptions,
  RelayClientState,
  ServerConnection,
} from './relay-client.ts'
import { webSocketDial } from './ws-dial.ts'

/** Connects a server (its agent) to the relay, for as long as it is not closed. */
export function connectServer(connection: ServerConnection): RelayClient {
  const dial = connection.dial ?? webSocketDial({ ...connection, role: 'server' })
  return new ReconnectingClient(connection, serverIdentity(connection), dial)
}

/** Connects a handheld to its relay, for as long as it is not closed. */
export function connectDevice(connection: DeviceConnection): RelayClient {
  const dial = connection.dial ?? webSocketDial({ ...connection, role: 'device' })
  return new ReconnectingClient(connection, deviceIdentity(connection), dial)
}

/** One attempt: from dialling until the link has ended. */
interface Attempt {
  link: RelayLink | null
  login: ClientLogin<unknown> | null
  readyAtMs: number | null
  keepalive: Keepalive | null
  cancelTimer: () => void
}

const attemptMs = 2 * limits.loginSecondsMax * 1000
/** Received frames that may wait for their handler before the relay is made to wait. */
const framesWaitingMax = 512
/** Handed to the network and not taken: the line is choked, try later. */
const unsentBytesMax = 8 * 1024 * 1024

class ReconnectingClient<Info> implements RelayClient {
  readonly #options: RelayClientOptions<Info>
  readonly #identity: ClientIdentity<Info>
  readonly #dial: DialRelay
  #state: RelayClientState
  #attempt: Attempt | null = null
  #failures = 0
  #cancelWait = (): void => {}
  /** Handlers of an ended connection run before those of the next. */
  readonly #lanes = makeLanes()
  #framesWaiting = 0

  constructor(options: RelayClientOptions<Info>, identity: ClientIdentity<Info>, dial: DialRelay) {
    this.#options = options
    this.#identity = identity
    this.#dial = dial
    this.#state = this.#stateOf('connecting')
    this.#connect()
  }

  send(frame: Frame): boolean {
    const link = this.#attempt?.link
    if (this.#state.stage !== 'ready' || !link || link.bufferedBytes() > unsentBytesMax) return false
    link.send(encodeFrame(frame))
    return true
  }

  state(): RelayClientState {
    return this.#state
  }

  retry(): void {
    if (this.#state.stage !== 'waiting' && this.#state.stage !== 'stopped') return
    this.#failures = 0
    this.#cancelWait()
    this.#connect()
  }

  async close(): Promise<void> {
    this.#cancelWait()
    const attempt = this.#attempt
    this.#leave()
    attempt?.link?.close(closeCode.normal)
    this.#setState(this.#stateOf('closed'))
    await this.#lanes.settled()
  }

  #connect(): void {
    const attempt: Attempt = {
      link: null,
      login: null,
      readyAtMs: null,
      keepalive: null,
      cancelTimer: this.#options.clock.after(attemptMs, () =>
        this.#giveUp(attempt, 'relay.unreachable', 'no log-in in time'),
      ),
    }
    this.#attempt = attempt
    this.#setState(this.#stateOf('connecting', this.#state.code, this.#state.detail))
    const { refusal } = this.#identity
    if (refusal) void this.#dialUnless(refusal, attempt)
    else attempt.link = this.#dial(this.#listener(attempt))
  }

  async #dialUnless(refusal: () => Promise<FaultCode | null>, attempt: Attempt): Promise<void> {
    try {
      const code = await refusal()
      if (this.#attempt !== attempt) return
      if (code === null) attempt.link = this.#dial(this.#listener(attempt))
      else this.#stop(code)
    } catch (error) {
      this.#giveUp(attempt, faultCodeOf(error), 'the lease could not be read')
    }
  }

  #stop(code: FaultCode): void {
    this.#leave()
    this.#options.log.warn({ code }, 'this machine may not log in at the relay any more')
    this.#setState(this.#stateOf('stopped', code))
  }

  #listener(attempt: Attempt): LinkListener {
    const current = (): boolean => this.#attempt === attempt
    return {
      opened: () => {
        if (!current()) return
        attempt.login = this.#identity.begin()
        attempt.link?.send(encodeFrame(attempt.login.hello()))
      },
      message: (bytes) => {
        if (current()) this.#message(attempt, bytes)
      },
      text: () => this.#giveUp(attempt, 'relay.protocol', 'a text message'),
      ponged: () => attempt.keepalive?.ponged(),
      drained: () => {},
      closed: (code, error) => {
        if (!current()) return
        const fault = error ? faultOfDial(error) : faultOfClose(code)
        this.#ended(attempt, code, fault, error?.message ?? `closed with ${code}`)
      },
    }
  }

  #message(attempt: Attempt, bytes: Uint8Array): void {
    const frame = decodeFrame(bytes)
    if (!frame.ok) this.#giveUp(attempt, 'relay.protocol', `frame: ${frame.fault.code} at ${frame.fault.at}`)
    else if (attempt.readyAtMs !== null) this.#frame(attempt, frame.value)
    else this.#login(attempt, frame.value)
  }

  #frame(attempt: Attempt, frame: Frame): void {
    const { handlers } = this.#options
    this.#handle(attempt, handlers.laneOf?.(frame) ?? null, () => handlers.onFrame(frame))
  }

  #login(attempt: Attempt, frame: Frame): void {
    const step = (attempt.login as ClientLogin<Info> | null)?.take(frame)
    if (!step || step.next === 'fail') {
      this.#giveUp(attempt, step?.code ?? 'relay.protocol', `at ${frame.type}`)
      return
    }
    if (step.next === 'say') {
      attempt.link?.send(encodeFrame(step.frame))
      return
    }
    attempt.cancelTimer()
    attempt.readyAtMs = this.#options.clock.monotonicMs()
    if (attempt.link)
      attempt.keepalive = keepAlive(attempt.link, this.#options, () =>
        this.#giveUp(attempt, 'relay.unreachable', 'no answer to a ping'),
      )
    this.#handle(attempt, null, async () => {
      if (this.#attempt !== attempt) return
      this.#setState(this.#stateOf('ready'))
      await this.#options.handlers.onReady(step.info)
    })
  }

  /** What a handler could not store was not acknowledged: it comes again after the next log-in. */
  #handle(attempt: Attempt, lane: string | null, work: () => void | Promise<void>): void {
    this.#framesWaiting += 1
    if (this.#framesWaiting === framesWaitingMax) attempt.link?.pause()
    this.#lanes
      .run(lane, work)
      .catch((error: unknown) => {
        this.#options.log.error({ error: String(error) }, 'a relay frame could not be handled')
        this.#giveUp(attempt, faultCodeOf(error), 'a frame could not be handled')
      })
      .then(() => {
        this.#framesWaiting -= 1
        if (this.#framesWaiting === framesWaitingMax / 2) this.#attempt?.link?.resume()
      })
  }

  /** Ends the attempt from this side. */
  #giveUp(attempt: Attempt, fault: FaultCode, detail: string): void {
    if (this.#attempt !== attempt) return
    attempt.link?.terminate()
    this.#ended(attempt, closeCode.abnormal, fault, detail)
  }

  #ended(attempt: Attempt, code: number, fault: FaultCode, detail: string): void {
    const { clock, random, log } = this.#options
    const readyMs = attempt.readyAtMs === null ? null : clock.monotonicMs() - attempt.readyAtMs
    this.#leave()
    if (endsFailures(readyMs, code)) this.#failures = 0
    const certificateLeft = code === closeCode.unknownName && this.#identity.showCertificate()
    const next = afterEnd({ code, attempt: this.#failures, certificateLeft }, random)
    this.#failures += 1
    log.info({ code: fault, detail, next: next.kind }, 'the connection to the relay has ended')
    if (next.kind === 'certificate') this.#connect()
    else if (next.kind === 'stop') this.#setState(this.#stateOf('stopped', fault, detail))
    else {
      this.#cancelWait = clock.after(next.delayMs, () => this.#connect())
      this.#setState(this.#stateOf('waiting', fault, detail, clock.nowMs() + next.delayMs))
    }
  }

  #leave(): void {
    this.#attempt?.cancelTimer()
    this.#attempt?.keepalive?.stop()
    this.#attempt = null
  }

  #stateOf(
    stage: RelayClientState['stage'],
    code: FaultCode | null = null,
    detail = '',
    retryAtMs: number | null = null,
  ): RelayClientState {
    return { stage, sinceMs: this.#options.clock.nowMs(), code, detail, retryAtMs }
  }

  #setState(state: RelayClientState): void {
    const { stage, code } = this.#state
    if (stage === 'closed' || (stage === state.stage && code === state.code)) return
    this.#state = state
    this.#options.handlers.onState?.(state)
  }
}
