/** Waits with IDLE on the inboxes of users who may activate, each on a connection of its own, up to a limit. */
import type { MailAddress } from '#kernel/brand.ts'
import { sleep } from '#kernel/clock.ts'
import { faultCodeOf } from '#kernel/fault.ts'
import { makeBackoff } from '#mailbox/backoff.ts'
import { inboxOf, type WatchContext } from './context.ts'

export interface Idle {
  /** Who may activate has changed. */
  refresh(): void
  /** Whether the server would tell of new mail in this inbox right now. */
  covers(owner: MailAddress): boolean
  connections(): number
  close(): Promise<void>
}

const reconnect = { firstMs: 1_000, longestMs: 60_000 }

export function startIdle(context: WatchContext, connectionsMax: number): Idle {
  const waiting = new Map<MailAddress, AbortController>()
  const running = new Set<Promise<void>>()
  const listening = new Set<MailAddress>()
  const backoff = makeBackoff(context.random, reconnect)
  let closed = false

  const waitOnce = async (owner: MailAddress, signal: AbortSignal): Promise<'unable' | 'ended'> => {
    const { login, name } = context.access.place(inboxOf(owner))
    const connection = await context.server.connect(login)
    try {
      if (!connection.abilities.idle) return 'unable'
      const onNews = () => {
        listening.add(owner)
        backoff.succeeded(owner)
        context.news.add(inboxOf(owner), 'idle')
      }
      await connection.idle(name, onNews, signal)
      return 'ended'
    } finally {
      listening.delete(owner)
      await connection.close()
    }
  }

  const wait = async (owner: MailAddress, signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      try {
        if ((await waitOnce(owner, signal)) === 'unable') return
      } catch (error) {
        context.log.debug({ mailbox: owner, code: faultCodeOf(error) }, 'IDLE ended')
        const nowMs = context.clock.monotonicMs()
        await sleep(context.clock, backoff.failed(owner, nowMs) - nowMs, signal)
      }
    }
  }

  const start = (owner: MailAddress): void => {
    const stop = new AbortController()
    waiting.set(owner, stop)
    const ended = wait(owner, stop.signal).finally(() => running.delete(ended))
    running.add(ended)
  }

  const refresh = async (): Promise<void> => {
    const live = await whom(context, connectionsMax)
    if (closed) return
    for (const [owner, stop] of waiting) {
      if (live.includes(owner)) continue
      stop.abort()
      waiting.delete(owner)
    }
    for (const owner of live) if (!waiting.has(owner)) start(owner)
  }

  return {
    refresh: () => {
      if (connectionsMax > 0)
        refresh().catch((error) => context.log.error({ code: faultCodeOf(error) }, 'IDLE could not be begun'))
    },
    covers: (owner) => context.ladder.uses('idle') && listening.has(owner),
    connections: () => listening.size,
    close: async () => {
      closed = true
      for (const stop of waiting.values()) stop.abort()
      await Promise.all(running)
    },
  }
}

/** Where the mail server grants too few connections, those that read mail go first. */
const roomBeside = (pool: WatchContext['pool'], connectionsMax: number): number =>
  pool.stats().limited ? 0 : connectionsMax

/** For whom a connection waits; nobody where IDLE is switched off or has not proved itself. */
async function whom(context: WatchContext, connectionsMax: number): Promise<readonly MailAddress[]> {
  if (!context.ladder.uses('idle')) return []
  return [...(await context.grants.live())].slice(0, roomBeside(context.pool, connectionsMax))
}
