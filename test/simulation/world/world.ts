/** One seed's world: machines, processes, people and what happens to them, all in this process. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type LoadedConfig, loadConfig } from '#config/load.ts'
import type { Outcome } from '#handheld/activate.ts'
import type { SavedHandheld } from '#handheld/state-codec.ts'
import type { LogFields } from '#kernel/log.ts'
import type { Frame } from '#protocol/relay-frame.ts'
import { openDatabase } from '#store/sqlite/database.ts'
import type { Checks } from '../checkers/checks.ts'
import type { Planted } from '../planted/planted.ts'
import { Chance } from './chance.ts'
import { Faults } from './faults.ts'
import { MailWorld } from './mail-world.ts'
import { Network } from './network.ts'
import { verifierFor } from './quick-verify.ts'
import { SimHandheld } from './sim-handheld.ts'
import { Host, ProcessDeath, SimProcess } from './sim-process.ts'
import { SimServer, settingsOf } from './sim-server.ts'
import { diskFailure, type StoreCall, type StoreWorld } from './sim-store.ts'
import { copyTemplate, startMs } from './template.ts'
import { VirtualTime } from './virtual-time.ts'

/** Commits that come by the clock and tell nothing. */
const upkeep =
  /^committed (?:watches\.looked|users\.expireGrants|handhelds\.dropPartsBefore|relay\.purge|retention\.)/

const weekMs = 8 * 86_400_000

export interface WorldParts {
  readonly seed: number
  readonly template: string
  readonly directory: string
  readonly planted: Planted
  readonly governs: boolean
  readonly checks: Checks
  /** Keeps every line of the timeline, not only its hash. */
  readonly keepTimeline: boolean
}

export class World {
  readonly time = new VirtualTime()
  readonly chance: Chance
  readonly faults: Faults
  readonly network: Network
  readonly mail: MailWorld
  readonly loaded: LoadedConfig
  readonly serverHost = new Host(this.time, startMs)
  readonly relay: SimServer
  readonly agents: SimServer[]
  readonly handhelds: SimHandheld[] = []
  readonly timeline: string[] = []
  /** Every line of every process's log since the checkers looked last. */
  newLogLines: string[] = []
  /** Every password that anybody was given or has typed. */
  readonly passwords: string[] = []
  /** Methods of the store that were committed since then. */
  committed = new Set<string>()
  /** Something was committed or saved since then. */
  changed = false
  /** Told how a handheld's run ended. */
  onHandheldEnded: (handheld: SimHandheld, outcome: Outcome) => void = () => {}
  readonly databasePath: string
  readonly storageKeyPath: string
  readonly verifyPolicy: ReturnType<typeof verifierFor>
  readonly planted: Planted
  /** Whether the story goes on with governance after the activations. */
  readonly governs: boolean
  /** The second part of the story: handhelds stay on the air, and an administrator governs them. */
  governed = false
  /** What the administrator and the people did in it, by kind. */
  readonly acts = new Map<string, number>()
  /** How many texts and passwords were made up for them. */
  wordsGiven = 0
  readonly #parts: WorldParts
  readonly #starts = new Map<string, number>()
  readonly #hosts = new Map<string, Host>()
  readonly #watchers = new Set<{ readonly process: SimProcess; check(): void; told: boolean }>()
  readonly #trace = createHash('sha256')
  #expiry = false
  /** When all frames at the relay ran out of time; null: never yet. */
  expiredAtMs: number | null = null

  constructor(parts: WorldParts) {
    this.#parts = parts
    this.planted = parts.planted
    this.governs = parts.governs
    this.chance = new Chance(`seed ${parts.seed}`)
    copyTemplate(parts.template, parts.directory)
    this.databasePath = join(parts.directory, 'postkey.db')
    this.storageKeyPath = join(parts.directory, 'storage.key')
    this.verifyPolicy = verifierFor(parts.seed)
    this.faults = new Faults((kind, what) => this.note('fault', `${kind}: ${what}`))
    this.loaded = loadConfig({
      set: settingsOf(parts.directory, settingsFrom(this.chance.fork('settings'))),
      env: {},
      cwd: parts.directory,
    })
    const { time, faults } = this
    this.network = new Network({
      time,
      faults,
      chance: this.chance.fork('network'),
      sending: (sender, receiver, frame) => this.#sending(sender, receiver, frame),
      reaching: (receiver, frame) => parts.planted.reaching?.(receiver, frame) ?? null,
    })
    this.mail = new MailWorld({
      time,
      faults,
      chance: this.chance.fork('mail'),
      host: this.handheldHost('mail server'),
      abilities: { idle: true, listStatus: this.chance.happens(0.5) },
    })
    this.relay = new SimServer(this, 'relay', 'relay')
    this.agents = [new SimServer(this, 'agent', 'agent')]
  }

  addHandheld(suites: SimHandheld['suites']): SimHandheld {
    const handheld = new SimHandheld(this, `handheld${this.handhelds.length + 1}`, suites)
    this.handhelds.push(handheld)
    return handheld
  }

  /** Every machine but the servers' has a date of its own. */
  handheldHost(name: string): Host {
    const known = this.#hosts.get(name)
    if (known) return known
    const host = new Host(this.time, startMs)
    host.agedMs = this.serverHost.agedMs
    this.#hosts.set(name, host)
    return host
  }

