/** Drives one handheld in the world: takes events one at a time, performs what `step` asks for, talks to the relay. */
import { ed25519Key } from '#crypto/ed25519.ts'
import type { MlKem } from '#crypto/ml-kem.ts'
import { nodeMlKem } from '#crypto/ml-kem-node.ts'
import type { P256 } from '#crypto/p256.ts'
import { nodeP256 } from '#crypto/p256-node.ts'
import { verifyPolicySignature } from '#crypto/policy-verify.ts'
import { unreachable } from '#kernel/assert.ts'
import type { RelayId } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import type { Failpoint } from '#kernel/failpoint.ts'
import type { Log } from '#kernel/log.ts'
import type { Random } from '#kernel/random.ts'
import type { Frame } from '#protocol/relay-frame.ts'
import { connectDevice } from '#relay/client.ts'
import type { DialRelay } from '#relay/link.ts'
import type { RelayClient, RelayClientState } from '#relay/relay-client.ts'
import type { Action, VerifyPolicy } from './action.ts'
import type { HandheldEvent, LinkDown } from './event.ts'
import { step } from './handheld.ts'
import type { HandheldState } from './state.ts'
import type { SavedHandheld } from './state-codec.ts'
import type { HandheldStorage } from './storage.ts'

/** How a handheld finds and trusts its relay. */
export interface RelayTrust {
  /** `wss://host:port`, or `ws://` on loopback. */
  readonly url: string
  readonly relayId: RelayId
  /** PEM of the CA behind the relay's certificate; without it the platform's roots. */
  readonly ca?: string
}

/** The world as one handheld needs it. */
export interface HandheldWorld {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly storage: HandheldStorage
  readonly failpoint: Failpoint
  /** Another way to reach the relay than WebSocket. */
  readonly dial?: DialRelay
  readonly p256?: P256
  readonly kem?: MlKem
  /** Another way to check a policy's signature; its answers may come in any order. */
  readonly verifyPolicy?: typeof verifyPolicySignature
}

/** What concerns the user. */
export type UserAction = Extract<
  Action,
  { kind: 'show' | 'took' | 'waits' | 'stage' | 'ask' | 'ended' | 'password' }
>

export type LineState = 'ready' | LinkDown['reason']

/** Told in order: what the user sees and what the run comes to. */
export interface HandheldListener {
  acted(action: UserAction): void
  /** The relay has let the handheld in, or why it is not there; again for each try that fails. */
  line?(state: LineState): void
  /** The handheld cannot go on: its storage failed, or it is wrong itself. Nothing more happens. */
  broken(error: unknown): void
}

export interface RunningHandheld {
  state(): HandheldState
  /** Resolves when the event has been taken and its actions performed. */
  raise(event: HandheldEvent): Promise<void>
  /** Ends the connection and lets go of the storage; what is under way goes on at the next start. */
  close(): Promise<void>
}

/** Starts a handheld from what its storage holds; it is connected from now on. */
export function runHandheld(
  saved: SavedHandheld,
  relay: RelayTrust,
  world: HandheldWorld,
  listener: HandheldListener,
): RunningHandheld {
  return new Runner(saved, relay, world, listener)
}

/** A timer of the platform holds no more than 24 days; one that rings too early does no harm. */
const longestTimerMs = 86_400_000

class Runner implements RunningHandheld {
  readonly #seed: Uint8Array
  readonly #world: HandheldWorld
  readonly #listener: HandheldListener
  readonly #client: RelayClient
  /** The date at the start, carried on by the clock that nobody sets: a date set meanwhile moves no timer. */
  readonly #nowMs: () => number
  #state: HandheldState
  #queue: Promise<void> = Promise.resolve()
  #cancelTimer = (): void => {}
  #over = false

