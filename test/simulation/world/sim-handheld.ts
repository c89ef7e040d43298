/** A handheld with the shipping code in it and a person who holds it. */

import type { Suite } from '#crypto/packet.ts'
import { type ActivateOptions, activateHandheld, type Outcome, type Shown } from '#handheld/activate.ts'
import { isPassword } from '#handheld/password.ts'
import { type RunningHandheld, runHandheld } from '#handheld/run.ts'
import { decodeSaved, encodeSaved, type SavedHandheld } from '#handheld/state-codec.ts'
import type { HandheldStorage } from '#handheld/storage.ts'
import { isLocked } from '#handheld/unlock.ts'
import type { RelayId } from '#kernel/brand.ts'
import { Fault, faultCodeOf } from '#kernel/fault.ts'
import { type AtHand, atHand, stayOnAir } from './on-air.ts'
import { quickStretching } from './quick-stretching.ts'
import { never, ProcessDeath, type SimProcess } from './sim-process.ts'
import type { World } from './world.ts'

export interface Typing {
  readonly email: string
  readonly password: string
}

type Ended = { readonly at: 'ended'; readonly outcome: Outcome } | { readonly at: 'broken' }

export class SimHandheld {
  readonly name: string
  /** What would survive a power cut, as text on the disk and as it was saved. */
  disk: string | null = null
  saved: SavedHandheld | null = null
  /** How the last run ended; null while one goes on or none was begun. */
  outcome: Outcome | null = null
  /** When that was. */
  endedAtMs = 0
  process: SimProcess | null = null
  /** What stands on its screen. */
  shown: Pick<Shown, 'text' | 'code'> = { text: '', code: null }
  /** Passwords that an administrator ordered for it, newest first. */
  readonly lockPasswords: string[] = []
  readonly suites: readonly Suite[]
  readonly lifeSeconds: number
  readonly postQuantum: 'off' | 'optional'
  readonly #world: World
  /** Switched off, until its user switches it on again. */
  #resting = false
  /** What the person typed last, to type it again where the handheld knows of nothing. */
  #typed: Typing | null = null
  #abort = new AbortController()
  /** It stays on the air, whatever ends its process. */
  #lives = false
  #running: RunningHandheld | null = null

  get world(): World {
    return this.#world
  }

  constructor(world: World, name: string, suites: readonly Suite[]) {
    this.#world = world
    this.name = name
    this.suites = suites
    this.lifeSeconds = world.chance.pick([900, 1_800, 3_600])
    this.postQuantum = world.chance.pick(['off', 'optional'] as const)
  }

  /** Whether a run goes on, or is to be gone on with. */
  get busy(): boolean {
    return this.#typed !== null && this.outcome === null
  }

  /** The person types, and interrupts what is under way. */
  press(typing: Typing): void {
    this.#typed = typing
    this.outcome = null
    this.#lives = false
    this.#running = null
    this.#resting = false
    this.#abort.abort()
    this.process?.kill()
    this.#unlock()
    this.#start(typing, true)
  }

  /** After an activation the person leaves it switched on. */
  live(): void {
    this.#lives = true
    this.#switchOn()
  }

  /** The person wants another key. */
  roll(): void {
    this.#running?.raise({ kind: 'roll' }).catch(() => {})
  }

