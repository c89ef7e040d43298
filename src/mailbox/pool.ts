/**
 * The agent's connections to the mail server: a limited number, shared in turn by all that look at mailboxes.
 * Work that asks to be first goes before the rest, but never keeps it waiting for ever. Where the server grants
 * fewer, the work is done with fewer.
 */
import { Fault, faultCodeOf } from '#kernel/fault.ts'
import { isBusy, type MailboxConnection, type MailLogin } from './mailbox.ts'
import { type ConnectorOptions, makeConnector, type ServerAway } from './pool-connect.ts'
import { makePoolSlots, type PoolSlot } from './pool-slots.ts'

export interface PoolUse {
  /** Goes before work that is not urgent. */
  readonly urgent?: boolean
  /** Only a connection opened at or after this monotonic time will do. */
  readonly openedAfterMs?: number
}

export interface PoolStats {
  /** Most connections at once just now. */
  readonly max: number
  /** The server has said that there are too many; `max` goes up again by and by. */
  readonly limited: boolean
  readonly open: number
  readonly busy: number
  readonly waiting: number
  /** Connections made since the start, and how many ended by themselves. */
  readonly opened: number
  readonly lost: number
  readonly connectFailures: number
  /** Since when, and why, no connection can be made; null: one can, as far as is known. */
  readonly away: ServerAway | null
}

export interface Pool {
  /**
   * Runs `work` on a connection with this log-in, opened if need be, once it is this work's turn.
   * @throws Fault of the connecting, or whatever `work` throws.
   */
  use<T>(login: MailLogin, work: (connection: MailboxConnection) => Promise<T>, use?: PoolUse): Promise<T>
  stats(): PoolStats
  /** Refuses what waits, closes the connections once their work has ended. */
  close(): Promise<void>
}

/** A connection unused for so long may have been forgotten by a firewall on the way. */
const unusedMsMax = 240_000
/** After so many urgent ones in a row it is the turn of one that is not. */
const urgentInARowMax = 4
/** Work whose connection was refused takes its turn again so often. */
const turnsMax = 3

export function makePool(options: ConnectorOptions): Pool {
  const { clock } = options
  const slots = makePoolSlots(unusedMsMax)
  const connector = makeConnector(options)
  const queue = makeTurns()
  const closing = new AbortController()
  const others = (): number => slots.counts().open - 1

  const connected = async (slot: PoolSlot, login: MailLogin): Promise<MailboxConnection> => {
    if (slot.evicted) await slot.evicted.close()
    slot.connection ??= await connector.open(login, others, closing.signal)
    return slot.connection
  }

  const run = async <T>(slot: PoolSlot, turn: Wanted, work: Work<T>): Promise<Ran<T>> => {
    try {
      const connection = await connected(slot, turn.login)
      const done = await work(connection)
      connector.worked()
      return { done }
    } catch (error) {
      if (slot.connection === null && isForOthers(error, turn, others())) return 'again'
      throw error
    } finally {
      slots.release(slot, clock.monotonicMs())
      next()
    }
  }

  const next = (): void => {
    for (let turn = queue.peek(); turn; turn = queue.peek()) {
      const slot = slots.take(turn.login, turn.openedAfterMs, clock.monotonicMs(), connector.max())
      if (!slot) return
      queue.shift()
      turn.start(slot)
    }
  }

  /** Queues the work; where the server grants it no connection, it waits for one of those there are. */
  const take = <T>(turn: Wanted, work: Work<T>, resolve: (done: T) => void): void => {
    const start = async (slot: PoolSlot): Promise<void> => {
      const ran = await run(slot, turn, work)
      if (ran !== 'again') resolve(ran.done)
      else if (closing.signal.aborted) turn.refuse(closedFault())
      else take({ ...turn, tries: turn.tries + 1 }, work, resolve)
    }
    queue.push({ ...turn, start: (slot) => void start(slot).catch(turn.refuse) })
    next()
  }

  return {
    use: (login, work, { urgent = false, openedAfterMs = 0 } = {}) =>
      new Promise((resolve, reject) => {
        if (closing.signal.aborted) reject(closedFault())
        else take({ login, urgent, openedAfterMs, tries: 1, refuse: reject }, work, resolve)
      }),
    stats: () => ({
      ...slots.counts(),
      waiting: queue.size(),
      max: connector.max(),
      limited: connector.limited(),
      ...connector.counts(),
    }),
    close: async () => {
      closing.abort()
      for (let turn = queue.shift(); turn; turn = queue.shift()) turn.refuse(closedFault())
      await slots.close()
    },
  }
}

type Ran<T> = { readonly done: T } | 'again'

const isForOthers = (error: unknown, { tries }: Wanted, others: number): boolean =>
  isBusy(faultCodeOf(error)) && others > 0 && tries < turnsMax

type Work<T> = (connection: MailboxConnection) => Promise<T>

/** Work that wants a connection. */
interface Wanted {
  readonly login: MailLogin
  readonly urgent: boolean
  readonly openedAfterMs: number
  readonly tries: number
  refuse(error: unknown): void
}

interface Turn extends Wanted {
  start(slot: PoolSlot): void
}

const closedFault = () => new Fault('imap.unreachable', 'the agent is stopping')

/** Two queues, each in the order of asking. */
function makeTurns() {
  const urgent: Turn[] = []
  const normal: Turn[] = []
  let inARow = 0
  const nextQueue = () =>
    urgent.length > 0 && (normal.length === 0 || inARow < urgentInARowMax) ? urgent : normal
  return {
    push: (turn: Turn) => void (turn.urgent ? urgent : normal).push(turn),
    peek: () => nextQueue()[0],
    shift: () => {
      const from = nextQueue()
      inARow = from === urgent ? inARow + 1 : 0
      return from.shift()
    },
    size: () => urgent.length + normal.length,
  }
}
