/** One activation from beginning to end, as the demo, the command line and fleets run it. */

import { ed25519Key, ed25519KeyBytes } from '#crypto/ed25519.ts'
import { type KeyStretching, scryptStretching } from '#crypto/key-stretching.ts'
import type { Suite } from '#crypto/packet.ts'
import { deriveSecrets } from '#crypto/registration.ts'
import type { ProverSecrets } from '#crypto/spake2plus.ts'
import { unreachable } from '#kernel/assert.ts'
import type { ActivationId, MailAddress, Pin } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import { type Failpoint, noFailpoint } from '#kernel/failpoint.ts'
import { Fault } from '#kernel/fault.ts'
import { limits } from '#kernel/limits.ts'
import { type Log, silentLog } from '#kernel/log.ts'
import type { Random } from '#kernel/random.ts'
import { canonicalEmail, canonicalPassword } from '#protocol/canonical.ts'
import type { HandheldCode } from '#protocol/handheld-text.ts'
import type { DialRelay } from '#relay/link.ts'
import type { Question } from './action.ts'
import type { PostQuantum, Typed } from './event.ts'
import {
  type HandheldListener,
  type HandheldWorld,
  type RelayTrust,
  runHandheld,
  type UserAction,
} from './run.ts'
import { screens } from './screen.ts'
import { type HandheldState, initialState, type Stage, stageOf } from './state.ts'
import type { SavedHandheld } from './state-codec.ts'
import { type HandheldStorage, memoryStorage } from './storage.ts'
import { behindLock, isLocked } from './unlock.ts'

export interface ActivateOptions {
  readonly relay: RelayTrust
  readonly clock: Clock
  readonly random: Random
  readonly log?: Log
  /** Where the handheld keeps itself; in memory unless given. Closed at the end. */
  readonly storage?: HandheldStorage
  /** As typed. Null goes on with what is under way, and so does the address that is under way. */
  readonly typed: TypedByUser | null
  /** Begin anew even if an activation of this address is under way. */
  readonly anew?: boolean
  /** Suites to offer, AES alone unless given. */
  readonly suites?: readonly Suite[]
  readonly lifeSeconds?: number
  /** ML-KEM-768: offered unless told otherwise. */
  readonly postQuantum?: PostQuantum
  readonly device?: Partial<Pick<HandheldState['device'], 'model' | 'softwareVersion' | 'platform'>>
  readonly stretching?: KeyStretching
  readonly dial?: DialRelay
  readonly verifyPolicy?: HandheldWorld['verifyPolicy']
  readonly failpoint?: Failpoint
  /** Aborts the wait: the run stays in the storage and goes on at the next start. */
  readonly signal?: AbortSignal
  /** Each text as it comes on the screen; `atMs` counts from the beginning. */
  readonly onShown?: (shown: Shown) => void
  /** The text that was just shown ends nothing: it is waited until then, by the local clock. */
  readonly onWaits?: (code: HandheldCode, untilMs: number) => void
  readonly onStage?: (stage: Stage, atMs: number) => void
  /** The user's consent; without it the answer is no. */
  readonly onAsk?: (question: Question, text: string) => Promise<boolean>
}

export interface TypedByUser {
  readonly email: string
  /** Asked for only when it is needed, which it is not to go on. */
  readonly password: string | (() => Promise<string>)
}

export interface Shown {
  readonly text: string
  readonly code: HandheldCode | null
  readonly atMs: number
}

export interface Outcome {
  /** 0: Activation Complete. `asked`: the user did not consent. `interrupted`: the signal came first. `erased`: by an
   * administrator's wipe. */
  readonly code: HandheldCode | 0 | 'asked' | 'interrupted' | 'erased'
  /** The last text on the screen. */
  readonly text: string
  /** Each text in order. */
  readonly shown: readonly Shown[]
  readonly stage: Stage
  readonly pin: Pin | null
  readonly txn: ActivationId | null
  readonly elapsedMs: number
}

const deviceDefaults = { model: 'Postkey Terminal', softwareVersion: '1.0', platform: 'terminal' }

/**
 * Activates a handheld, or goes on with an activation that was interrupted.
 * @throws Fault address.invalid, password.unusable, handheld.idle, handheld.locked, handheld.damaged, or what the storage throws
 */
export async function activateHandheld(options: ActivateOptions): Promise<Outcome> {
  const storage = options.storage ?? memoryStorage()
  let saved: SavedHandheld
  let typed: Typed | null
  try {
    saved = (await storage.load()) ?? newHandheld(options)
    typed = await whatToType(options, saved.state)
  } catch (error) {
    await storage.close()
    throw error
  }
  const watch = new Watch(options)
  if (!typed && underWayFor(saved.state) === null) {
    await storage.close()
    watch.acted({ kind: 'show', text: screens.complete, code: null })
    return { ...watch.outcome(saved.state, 0), text: screens.complete }
  }
  const handheld = runHandheld(saved, options.relay, worldOf(options, storage), watch)
  watch.onConsent = (event) => handheld.raise(event)
  watch.typed = typed
  try {
    if (typed) await handheld.raise(typed)
    const code = await watch.ended(options.signal)
    return watch.outcome(handheld.state(), code)
  } finally {
    await handheld.close()
  }
}