  #switchOn(): void {
    if (!this.#lives || this.disk === null) return
    const process = this.#world.newProcess(this.name, this.#world.handheldHost(this.name))
    this.process = process
    process.onDeath(() => {
      if (this.process === process)
        this.#world.time.after(this.#world.chance.between(1_000, 30_000), () => {
          if (this.process === process) this.#switchOn()
        })
    })
    this.#world.note(process.name, 'switched on, active')
    const { relay, ...world } = this.#surroundings(process)
    this.#running = runHandheld(decodeSaved(this.disk), relay, world, {
      acted: (action) => {
        if (action.kind === 'show') this.shown = action
      },
      broken: (error) => {
        if (!process.alive || error instanceof ProcessDeath) return
        process.log.error({ code: faultCodeOf(error) }, 'the handheld cannot go on')
        process.kill()
      },
    })
  }

  /** Behind a lock nobody activates: the user asks what the password is, and types it. */
  #unlock(): void {
    const { saved } = this
    const nowMs = this.#world.handheldHost(this.name).nowMs()
    if (saved === null || !isLocked(saved.state, nowMs)) return
    const { lock } = saved.state
    const password = lock.password ? this.lockPasswords.find((one) => isPassword(lock, one)) : ''
    if (password !== undefined) this.touch({ kind: 'unlock', password })
  }

  get resting(): boolean {
    return this.#resting
  }

  /** Its user does something at it; it is switched on again after that. */
  touch(event: AtHand): void {
    if (this.saved === null) return
    this.process?.kill()
    this.#keep(atHand(this.saved, event, this.#world, this.name))
  }

  /** Whoever was activated stays on the air, where the story goes on after that. */
  goOnAir(): void {
    if (!this.#world.governed || this.#resting || this.busy || this.process?.alive) return
    if (!this.saved?.state.account) return
    const process = this.#world.newProcess(this.name, this.#world.handheldHost(this.name))
    this.process = process
    process.onDeath(() => {
      const again = () => this.process === process && this.goOnAir()
      this.#world.time.after(this.#world.chance.between(1_000, 30_000), again)
    })
    this.#world.note(process.name, 'on the air')
    stayOnAir({
      ...this.#surroundings(process),
      saved: this.load() ?? this.saved,
      failed: (error) => {
        if (error instanceof ProcessDeath || !process.alive) return
        process.log.error({ code: faultCodeOf(error) }, 'the handheld cannot go on')
        process.kill()
      },
      ended: (outcome) => this.#endedOnAir(process, outcome),
    })
  }

  #endedOnAir(process: SimProcess, outcome: Outcome): void {
    if (!process.alive || this.process !== process) return
    this.#world.note(process.name, `ended ${outcome.code}: ${outcome.text}`)
    if (outcome.code !== 0 && outcome.code !== 'erased') return
    this.outcome = outcome
    this.endedAtMs = this.#world.time.nowMs()
    if (outcome.code === 0) return
    this.process = null
    process.kill()
    this.#world.handheldEnded(this, outcome)
  }

  /** Off the air for so long. */
  rest(forMs: number): void {
    if (this.busy || !this.process?.alive) return
    this.#resting = true
    this.process.kill()
    this.#world.time.after(forMs, () => this.wake())
  }

  wake(): void {
    this.#resting = false
    this.goOnAir()
  }

  crash(): void {
    if (this.process?.alive) this.process.kill()
  }

  #start(typing: Typing | null, anew: boolean): void {
    const process = this.#world.newProcess(this.name, this.#world.handheldHost(this.name))
    this.process = process
    this.#abort = new AbortController()
    // Whoever holds it switches it on again.
    process.onDeath(() => {
      if (this.process === process)
        this.#world.time.after(this.#world.chance.between(1_000, 30_000), () => this.#again(process))
    })
    this.#world.note(process.name, typing ? 'typed' : 'switched on')
    this.#run(process, typing, anew).then(
      (ended) => this.#ended(process, ended),
      (error: unknown) => this.#world.uncaught(process, error),
    )
  }

  #again(process: SimProcess): void {
    if (this.process === process && this.busy) this.#start(null, false)
  }

  async #run(process: SimProcess, typing: Typing | null, anew: boolean): Promise<Ended> {
    try {
      return { at: 'ended', outcome: await activateHandheld(this.#options(process, typing, anew)) }
    } catch (error) {
      if (!process.alive || error instanceof ProcessDeath) return never()
      // It knows of nothing to go on with: the person types again.
      const typed = faultCodeOf(error) === 'handheld.idle' ? this.#typed : null
      if (typed && typing !== typed) return this.#run(process, typed, true)
      process.log.error({ code: faultCodeOf(error) }, 'the handheld cannot go on')
      return { at: 'broken' }
    }
  }

  #ended(process: SimProcess, ended: Ended): void {
    if (!process.alive || this.process !== process) return
    if (ended.at === 'broken') {
      process.kill()
      return
    }
    const { outcome } = ended
    this.#world.note(process.name, `ended ${outcome.code}: ${outcome.text}`)
    if (outcome.code === 'interrupted') return
    this.outcome = outcome
    this.endedAtMs = this.#world.time.nowMs()
    this.process = null
    process.kill()
    this.#world.handheldEnded(this, outcome)
    if (this.#world.governed) this.#world.time.after(1_000, () => this.goOnAir())
  }

  /** What the handheld meets the world through, however it runs. */
  #surroundings(process: SimProcess) {
    const { network, faults } = this.#world
    return {
      relay: { url: 'ws://127.0.0.1:8443', relayId: 'relay.test' as RelayId },
      clock: process.clock,
      random: process.chance,
      log: process.log,
      storage: this.#storage(process, faults.take.bind(faults)),
      dial: network.dial(process, 'device'),
      failpoint: process.failpoint,
      verifyPolicy: (cms: Uint8Array, ca: Uint8Array, atMs: number) =>
        process.outside(() => this.#world.verifyPolicy(cms, ca, atMs)),
      onShown: (shown: Pick<Shown, 'text' | 'code'>) => {
        this.shown = shown
        this.#world.note(process.name, `shows: ${shown.text}`)
      },
    }
  }

  #options(process: SimProcess, typing: Typing | null, anew: boolean): ActivateOptions {
    return {
      ...this.#surroundings(process),
      typed: typing,
      anew,
      suites: this.suites,
      lifeSeconds: this.lifeSeconds,
      postQuantum: this.postQuantum,
      stretching: quickStretching,
      signal: this.#abort.signal,
      onStage: (stage) => this.#world.note(process.name, `stage ${stage}`),
      onAsk: async () => true,
    }
  }

  load(): SavedHandheld | null {
    if (this.disk === null) return null
    const saved = decodeSaved(this.disk)
    return this.#world.planted.loaded?.(saved) ?? saved
  }

  #keep(saved: SavedHandheld): void {
    this.disk = encodeSaved(saved)
    this.saved = saved
    this.#world.handheldSaved(this, saved)
  }

  #storage(process: SimProcess, fails: World['faults']['take']): HandheldStorage {
    return {
      load: async () => this.load(),
      save: async (saved) => {
        if (!process.alive) return never()
        if (fails('storage_fails', this.name)) throw new Fault('handheld.storage', 'EIO: i/o error, write')
        await process.sleep(process.chance.below(4))
        this.#keep(saved)
        await process.sleep(process.chance.below(4))
      },
      close: async () => {},
    }
  }
}