  hosts(): readonly Host[] {
    return [this.serverHost, ...this.#hosts.values()]
  }

  /** Each start draws numbers of its own, also that of a second agent under the name of one that has gone. */
  newProcess(name: string, host: Host): SimProcess {
    const start = (this.#starts.get(name) ?? 0) + 1
    this.#starts.set(name, start)
    return new SimProcess({
      name,
      host,
      time: this.time,
      chance: this.chance.fork(`${name} ${start}`),
      logged: (process, level, message, fields) => this.#logged(process, level, message, fields),
      diesAt: (process, failpoint) => this.#diesAt(process, failpoint),
      uncaught: (process, error) => this.uncaught(process, error),
    })
  }

  readonly storeWorld: StoreWorld = {
    beforeCommit: (process, methods) => {
      const what = `${process.name} ${methods.join(' ')}`
      if (this.faults.take('crash_before_commit', what)) process.die()
      if (this.faults.take('store_fails_before_commit', what)) throw diskFailure()
    },
    afterCommit: (process, methods) => {
      this.changed = true
      for (const method of methods) this.committed.add(method)
      this.note(process.name, `committed ${methods.join(' ')}`)
      this.#tellWatchers()
      const what = `${process.name} ${methods.join(' ')}`
      // Frames that run out of time early by our fault are told of only here: their senders count on the whole of it.
      if (what.includes('relay.expire')) return
      if (this.faults.take('crash_after_commit', what)) process.die()
      if (this.faults.take('store_fails_after_commit', what)) throw diskFailure()
    },
    watch: (process, check) => {
      const watcher = { process, check, told: false }
      this.#watchers.add(watcher)
      process.onDeath(() => this.#watchers.delete(watcher))
      return () => this.#watchers.delete(watcher)
    },
    took: (change) => this.#parts.checks.took(change),
    call: (process, call, make) => {
      const meant = this.#expiring(call)
      return this.#parts.planted.call?.(process, meant, make, this.databasePath) ?? make(meant)
    },
  }

  /** Adds a line to the timeline. */
  note(who: string, what: string): void {
    const line = `${String(this.time.nowMs()).padStart(9)} ${who}: ${what}`
    this.#trace.update(line)
    if (this.#parts.keepTimeline && !upkeep.test(what)) this.timeline.push(line)
  }

  acted(kind: string, what: string): void {
    this.acts.set(kind, (this.acts.get(kind) ?? 0) + 1)
    this.note('act', `${kind}: ${what}`)
  }

  /** A week goes by in which nobody does anything: every machine's date moves on, and what lies at the relay runs out. */
  weekGoesBy(): void {
    for (const host of this.hosts()) host.agedMs += weekMs
    this.expiredAtMs = this.time.nowMs()
  }

  traceHash(): string {
    return this.#trace.copy().digest('hex').slice(0, 16)
  }

  uncaught(process: SimProcess | null, error: unknown): void {
    if (error instanceof ProcessDeath) return
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#parts.checks.violated('nothing throws where nobody catches', `${process?.name}: ${text}`)
  }

  handheldSaved(handheld: SimHandheld, saved: SavedHandheld): void {
    this.changed = true
    this.#parts.checks.saved(handheld, saved)
  }

  handheldEnded(handheld: SimHandheld, outcome: Outcome): void {
    this.changed = true
    this.onHandheldEnded(handheld, outcome)
  }

  /** A look into the database beside all processes. */
  openObserver() {
    return openDatabase(this.databasePath, 'read')
  }

  #sending(sender: SimProcess, receiver: SimProcess, frame: Frame): Frame | null {
    const what = frame.type === 'receipt' ? `receipt ${frame.status}` : frame.type
    this.note(sender.name, `sends ${what} to ${receiver.name}`)
    this.#parts.checks.sent(sender, frame)
    return this.#parts.planted.also?.(sender, frame) ?? null
  }

  #logged(process: string, level: string, message: string, fields: LogFields): void {
    const line = JSON.stringify({ level, process, message, ...fields })
    this.newLogLines.push(line)
    if (level !== 'debug') this.note(process, line)
  }

  #diesAt(process: SimProcess, failpoint: string): boolean {
    return this.faults.take('crash_at_failpoint', `${process.name} ${failpoint}`)
  }

  /** The relay's frames run out of time all at once, as if nobody had fetched them for a week. */
  #expiring(call: StoreCall): StoreCall {
    if (call.name === 'relay.hasExpired' && this.faults.take('relay_expiry', 'all frames'))
      this.#expiry = true
    if (!this.#expiry || (call.name !== 'relay.hasExpired' && call.name !== 'relay.expire')) return call
    const [nowMs, ...rest] = call.args
    if (call.name === 'relay.expire') {
      this.#expiry = false
      this.expiredAtMs = this.time.nowMs()
    }
    return { ...call, args: [Number(nowMs) + weekMs, ...rest] }
  }

  #tellWatchers(): void {
    for (const watcher of this.#watchers) {
      if (watcher.told) continue
      watcher.told = true
      this.time.after(this.chance.below(200), () => {
        watcher.told = false
        if (this.#watchers.has(watcher)) watcher.check()
      })
    }
  }
}

const settingsFrom = (chance: Chance): string[] => [
  `agent.relay_hint=${chance.happens(0.7)}`,
  `agent.idle=${chance.happens(0.6)}`,
  `agent.poll_seconds=${chance.pick([0, 15, 60])}`,
  `agent.scan_interval_seconds=${chance.pick([60, 300, 900])}`,
  `agent.etp_mail=${chance.pick(['delete', 'keep'])}`,
  `agent.connections=${chance.between(1, 4)}`,
  `activation.handhelds_per_user=${chance.between(1, 2)}`,
  `activation.post_quantum=${chance.pick(['off', 'optional'])}`,
  `activation.algorithms=${chance.pick(['aes', 'aes,3des'])}`,
]
