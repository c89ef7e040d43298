/** The roles of one process: started in order, ended in the opposite one, and started again in place. */

import type { Config } from '#config/schema.ts'
import type { ImapServer } from '#imap-server/start-imap-server.ts'
import { Fault } from '#kernel/fault.ts'
import type { RelayServer } from '#relay/server.ts'
import { type AgentRole, type Ports, startAgentRole } from './agent-role.ts'
import type { Base } from './base.ts'
import { type SmtpRole, startImap, startSmtp } from './mail-roles.ts'
import { startRelayRole } from './relay-role.ts'
import type { Role } from './role.ts'

/** Null: does not run in this process, or not at this moment. */
export interface RunningRoles {
  readonly smtp: SmtpRole | null
  readonly imap: ImapServer | null
  readonly relay: RelayServer | null
  readonly agent: AgentRole | null
}

export interface RoleRunner {
  now(): RunningRoles
  /** As of the first start: a role that is started again listens where it did. */
  ports(): Ports
  /** @throws Fault, or what the system said, where one cannot start; those before it run */
  start(base: Base, roles: readonly Role[]): Promise<void>
  /** Ends those that run, newest first. */
  end(roles: readonly Role[]): Promise<void>
}

/** Who is needed by others comes first. */
export const startOrder: readonly Role[] = ['smtp', 'imap', 'relay', 'agent']

export const noPorts: Ports = { smtp: null, imap: null, imapTls: null, relay: null, http: null }

export function makeRoleRunner(): RoleRunner {
  let now: RunningRoles = { smtp: null, imap: null, relay: null, agent: null }
  let ports = noPorts
  const startOne = async (given: Base, role: Role): Promise<void> => {
    const base = { ...given, config: onPorts(given.config, ports) }
    const running = await starts[role](base, ports).catch((error: unknown) => {
      throw listenFault(role, error)
    })
    now = { ...now, [role]: running }
    ports = { ...ports, ...portsOf(now) }
    base.log.info({ role }, 'started')
  }
  return {
    now: () => now,
    ports: () => ports,
    start: async (base, roles) => {
      for (const role of startOrder) if (roles.includes(role)) await startOne(base, role)
    },
    end: async (roles) => {
      for (const role of startOrder.toReversed()) {
        const running = roles.includes(role) ? now[role] : null
        now = { ...now, ...(running ? { [role]: null } : {}) }
        await running?.close()
      }
    },
  }
}

type Start = (base: Base, ports: Ports) => Promise<{ close(): Promise<void> }>

const starts: Readonly<Record<Role, Start>> = {
  smtp: startSmtp,
  imap: startImap,
  relay: (base) => startRelayRole(base, base.config.smtp.port),
  agent: startAgentRole,
}

const portsOf = ({ smtp, imap, relay }: RunningRoles): Partial<Ports> => ({
  ...(smtp ? { smtp: smtp.port } : {}),
  ...(imap ? { imap: imap.port, imapTls: imap.tlsPort } : {}),
  ...(relay ? { relay: relay.port } : {}),
})

/** The configuration with the ports that the system chose for 0. */
const onPorts = (config: Config, { smtp, imap, imapTls, relay }: Ports): Config => ({
  ...config,
  smtp: { ...config.smtp, port: smtp ?? config.smtp.port },
  imap_server: {
    ...config.imap_server,
    port: imap ?? config.imap_server.port,
    tls_port: imapTls ?? config.imap_server.tls_port,
  },
  relay: { ...config.relay, port: relay ?? config.relay.port },
})

/** What the system says of a port, in our own words; anything else stays what it is. */
export function listenFault(role: Role | 'http', error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null
  const detail = `${role}: ${error instanceof Error ? error.message : ''}`
  if (code === 'EADDRINUSE') return new Fault('listen.in_use', detail, error)
  return code === 'EACCES' || code === 'EADDRNOTAVAIL' ? new Fault('listen.refused', detail, error) : error
}
