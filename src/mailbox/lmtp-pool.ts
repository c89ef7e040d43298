/** Connections to the LMTP server: few, used again, each for one transaction at a time. */
import type { Clock } from '#kernel/clock.ts'
import { Fault } from '#kernel/fault.ts'
import type { LmtpConnection } from './lmtp-connection.ts'

/** The right to one connection until it is given back. */
export interface LmtpLease {
  connection: LmtpConnection
  /** It was used before, so it may have died since without our knowing. */
  used: boolean
}

export interface LmtpPool {
  /**
   * The free connection on which the transaction `key` is open, else one without any, else the newest; or a new one.
   * @throws Fault of the connecting; delivery.unreachable after `waitMs`
   */
  take(key: string): Promise<LmtpLease>
  /** A new connection in place of one that had died. @throws Fault of the connecting */
  renew(lease: LmtpLease): Promise<void>
  /** @param clean no transaction is open: the next may begin */
  release(lease: LmtpLease, clean: boolean): void
  /** Refuses what waits; resolves when the last lease is back. */
  close(): Promise<void>
}

export interface LmtpPoolOptions {
  connect(): Promise<LmtpConnection>
  readonly connectionsMax: number
  readonly clock: Clock
  /** How long a mail waits for its turn. */
  readonly waitMs: number
}

/** Shorter than mail servers leave an idle connection open, and a process of theirs waits for each. */
const unusedMsMax = 20_000

interface Free {
  readonly connection: LmtpConnection
  readonly forget: () => void
}

interface Waiter {
  start(): void
  refuse(fault: Fault): void
}

export function makeLmtpPool({ connect, connectionsMax, clock, waitMs }: LmtpPoolOptions): LmtpPool {
  const free: Free[] = []
  const queue = makeQueue(clock, waitMs)
  let leased = 0
  let closed: (() => void) | null = null

  /** A place that is given back belongs to whoever waits longest. */
  const giveBack = (): void => {
    if (!queue.next()) leased -= 1
    if (leased === 0) closed?.()
  }
  /** The place is taken already. */
  const occupy = async (key: string): Promise<LmtpLease> => {
    for (let one = bestOf(free, key); one; one = bestOf(free, key)) {
      one.forget()
      if (one.connection.usable()) return { connection: one.connection, used: true }
    }
    try {
      return { connection: await connect(), used: false }
    } catch (error) {
      giveBack()
      throw error
    }
  }
  return {
    take: async (key) => {
      if (closed) throw stopping()
      if (leased >= connectionsMax) await queue.turn()
      else leased += 1
      return occupy(key)
    },
    renew: async (lease) => {
      lease.connection.close()
      lease.connection = await connect()
      lease.used = false
    },
    release: ({ connection }, clean) => {
      if (!clean || !connection.usable() || closed) connection.close()
      else {
        const forget = clock.after(unusedMsMax, () => {
          free.splice(
            free.findIndex((one) => one.connection === connection),
            1,
          )
          connection.close()
        })
        free.push({ connection, forget })
      }
      giveBack()
    },
    close: () =>
      new Promise((resolve) => {
        closed = resolve
        queue.refuseAll(stopping())
        for (const { connection, forget } of free.splice(0)) {
          forget()
          connection.close()
        }
        if (leased === 0) resolve()
      }),
  }
}

/** Mails that wait for a place, in the order of their coming, each for so long. */
function makeQueue(clock: Clock, waitMs: number) {
  const waiters: Waiter[] = []
  const turn = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const leave = (): void => {
        cancel()
        waiters.splice(waiters.indexOf(waiter), 1)
      }
      const waiter: Waiter = {
        start: () => {
          leave()
          resolve()
        },
        refuse: (fault) => {
          leave()
          reject(fault)
        },
      }
      const cancel = clock.after(waitMs, () =>
        waiter.refuse(new Fault('delivery.unreachable', `no connection was free for ${waitMs / 1000} s`)),
      )
      waiters.push(waiter)
    })
  return {
    turn,
    /** True: there was one, and the place is theirs. */
    next: (): boolean => {
      const [first] = waiters
      first?.start()
      return first !== undefined
    },
    refuseAll: (fault: Fault): void => {
      for (const waiter of [...waiters]) waiter.refuse(fault)
    },
  }
}

/** Takes it out of those that are free. */
function bestOf(free: Free[], key: string): Free | undefined {
  const begun = free.findLastIndex(({ connection }) => connection.open() === key)
  const clean = begun >= 0 ? begun : free.findLastIndex(({ connection }) => connection.open() === null)
  return clean >= 0 ? free.splice(clean, 1)[0] : free.pop()
}

const stopping = (): Fault => new Fault('delivery.unreachable', 'the server is stopping')
