/** Opens the pool's connections: not while the server is to be left alone, and not more than it grants. */
import type { Clock } from '#kernel/clock.ts'
import { Fault, type FaultCode, faultCodeOf } from '#kernel/fault.ts'
import type { Random } from '#kernel/random.ts'
import { makeConnectionLimit } from './connection-limit.ts'
import { isBusy, type MailboxConnection, type MailLogin, type MailServer } from './mailbox.ts'
import { makeAllowance } from './pool-allowance.ts'

export interface ConnectorOptions {
  readonly server: MailServer
  /** Most connections at once. */
  readonly connectionsMax: number
  readonly clock: Clock
  readonly random: Random
  /** The server refuses connections for being too many, or grants as many as are wanted again. */
  readonly onLimited?: (limited: boolean) => void
}

export interface Connector {
  /** @param others connections open beside this one. @throws Fault of the connecting, also when `signal` aborts */
  open(login: MailLogin, others: () => number, signal: AbortSignal): Promise<MailboxConnection>
  /** Work was done on a connection: the server is there. */
  worked(): void
  /** How many there may be now. */
  max(): number
  limited(): boolean
  counts(): { readonly opened: number; readonly connectFailures: number; readonly away: ServerAway | null }
}

/** Nobody can be connected for at the moment. */
export interface ServerAway {
  readonly code: FaultCode
  readonly detail: string
  /** By the clock. */
  readonly sinceMs: number
}

export function makeConnector(options: ConnectorOptions): Connector {
  const { server, clock, random, connectionsMax, onLimited } = options
  const limit = makeConnectionLimit(random, connectionsMax)
  const allowed = makeAllowance(clock, random)
  const counts = { opened: 0, connectFailures: 0 }
  let away: ServerAway | null = null

  const told = (change: () => void): void => {
    const before = limit.limited()
    change()
    if (limit.limited() !== before) onLimited?.(limit.limited())
  }

  return {
    open: async (login, others, signal) => {
      await allowed.wait(login, signal)
      try {
        const connection = await server.connect(login)
        counts.opened += 1
        away = null
        allowed.succeeded(login)
        told(() => limit.granted(others() + 1))
        return connection
      } catch (error) {
        counts.connectFailures += 1
        if (concernsAll(login, error, others()))
          away = { ...faultOf(error), sinceMs: away?.sinceMs ?? clock.nowMs() }
        if (allowed.failed(login, error, others()) === 'limit')
          told(() => limit.refused(others(), clock.monotonicMs()))
        throw error
      }
    },
    worked: () => {
      away = null
    },
    max: () => limit.max(clock.monotonicMs()),
    limited: limit.limited,
    counts: () => ({ ...counts, away }),
  }
}

/**
 * What a user's own log-in is refused for may be that user's trouble alone, and a server that has only no more
 * connections works on those it has granted.
 */
const concernsAll = (login: MailLogin, error: unknown, others: number): boolean => {
  const code = faultCodeOf(error)
  if (isBusy(code) && others > 0) return false
  return login.as === 'service' || /^imap\.(?:unreachable|protocol)$/.test(code)
}

const faultOf = (error: unknown): Pick<ServerAway, 'code' | 'detail'> => ({
  code: faultCodeOf(error),
  detail: error instanceof Fault ? error.detail : '',
})
