/** Which connections of the pool are open, for whom, and which one the next work gets. */
import { assert } from '#kernel/assert.ts'
import type { MailboxConnection, MailLogin } from './mailbox.ts'

/** The right to one connection. Whoever holds it opens the connection where there is none yet. */
export interface PoolSlot {
  readonly key: string
  readonly openedAtMs: number
  connection: MailboxConnection | null
  /** Must be closed before another is opened in its place. */
  readonly evicted: MailboxConnection | null
}

export interface PoolSlots {
  /** Null: all are busy. */
  take(login: MailLogin, openedAfterMs: number, nowMs: number): PoolSlot | null
  release(slot: PoolSlot, nowMs: number): void
  /** `lost`: how many ended by themselves so far. */
  counts(): { open: number; busy: number; lost: number }
  /** Resolves when all are closed, the busy ones after their release. */
  close(): Promise<void>
}

interface Free {
  readonly slot: PoolSlot
  readonly connection: MailboxConnection
  readonly sinceMs: number
}

export const loginKey = (login: MailLogin): string => (login.as === 'user' ? login.user : '')

export function makePoolSlots(connectionsMax: number, unusedMsMax: number): PoolSlots {
  /** The longest unused first, so that a few stay warm and the rest grow old. */
  let free: Free[] = []
  const busy = new Set<PoolSlot>()
  let closed: (() => void) | null = null
  let lost = 0

  const dropStale = (nowMs: number): void => {
    const stale = free.filter(
      ({ connection, sinceMs }) => !connection.usable() || nowMs - sinceMs > unusedMsMax,
    )
    free = free.filter((one) => !stale.includes(one))
    lost += stale.filter(({ connection }) => !connection.usable()).length
    for (const { connection } of stale) void connection.close()
  }

  const given = (slot: PoolSlot): PoolSlot => {
    busy.add(slot)
    return slot
  }

  return {
    take: (login, openedAfterMs, nowMs) => {
      dropStale(nowMs)
      const key = loginKey(login)
      const at = free.findLastIndex(({ slot }) => slot.key === key && slot.openedAtMs >= openedAfterMs)
      const fitting = free[at]
      if (fitting) {
        free.splice(at, 1)
        return given({ ...fitting.slot, evicted: null })
      }
      const full = busy.size + free.length >= connectionsMax
      const evicted = full ? free.shift() : undefined
      if (full && !evicted) return null
      return given({ key, openedAtMs: nowMs, connection: null, evicted: evicted?.connection ?? null })
    },
    release: (slot, nowMs) => {
      assert(busy.delete(slot), 'a connection is given back once')
      if (slot.connection?.usable() === false) lost += 1
      if (slot.connection?.usable() && !closed)
        free.push({ slot, connection: slot.connection, sinceMs: nowMs })
      else void slot.connection?.close()
      if (busy.size === 0) closed?.()
    },
    counts: () => ({ open: free.length + busy.size, busy: busy.size, lost }),
    close: async () => {
      const allReleased = new Promise<void>((resolve) => {
        closed = resolve
        if (busy.size === 0) resolve()
      })
      const idle = free
      free = []
      await Promise.all([...idle.map(({ connection }) => connection.close()), allReleased])
    },
  }
}