  constructor(
    { seed, state }: SavedHandheld,
    relay: RelayTrust,
    world: HandheldWorld,
    listener: HandheldListener,
  ) {
    this.#seed = seed
    this.#state = state
    this.#world = world
    this.#listener = listener
    const aheadMs = world.clock.nowMs() - world.clock.monotonicMs()
    this.#nowMs = () => Math.round(aheadMs + world.clock.monotonicMs())
    this.#quietly({ kind: 'restart' })
    const { clock, random, log, dial } = world
    this.#client = connectDevice({
      ...relay,
      ...(dial ? { dial } : {}),
      pin: state.device.pin,
      deviceKey: ed25519Key(seed),
      ...(state.device.certificate ? { certificate: state.device.certificate } : {}),
      clock,
      random,
      log,
      handlers: {
        onReady: async (info) => {
          await this.raise({ kind: 'logged_in', ...info })
          this.#listener.line?.('ready')
        },
        onFrame: (frame) => this.#frame(frame),
        onState: (link) => this.#link(link),
      },
    })
  }

  state(): HandheldState {
    return this.#state
  }

  raise(event: HandheldEvent): Promise<void> {
    const taken = this.#queue.then(() => this.#take(event))
    this.#queue = taken.catch((error: unknown) => this.#break(error))
    return taken
  }

  async close(): Promise<void> {
    this.#over = true
    this.#cancelTimer()
    await this.#client.close()
    await this.#queue
    await this.#world.storage.close()
  }

  /** For events nobody waits for: a failure is told to the listener. */
  #quietly(event: HandheldEvent): void {
    this.raise(event).catch(() => {})
  }

  #break(error: unknown): void {
    if (this.#over) return
    this.#over = true
    this.#cancelTimer()
    this.#listener.broken(error)
  }

  async #take(event: HandheldEvent): Promise<void> {
    if (this.#over) return
    const { random, p256, kem } = this.#world
    const { next, actions } = step(this.#state, event, {
      nowMs: this.#nowMs(),
      random,
      p256: p256 ?? nodeP256,
      kem: kem ?? nodeMlKem,
    })
    this.#state = next
    for (const action of actions) await this.#perform(action)
  }

  async #perform(action: Action): Promise<void> {
    const { failpoint, storage, log } = this.#world
    switch (action.kind) {
      case 'persist':
        failpoint(`handheld.before_persist_${action.point}`)
        await storage.save({ seed: this.#seed, state: this.#state })
        failpoint(`handheld.after_persist_${action.point}`)
        return
      case 'send':
        // A frame that finds nobody logged in is lost here: after the next log-in the machine says it again.
        this.#client.send(action.frame)
        failpoint(`handheld.after_send_${action.what}`)
        return
      case 'set_timer':
        this.#setTimer(action.atMs)
        return
      case 'verify_policy':
        this.#verify(action)
        return
      case 'log':
        log[action.level](action.fields, action.message)
        return
      case 'show':
      case 'took':
      case 'waits':
      case 'stage':
      case 'ask':
      case 'ended':
      case 'password':
        this.#listener.acted(action)
        return
      default:
        unreachable(action)
    }
  }

  #setTimer(atMs: number | null): void {
    this.#cancelTimer()
    if (atMs === null || this.#over) return
    const delayMs = Math.min(Math.max(0, atMs - this.#nowMs()), longestTimerMs)
    this.#cancelTimer = this.#world.clock.after(delayMs, () => this.#quietly({ kind: 'timer' }))
  }

  /** Not awaited: the events in the meantime are taken in their turn. */
  #verify({ id, cms, caCertificate, atMs }: VerifyPolicy): void {
    const verify = this.#world.verifyPolicy ?? verifyPolicySignature
    verify(cms, caCertificate, atMs)
      .then((checked) => {
        if (!checked.ok)
          this.#world.log.warn({ reason: checked.reason }, 'a signature of an administrator did not verify')
        const result = checked.ok ? { content: checked.value } : { content: null, reason: checked.reason }
        return this.raise({ kind: 'policy_verified', id, ...result })
      })
      .catch((error: unknown) => this.#break(error))
  }

  async #frame(frame: Frame): Promise<void> {
    const { type } = frame
    if (type === 'deliver' || type === 'mail_done' || type === 'receipt')
      await this.raise({ kind: 'frame', frame })
    else this.#world.log.info({ type }, 'a frame not meant for handhelds was dropped')
  }

  #link({ stage, code }: RelayClientState): void {
    if (stage !== 'waiting' && stage !== 'stopped') return
    const reason = downReason(code)
    this.#quietly({ kind: 'link_down', reason, ...(stage === 'stopped' ? { final: true } : {}) })
    // The last one is shown on the screen, and ends the run.
    if (stage === 'waiting') this.#listener.line?.(reason)
  }
}

function downReason(code: RelayClientState['code']): LinkDown['reason'] {
  switch (code) {
    case 'relay.login_failed':
    case 'relay.suspended':
    case 'relay.unknown_name':
    case 'relay.displaced':
      return 'refused'
    case 'relay.version':
      return 'version'
    case 'relay.too_many':
      return 'too_many'
    case 'relay.untrusted':
    case 'relay.not_proved':
      return 'untrusted'
    default:
      return 'unreachable'
  }
}
