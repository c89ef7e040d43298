/** One connection at the relay from its first byte: first the log-in, then the session of a name. */
import { limits } from '#kernel/limits.ts'
import { makeBucket } from '#kernel/rate.ts'
import type { DecodeCode } from '#kernel/result.ts'
import type { Frame } from '#protocol/relay-frame.ts'
import { decodeFrame, encodeFrame } from '#protocol/relay-frame-codec.ts'
import type { Doorkeeper } from './doorkeeper.ts'
import type { RelayHub } from './hub.ts'
import { closeCode, type LinkListener, type RelayLink, type RelayRole } from './link.ts'
import { type Login, makeLogin } from './login.ts'
import { type LinkedSession, openSession } from './session.ts'

export interface Arrival {
  readonly role: RelayRole
  readonly network: string
  readonly link: RelayLink
}

/** `gone` is called once, when the link has closed. */
export const acceptLink = (
  hub: RelayHub,
  doorkeeper: Doorkeeper,
  arrival: Arrival,
  gone: () => void,
): LinkListener => new Connection(hub, doorkeeper, arrival, gone)

class Connection implements LinkListener {
  readonly #hub: RelayHub
  readonly #arrival: Arrival
  readonly #gone: () => void
  readonly #login: Login
  readonly #takeToken: (nowMs: number) => boolean
  readonly #cancelTimer: () => void
  #session: LinkedSession | null = null
  #leaveDoorkeeper: (() => void) | null
  #judging = false
  /** Nothing more is read: it is closed or about to be. */
  #shut = false

  constructor(hub: RelayHub, doorkeeper: Doorkeeper, arrival: Arrival, gone: () => void) {
    this.#hub = hub
    this.#arrival = arrival
    this.#gone = gone
    this.#login = makeLogin(arrival.role, arrival.network, hub)
    const { deviceFrameRate, serverFrameRate } = hub.settings
    const rate = arrival.role === 'device' ? deviceFrameRate : serverFrameRate
    this.#takeToken = makeBucket(rate, hub.clock.monotonicMs())
    this.#cancelTimer = hub.clock.after(limits.loginSecondsMax * 1000, () => this.#close(closeCode.tooLate))
    // No word of parting: who has said nothing all the while would not answer it.
    this.#leaveDoorkeeper = doorkeeper.admit(arrival.network, () => arrival.link.terminate())
    if (!this.#leaveDoorkeeper) this.#close(closeCode.tooMany)
  }

  opened(): void {}

  message(bytes: Uint8Array): void {
    if (this.#shut) return
    const frame = this.#takeToken(this.#hub.clock.monotonicMs()) ? decodeFrame(bytes) : null
    if (!frame) this.#close(closeCode.tooMany)
    else if (!frame.ok) this.#close(codeOfFault(frame.fault.code))
    else if (this.#session) this.#session.take(frame.value)
    else if (this.#judging) this.#close(closeCode.malformed)
    else this.#takeLogin(frame.value)
  }

  text(): void {
    this.#close(closeCode.textMessage)
  }

  ponged(): void {
    this.#session?.ponged()
  }

  drained(): void {
    this.#session?.drained()
  }

  closed(): void {
    this.#shut = true
    this.#leaveDoor()
    this.#session?.ended()
    this.#gone()
  }

  /** What comes while a log-in frame is being judged is out of place. */
  #takeLogin(frame: Frame): void {
    this.#judging = true
    this.#judge(frame).catch((error: unknown) => {
      this.#hub.log.error({ ...this.#who(), error: String(error) }, 'a log-in could not be judged')
      this.#close(closeCode.tryLater)
    })
  }

  async #judge(frame: Frame): Promise<void> {
    const step = await this.#login(frame)
    this.#judging = false
    if (this.#shut) return
    if (step.next === 'close') {
      this.#hub.log.info({ ...this.#who(), close: step.code }, 'a log-in failed')
      this.#close(step.code)
      return
    }
    this.#arrival.link.send(encodeFrame(step.frame))
    if (step.next === 'say') return
    this.#leaveDoor()
    this.#session = openSession(this.#hub, this.#arrival.link, step.name)
    this.#hub.sessions.add(this.#session)
    this.#session.wake()
    this.#hub.log.debug({ ...this.#who(), name: step.name }, 'logged in')
  }

  #close(code: number): void {
    this.#shut = true
    if (this.#session) this.#session.close(code)
    else this.#arrival.link.close(code)
  }

  #leaveDoor(): void {
    this.#cancelTimer()
    this.#leaveDoorkeeper?.()
    this.#leaveDoorkeeper = null
  }

  #who(): { role: string; network: string } {
    const { role, network } = this.#arrival
    return { role, network }
  }
}

const codeOfFault = (code: DecodeCode): number =>
  code === 'bad_version' ? closeCode.version : closeCode.malformed
