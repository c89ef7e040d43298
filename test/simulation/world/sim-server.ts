/** A server process: the product's own composition over the simulation's edge. */
import { extractEtpFiles } from '#agent/extract.ts'
import type { Config } from '#config/schema.ts'
import { signAtOnce } from '#crypto/rsa-sign.ts'
import { commandTokens } from '#edge/token-command.ts'
import { endpointTokens } from '#edge/token-endpoint.ts'
import { faultCodeOf } from '#kernel/fault.ts'
import { startRelay } from '#relay/relay.ts'
import type { Store } from '#store/store.ts'
import { compose, type Running } from '../../../src/compose.ts'
import type { Edge } from '../../../src/roles/edge.ts'
import type { Role } from '../../../src/roles/role.ts'
import { quickStretching } from './quick-stretching.ts'
import { never, ProcessDeath, type SimProcess } from './sim-process.ts'
import { openSimStore } from './sim-store.ts'
import type { World } from './world.ts'

const housekeepingMs = 10_000

/** A role that is kept running: whatever ends it, it is started again a little later. */
export class SimServer {
  readonly name: string
  readonly #role: Role
  readonly #world: World
  process: SimProcess | null = null
  running: Running | null = null
  /** What it keeps everything in, while it runs. */
  store: Store | null = null
  /** It is not to be started again. */
  #retired = false

  constructor(world: World, name: string, role: Role) {
    this.#world = world
    this.name = name
    this.#role = role
  }

  start(): void {
    if (this.#retired) return
    const process = this.#world.newProcess(this.name, this.#world.serverHost)
    this.process = process
    this.running = null
    process.onDeath(() => {
      if (this.process !== process) return
      this.running = null
      this.#world.time.after(this.#world.chance.between(500, 20_000), () => this.start())
    })
    this.#world.note(process.name, 'starts')
    compose(this.#world.loaded, [this.#role], { log: process.log, edge: this.#edge(process) }).then(
      (running) => {
        if (process.alive) this.running = running
      },
      (error: unknown) => this.#failed(process, error),
    )
  }

  #edge(process: SimProcess): Edge {
    const edge = edgeOf(this.#world, process)
    const openStore: Edge['openStore'] = (options) => {
      this.store = edge.openStore(options)
      return this.store
    }
    return { ...edge, openStore }
  }

  retire(): void {
    this.#retired = true
    this.process?.kill()
  }

  /** A start that the disk spoilt ends the process, and the service manager tries again. */
  #failed(process: SimProcess, error: unknown): void {
    if (error instanceof ProcessDeath || !process.alive) return
    if (faultCodeOf(error) !== 'store.unavailable') this.#world.uncaught(process, error)
    process.log.error({ code: faultCodeOf(error) }, 'could not start')
    process.kill()
  }
}

const edgeOf = (world: World, process: SimProcess): Edge => ({
  clock: process.clock,
  random: process.chance,
  failpoint: process.failpoint,
  stretching: quickStretching,
  sign: signAtOnce,
  openStore: ({ path, onMigrated }) => openSimStore(world.storeWorld, process, path, onMigrated),
  mailServer: () => world.mail.serverFor(process),
  tokens: { byCommand: commandTokens, byEndpoint: endpointTokens },
  dialRelay: () => world.network.dial(process, 'server'),
  startRelayServer: async ({ host: _host, port: _port, tls: _tls, mail: _mail, settings, ...env }) => {
    const mailer = world.mail.mailerFor(process)
    const relay = startRelay({ ...env, settings: { ...settings, housekeepingMs } }, mailer)
    const stop = world.network.listen(process, relay.accept)
    const close = async (code?: number) => {
      stop()
      await relay.close(code)
    }
    return { port: 8443, postOffice: relay.postOffice, sessions: relay.sessions, close }
  },
  smtpClient: () => ({ send: async () => ({ kind: 'accepted', answer: '250' }), close: () => {} }),
  startExtractor: () => ({
    extract: (mail) => (process.alive ? process.outside(() => extractEtpFiles(mail)) : never()),
    close: async () => {},
  }),
  serveAdmin: async () => ({ close: async () => {} }),
  watchDescriptors: () => ({ scarceSinceMs: () => null, stop: () => {} }),
})

export const settingsOf = (directory: string, set: readonly string[]): string[] => [
  `server.data_dir=${directory}`,
  'imap.host=mail.test',
  `imap.password_file=${directory}/imap.password`,
  'relay.id=relay.test',
  'relay.smtp.host=mail.test',
  'relay.transactions_per_pin_hour=1000',
  'relay.mails_per_address_hour=10000',
  ...set,
]

export type { Config }
