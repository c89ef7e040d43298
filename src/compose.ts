/** Composition: a configuration becomes a running server, role by role, and ends in the opposite order. */
import type { Admin, AdminSession } from '#admin/admin.ts'
import { makeAdmin } from '#admin/make-admin.ts'
import { noServerCheck } from '#admin/status.ts'
import type { LoadedConfig } from '#config/load.ts'
import { Fault, faultCodeOf } from '#kernel/fault.ts'
import { type MetricsRegistry, promMetrics } from '#telemetry/prom-metrics.ts'
import { adminParts } from './roles/admin-parts.ts'
import { type AgentRole, type Ports, startAgentRole } from './roles/agent-role.ts'
import { type Base, type BaseOptions, openBase } from './roles/base.ts'
import { descriptorChecks } from './roles/health.ts'
import { startHttp } from './roles/http-role.ts'
import { startImap, startSmtp } from './roles/mail-roles.ts'
import { startRelayRole } from './roles/relay-role.ts'
import type { Role } from './roles/role.ts'

export interface Running {
  readonly ports: Ports
  readonly admin: Admin
  /** Ends every role, newest first; resolves when all that was acknowledged is on disk. */
  close(): Promise<void>
}

/**
 * Starts `roles`. The agent answers on the admin socket; without it, the first role does until an agent starts,
 * so that commands open the store beside a running process as seldom as can be.
 * @throws Fault where a role cannot start; those that had started are ended again
 */
export async function compose(
  loaded: LoadedConfig,
  roles: readonly Role[],
  options: Omit<BaseOptions, 'writer' | 'shared'>,
): Promise<Running> {
  const closers: (() => Promise<void>)[] = []
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end()
  }
  try {
    const metrics = loaded.config.http.enabled ? promMetrics() : null
    const counted = metrics ? { metrics } : {}
    const base = await openBase(loaded, {
      ...options,
      ...counted,
      writer: 'thread',
      shared: roles.length < 4,
    })
    closers.push(() => base.store.close())
    return { ...(await startRoles(base, roles, closers, metrics)), close }
  } catch (error) {
    await close()
    throw error
  }
}

const noPorts: Ports = { smtp: null, imap: null, imapTls: null, relay: null, http: null }

async function startRoles(
  base: Base,
  roles: readonly Role[],
  closers: (() => Promise<void>)[],
  metrics: MetricsRegistry | null,
): Promise<Omit<Running, 'close'>> {
  const started = async <T extends { close(): Promise<void> }>(role: Role, start: () => Promise<T>) => {
    if (!roles.includes(role)) return null
    const running = await start().catch((error: unknown) => {
      throw listenFault(role, error)
    })
    closers.push(() => running.close())
    base.log.info({ role }, 'started')
    return running
  }
  let agent: AgentRole | null = null
  const descriptors = base.edge.watchDescriptors(base)
  closers.push(async () => descriptors.stop())
  let ports: Ports = noPorts
  const admin: Admin = makeAdmin(
    adminParts(base, {
      health: () => [...descriptorChecks(descriptors.scarceSinceMs()), ...(agent?.health() ?? [])],
      ports: () => ports,
      agent: () => agent,
      admin: () => admin,
      serving: true,
    }),
  )
  // First of all: a second server on the same data is refused before it has touched anything of the first.
  const socket = await adminSocket(base, admin, roles)
  if (socket) closers.push(() => socket.close())
  const smtp = await started('smtp', () => startSmtp(base))
  const imap = await started('imap', () => startImap(base))
  const relay = await started('relay', () => startRelayRole(base, smtp?.port ?? base.config.smtp.port))
  ports = {
    smtp: smtp?.port ?? null,
    imap: imap?.port ?? null,
    imapTls: imap?.tlsPort ?? null,
    relay: relay?.port ?? null,
    http: null,
  }
  agent = await started('agent', () => startAgentRole(base, ports))
  if (metrics) {
    const listening = await startHttp(base, metrics, { agent, imap, relay }).catch((error: unknown) => {
      throw listenFault('http', error)
    })
    closers.push(() => listening.close())
    ports = { ...ports, http: listening.port }
  }
  return { ports, admin }
}

/** What the system says of a port, in our own words; anything else stays what it is. */
function listenFault(role: Role | 'http', error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null
  const detail = `${role}: ${error instanceof Error ? error.message : ''}`
  if (code === 'EADDRINUSE') return new Fault('listen.in_use', detail, error)
  return code === 'EACCES' || code === 'EADDRNOTAVAIL' ? new Fault('listen.refused', detail, error) : error
}

/** The agent's process answers commands; without it the first of the others does, until an agent starts. */
async function adminSocket(
  base: Base,
  admin: Admin,
  roles: readonly Role[],
): Promise<{ close(): Promise<void> } | null> {
  const yields = !roles.includes('agent')
  try {
    return await base.edge.serveAdmin({ socketPath: base.config.admin.socket, admin, log: base.log, yields })
  } catch (error) {
    if (yields && faultCodeOf(error) === 'admin.running') return null
    throw error
  }
}

/** The use cases over a store that no server has open. */
export async function openOffline(
  loaded: LoadedConfig,
  options: Omit<BaseOptions, 'writer' | 'shared'>,
): Promise<AdminSession> {
  const base = await openBase(loaded, { ...options, writer: 'inline', shared: false })
  const admin: Admin = makeAdmin(
    adminParts(base, {
      health: () => [noServerCheck],
      ports: () => noPorts,
      agent: () => null,
      admin: () => admin,
      serving: false,
    }),
  )
  return { ...admin, via: 'store', close: () => base.store.close() }
}
