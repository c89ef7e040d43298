/**
 * One process of the simulation, from its start to its death. What a dead process still runs reaches nothing any
 * more: its clock, store, links and log are gone, as after a `kill -9` between any two awaits.
 */
import type { Clock } from '#kernel/clock.ts'
import type { Failpoint } from '#kernel/failpoint.ts'
import type { Log, LogFields } from '#kernel/log.ts'
import type { Chance } from './chance.ts'
import type { VirtualTime } from './virtual-time.ts'

/** Thrown where a process dies in the middle of its work; caught by nothing that matters to anybody. */
export class ProcessDeath extends Error {}

/** A machine's date, which somebody may set; time itself is the same for all. */
export class Host {
  aheadMs = 0
  /** So much time has gone by while nobody looked. */
  agedMs = 0
  readonly #startMs: number
  readonly #time: VirtualTime

  constructor(time: VirtualTime, startMs: number) {
    this.#time = time
    this.#startMs = startMs
  }

  nowMs(): number {
    return this.#startMs + this.#time.nowMs() + this.aheadMs + this.agedMs
  }
}

export interface ProcessParts {
  readonly name: string
  readonly time: VirtualTime
  readonly host: Host
  readonly chance: Chance
  /** A line of the log. */
  logged(process: string, level: string, message: string, fields: LogFields): void
  /** Whether the process dies at this failpoint. */
  diesAt(process: SimProcess, failpoint: string): boolean
  /** Something threw that nobody caught. */
  uncaught(process: SimProcess, error: unknown): void
}

export class SimProcess {
  readonly name: string
  readonly chance: Chance
  readonly clock: Clock
  readonly log: Log
  readonly #parts: ProcessParts
  readonly #deathbed: (() => void)[] = []
  #alive = true

  constructor(parts: ProcessParts) {
    this.#parts = parts
    this.name = parts.name
    this.chance = parts.chance
    const { time, host } = parts
    this.clock = {
      nowMs: () => host.nowMs(),
      monotonicMs: () => time.nowMs(),
      after: (delayMs, fn) => (this.#alive ? time.after(delayMs, () => this.run(fn)) : () => {}),
    }
    this.log = this.#logWith({})
  }

  get alive(): boolean {
    return this.#alive
  }

  readonly failpoint: Failpoint = (name) => {
    if (!this.#alive) throw new ProcessDeath(name)
    if (this.#parts.diesAt(this, name)) this.die()
  }

  /** Called once when the process is gone. */
  onDeath(fn: () => void): void {
    this.#deathbed.push(fn)
  }

  kill(): void {
    if (!this.#alive) return
    this.#alive = false
    for (const fn of this.#deathbed) fn()
  }

  /** Kills it from within: the caller goes no further. */
  die(): never {
    this.kill()
    throw new ProcessDeath(this.name)
  }

  /** Something from outside calls into the process. */
  run(fn: () => void): void {
    if (!this.#alive) return
    try {
      fn()
    } catch (error) {
      if (!(error instanceof ProcessDeath)) this.#parts.uncaught(this, error)
    }
  }

  /** Never comes back to a dead process. */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.clock.after(delayMs, resolve))
  }

  /** Never comes back to a dead process. */
  async outside<T>(work: () => Promise<T>): Promise<T> {
    const value = await this.#parts.time.outside(work)
    return this.#alive ? value : never()
  }

  #logWith(fixed: LogFields): Log {
    const at = (level: string) => (fields: LogFields, message: string) => {
      if (this.#alive) this.#parts.logged(this.name, level, message, { ...fixed, ...fields })
    }
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      with: (fields) => this.#logWith({ ...fixed, ...fields }),
    }
  }
}

export const never = <T>(): Promise<T> => new Promise<T>(() => {})
