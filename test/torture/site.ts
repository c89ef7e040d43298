/** The servers that are tortured: all roles in one process, or each in its own; either way on the same ports. */
import { freePorts } from '../support/ports.ts'
import { type Ports, type Postkey, startPostkey } from '../support/postkey.ts'
import type { Scope } from '../support/store.ts'

export type Command = 'serve' | 'smtp' | 'imap' | 'relay' | 'agent'
export type Layout = 'together' | 'apart'

export const layouts: Readonly<Record<Layout, readonly Command[]>> = {
  together: ['serve'],
  apart: ['relay', 'smtp', 'imap', 'agent'],
}

export interface Site {
  readonly data: string
  readonly ports: Ports
  readonly commands: readonly Command[]
  /** The process that answers on the admin socket. */
  main(): Postkey
  process(command: Command): Postkey
  /** SIGKILL; returns when it is gone. */
  kill(command: Command): Promise<void>
  /** @param more `--set` values of this process alone */
  start(command: Command, more?: readonly string[]): Promise<void>
  stop(): Promise<void>
}

export interface SiteOptions {
  readonly layout: Layout
  readonly data: string
  readonly logLevel?: 'info' | 'warn'
  /** Variables of each process beside ours. */
  readonly env?: Readonly<Record<string, string>>
}

export async function startSite(
  t: Scope,
  { layout, data, env, logLevel = 'warn' }: SiteOptions,
): Promise<Site> {
  const [smtp = 0, imap = 0, imapTls = 0, relay = 0] = await freePorts(4)
  const set = [
    `log.level=${logLevel}`,
    `smtp.port=${smtp}`,
    `imap_server.port=${imap}`,
    `imap_server.tls_port=${imapTls}`,
    `relay.port=${relay}`,
  ]
  const commands = layouts[layout]
  const processes = new Map<Command, Postkey>()
  const process = (command: Command): Postkey => {
    const running = processes.get(command)
    if (!running) throw new Error(`no ${command} was started`)
    return running
  }
  const site: Site = {
    data,
    ports: { smtp, imap, imapTls, relay, http: 0 },
    commands,
    main: () => process(layout === 'together' ? 'serve' : 'agent'),
    process,
    kill: async (command) => void (await process(command).kill()),
    start: async (command, more = []) => {
      const options = { data, set: [...set, ...more], command, ...(env ? { env } : {}) }
      processes.set(command, await startPostkey(t, options))
    },
    stop: async () => {
      for (const command of commands.toReversed()) await processes.get(command)?.stop()
    },
  }
  for (const command of commands) await site.start(command)
  return site
}