/** Keeps what the user sees, and waits for the end. */
class Watch implements HandheldListener {
  typed: Typed | null = null
  onConsent: (event: Typed) => Promise<void> = async () => {}
  readonly #options: ActivateOptions
  readonly #begunMs: number
  readonly #shown: Shown[] = []
  readonly #end = Promise.withResolvers<Outcome['code']>()

  constructor(options: ActivateOptions) {
    this.#options = options
    this.#begunMs = options.clock.monotonicMs()
    // A handheld may break before anybody waits for its end.
    this.#end.promise.catch(() => {})
  }

  acted(action: UserAction): void {
    switch (action.kind) {
      case 'show': {
        const shown = { text: action.text, code: action.code, atMs: this.#elapsedMs() }
        this.#shown.push(shown)
        this.#options.onShown?.(shown)
        return
      }
      case 'waits':
        this.#options.onWaits?.(action.code, action.untilMs)
        return
      case 'stage':
        this.#options.onStage?.(action.stage, this.#elapsedMs())
        return
      case 'ended':
        this.#end.resolve(action.code ?? 'interrupted')
        return
      case 'password':
      case 'took':
        return
      case 'ask':
        this.#ask(action.question, action.text).catch(this.#end.reject)
        return
      default:
        unreachable(action)
    }
  }

  broken(error: unknown): void {
    this.#end.reject(error)
  }

  /** The code at the end, or `interrupted` when the signal comes first. */
  async ended(signal: AbortSignal | undefined): Promise<Outcome['code']> {
    const abort = () => this.#end.resolve('interrupted')
    signal?.addEventListener('abort', abort, { once: true })
    if (signal?.aborted) abort()
    try {
      return await this.#end.promise
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  outcome(state: HandheldState, code: Outcome['code']): Outcome {
    return {
      code,
      text: state.lock.locked ? behindLock(state) : state.screen,
      shown: this.#shown,
      stage: stageOf(state),
      pin: state.device.pin,
      txn: state.run?.txn ?? state.failure?.txn ?? state.account?.txn ?? null,
      elapsedMs: this.#elapsedMs(),
    }
  }

  async #ask(question: Question, text: string): Promise<void> {
    const agreed = (await this.#options.onAsk?.(question, text)) ?? false
    if (agreed && this.typed) await this.onConsent({ ...this.typed, confirmed: true })
    else this.#end.resolve('asked')
  }

  #elapsedMs(): number {
    return this.#options.clock.monotonicMs() - this.#begunMs
  }
}

function worldOf(options: ActivateOptions, storage: HandheldStorage): HandheldWorld {
  const { clock, random, dial, verifyPolicy } = options
  const log = options.log ?? silentLog
  const failpoint = options.failpoint ?? noFailpoint
  return {
    clock,
    random,
    log,
    failpoint,
    storage,
    ...(dial ? { dial } : {}),
    ...(verifyPolicy ? { verifyPolicy } : {}),
  }
}

/** Null: no new try is wanted. What is under way goes on without a password, and what is complete stays so. */
async function whatToType(options: ActivateOptions, state: HandheldState): Promise<Typed | null> {
  const underWay = underWayFor(state)
  if (!options.typed) {
    if (underWay === null && !state.account?.complete) throw new Fault('handheld.idle')
    return null
  }
  const address = canonicalEmail(options.typed.email)
  if (!address.ok) throw new Fault('address.invalid')
  if (underWay === address.value && !options.anew) return null
  if (isLocked(state, options.clock.nowMs())) throw new Fault('handheld.locked')
  return {
    kind: 'typed',
    address: address.value,
    secrets: await stretchedPassword(options, options.typed, address.value),
    offer: options.suites ?? [1],
    lifeSeconds: options.lifeSeconds ?? limits.etpLifeSecondsMax,
    postQuantum: options.postQuantum ?? 'optional',
    confirmed: false,
  }
}

/** The address of the activation that a start without a password goes on with. */
const underWayFor = ({ run, account }: HandheldState): MailAddress | null =>
  run?.address ?? (account?.complete === false ? account.address : null)

/** The password goes no further than this. */
async function stretchedPassword(
  { stretching }: ActivateOptions,
  { password }: TypedByUser,
  address: MailAddress,
): Promise<ProverSecrets> {
  const canonical = canonicalPassword(typeof password === 'string' ? password : await password())
  if (!canonical) throw new Fault('password.unusable')
  return deriveSecrets(stretching ?? scryptStretching, address, canonical)
}

/** A handheld on its first start: its own key, no PIN yet. */
function newHandheld({ random, relay, device }: ActivateOptions): SavedHandheld {
  const seed = random.bytes(ed25519KeyBytes)
  const state = initialState({
    ...deviceDefaults,
    ...device,
    publicKey: ed25519Key(seed).publicKey,
    relayId: relay.relayId,
    pin: null,
    certificate: null,
    relayGeneration: null,
    clockOffsetMs: 0,
  })
  return { seed, state }
}
