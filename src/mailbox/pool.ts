/**
 * The agent's connections to the mail server: a limited number, shared in turn by all that look at mailboxes.
 * Work that asks to be first goes before the rest, but never keeps it waiting for ever.
 */
import { type Clock, sleep } from '#kernel/clock.ts'
import { Fault } from '#kernel/fault.ts'
import type { Random } from '#kernel/random.ts'
import { type Backoff, makeBackoff } from './backoff.ts'
import type { MailboxConnection, MailLogin, MailServer } from './mailbox.ts'
import { loginKey, makePoolSlots, type PoolSlot } from './pool-slots.ts'

export interface PoolOptions {
  readonly server: MailServer
  /** Most connections at once. */
  readonly connectionsMax: number
  readonly clock: Clock
  readonly random: Random
}

export interface PoolUse {
  /** Goes before work that is not urgent. */
  readonly urgent?: boolean
  /** Only a connection opened at or after this monotonic time will do. */
  readonly openedAfterMs?: number
}

export interface PoolStats {
  readonly max: number
  readonly open: number
  readonly busy: number
  readonly waiting: number
  /** Connections made since the start, and how many ended by themselves. */
  readonly opened: number
  readonly lost: number
  readonly connectFailures: number
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
const reconnect = { firstMs: 200, longestMs: 30_000 }
const serverKey = 'server'

export function makePool(options: PoolOptions): Pool {
  const { clock } = options
  const slots = makePoolSlots(options.connectionsMax, unusedMsMax)
  const backoff = makeBackoff(options.random, reconnect)
  const queue = makeTurns()
  const counts = { opened: 0, connectFailures: 0 }
  const closing = new AbortController()

  const open = async (login: MailLogin): Promise<MailboxConnection> => {
    await untilAllowed(clock, backoff, login, closing.signal)
    try {
      const connection = await options.server.connect(login)
      backoff.succeeded(serverKey)
      backoff.succeeded(loginKey(login))
      counts.opened += 1
      return connection
    } catch (error) {
      counts.connectFailures += 1
      // A refused log-in is this user's trouble; everything else is the server's, and so everybody's.
      const refused = error instanceof Fault && error.code === 'imap.login_failed'
      backoff.failed(refused ? loginKey(login) : serverKey, clock.monotonicMs())
      throw error
    }
  }

  const run = async <T>(slot: PoolSlot, login: MailLogin, work: Work<T>): Promise<T> => {
    try {
      if (slot.evicted) await slot.evicted.close()
      slot.connection ??= await open(login)
      return await work(slot.connection)
    } finally {
      slots.release(slot, clock.monotonicMs())
      next()
    }
  }

  const next = (): void => {
    for (let turn = queue.peek(); turn; turn = queue.peek()) {
      const slot = slots.take(turn.login, turn.openedAfterMs, clock.monotonicMs())
      if (!slot) return
      queue.shift()
      turn.start(slot)
    }
  }

  return {
    use: (login, work, use = {}) =>
      new Promise((resolve, reject) => {
        if (closing.signal.aborted) return reject(closedFault())
        queue.push({
          login,
          urgent: use.urgent ?? false,
          openedAfterMs: use.openedAfterMs ?? 0,
          start: (slot) => void run(slot, login, work).then(resolve, reject),
          refuse: reject,
        })
        next()
      }),
    stats: () => ({ ...slots.counts(), waiting: queue.size(), max: options.connectionsMax, ...counts }),
    close: async () => {
      closing.abort()
      for (let turn = queue.shift(); turn; turn = queue.shift()) turn.refuse(closedFault())
      await slots.close()
    },
  }
}

type Work<T> = (connection: MailboxConnection) => Promise<T>

interface Turn {
  readonly login: MailLogin
  readonly urgent: boolean
  readonly openedAfterMs: number
  start(slot: PoolSlot): void
  refuse(fault: Fault): void
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

/**
 * Waits while the server is being left alone. A log-in that is being left alone fails at once instead: waiting for
 * it would keep the connection from everybody else. @throws Fault also when the pool closes.
 */
async function untilAllowed(
  clock: Clock,
  backoff: Backoff,
  login: MailLogin,
  signal: AbortSignal,
): Promise<void> {
  if (backoff.untilMs(loginKey(login)) > clock.monotonicMs())
    throw new Fault('imap.login_failed', 'refused a moment ago, and not tried again so soon')
  const delayMs = backoff.untilMs(serverKey) - clock.monotonicMs()
  if (delayMs > 0) await sleep(clock, delayMs, signal)
  if (signal.aborted) throw closedFault()
}
