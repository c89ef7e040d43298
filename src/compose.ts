/** Composition: a configuration becomes a running server, role by role, and ends in the opposite order. */

import { system } from '#admin/access/caller.ts'
import { type Credentials, type Desk, makeDesk } from '#admin/access/desk.ts'
import { offlineSession } from '#admin/access/offline-session.ts'
import type { Admin, AdminSession } from '#admin/admin.ts'
import { makeAdmin } from '#admin/make-admin.ts'
import { noServerCheck } from '#admin/status.ts'
import type { LoadedConfig } from '#config/load.ts'
import type { Config } from '#config/schema.ts'
import { faultCodeOf } from '#kernel/fault.ts'
import { type MetricsRegistry, promMetrics } from '#telemetry/prom-metrics.ts'
import { adminParts } from './roles/admin-parts.ts'
import type { Ports } from './roles/agent-role.ts'
import { type Base, type BaseOptions, openBase } from './roles/base.ts'
import { descriptorChecks } from './roles/health.ts'
import { startHttp } from './roles/http-role.ts'
import { lookedAtAll, storeAnswers } from './roles/readiness.ts'
import { makeReloader } from './roles/reload.ts'
import type { Role } from './roles/role.ts'
import { listenFault, makeRoleRunner, noPorts, type RoleRunner, startOrder } from './roles/running-roles.ts'

export interface Running {
  readonly ports: Ports
  /** The use cases as of now, for the server itself; a reload makes them anew. */
  readonly admin: Admin
  /** Puts into effect what `load` reads. @throws Fault where the process cannot go on */
  reload(load: () => LoadedConfig): Promise<void>
  /** Resolves when every connection that is needed was made, or was tried in vain. */
  tried(): Promise<void>
  /** Whether the store takes its turn in time. */
  answers(): Promise<boolean>
  /** Ends every role, newest first; resolves when all that was acknowledged is on disk. */
  close(): Promise<void>
}

export interface ComposeOptions extends Omit<BaseOptions, 'writer' | 'shared'> {
  /** Sets the least severe lines that `log` writes, when the configuration is loaded again. */
  setLogLevel?(level: Config['log']['level']): void
}

/**
 * Starts `roles`. The agent answers on the admin socket; without it, the first role does until an agent starts,
 * so that commands open the store beside a running process as seldom as can be.
 * @throws Fault where a role cannot start; those that had started are ended again
 */
export async function compose(
  loaded: LoadedConfig,
  roles: readonly Role[],
  options: ComposeOptions,
): Promise<Running> {
  const closers: (() => Promise<void>)[] = []
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end()
  }
  try {
    const { setLogLevel = () => {} } = options
    const metrics = loaded.config.http.enabled ? promMetrics() : null
    const counted = metrics ? { metrics } : {}
    const base = await openBase(loaded, {
      ...options,
      ...counted,
      writer: 'thread',
      shared: roles.length < 4,
    })
    closers.push(() => base.store.close())
    return await startRoles(base, roles, { closers, close, metrics, setLogLevel })
  } catch (error) {
    await close()
    throw error
  }
}

interface Surroundings {
  readonly closers: (() => Promise<void>)[]
  close(): Promise<void>
  readonly metrics: MetricsRegistry | null
  setLogLevel(level: Config['log']['level']): void
}

async function startRoles(
  base: Base,
  roles: readonly Role[],
  { closers, close, metrics, setLogLevel }: Surroundings,
): Promise<Running> {
  const runner = makeRoleRunner()
  const reloader = makeReloader(base, runner, setLogLevel)
  const descriptors = base.edge.watchDescriptors(base)
  closers.push(async () => descriptors.stop())
  let httpPort: number | null = null
  const ports = (): Ports => ({ ...runner.ports(), http: httpPort })
  const agent = () => runner.now().agent
  const newAdmin = (): Admin =>
    makeAdmin(
      adminParts(reloader.base(), {
        health: () => [
          ...descriptorChecks(descriptors.scarceSinceMs()),
          ...reloader.health(),
          ...(runner.now().smtp?.health() ?? []),
          ...(agent()?.health() ?? []),
        ],
        ports,
        agent,
        admin: () => admin,
        serving: true,
      }),
    )
  let admin = newAdmin()
  // First of all: a second server on the same data is refused before it has touched anything of the first.
  const desk = makeDesk({ ...base, log: base.log.with({ role: 'admin' }) }, () => admin)
  for (const socket of await adminSockets(base, desk, roles)) closers.push(() => socket.close())
  closers.push(() => runner.end(startOrder))
  await runner.start(base, roles)
  if (metrics) httpPort = await listen(base, metrics, runner, closers)
  return {
    get ports() {
      return ports()
    },
    get admin() {
      return desk.admin(system)
    },
    reload: async (load) => {
      await reloader.reload(load)
      admin = newAdmin()
    },
    tried: () => lookedAtAll(base, agent),
    answers: () => storeAnswers(base),
    close,
  }
}

async function listen(
  base: Base,
  metrics: MetricsRegistry,
  runner: RoleRunner,
  closers: (() => Promise<void>)[],
): Promise<number> {
  const listening = await startHttp(base, metrics, runner.now).catch((error: unknown) => {
    throw listenFault('http', error)
  })
  closers.push(() => listening.close())
  return listening.port
}

type Closing = { close(): Promise<void> }

/**
 * The agent's process answers commands; without it the first of the others does, until an agent starts. Those whom the
 * owner lets in through the group's socket ask the agent's process alone.
 */
async function adminSockets(base: Base, desk: Desk, roles: readonly Role[]): Promise<readonly Closing[]> {
  const { socket: socketPath, group_socket: groupPath } = base.config.admin
  const { log } = base
  const yields = !roles.includes('agent')
  try {
    const own = await base.edge.serveAdmin({ socketPath, desk, log, yields })
    if (yields || !groupPath) return [own]
    try {
      return [own, await base.edge.serveAdmin({ socketPath: groupPath, desk, log, forGroup: true })]
    } catch (error) {
      await own.close()
      throw error
    }
  } catch (error) {
    if (yields && faultCodeOf(error) === 'admin.running') return []
    throw error
  }
}

/**
 * The use cases over a store that no server has open.
 * @throws Fault admin.unauthenticated where a token was brought that is not good
 */
export async function openOffline(
  loaded: LoadedConfig,
  credentials: Credentials,
  options: ComposeOptions,
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
  try {
    const desk = makeDesk({ ...base, log: base.log.with({ role: 'admin' }) }, () => admin)
    return await offlineSession(desk, credentials, () => base.store.close())
  } catch (error) {
    await base.store.close()
    throw error
  }
}
