/** Which connections of the pool are open, for whom, and which one the next work gets. */
import { assert } from '#kernel/assert.ts'
import type { MailboxConnection, MailLogin } from './mailbox.ts'

/** The right to one connection. Whoever holds it opens the connection where there is none yet. */
export interface PoolSlot {
  readonly key: string
  readonly openedAtMs: number
  /** How often its connection was given out. */
  readonly uses: number
  connection: MailboxConnection | null
  /** Must be closed before another is opened in its place. */
  readonly evicted: MailboxConnection | null
}

export interface PoolSlots {
  /** Null: all are busy. `max`: how many there may be now. */
  take(login: MailLogin, openedAfterMs: number, nowMs: number, max: number): PoolSlot | null
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

/** One that was used as often as this is worth keeping as much as any. */
const usesMax = 8

export function makePoolSlots(unusedMsMax: number): PoolSlots {
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

  /**
   * A pass uses a user's connection once, and would push out those of users whose mailboxes are looked into all the
   * time: so the least used goes first, and of those the longest unused.
   */
  const evict = (): MailboxConnection | null => {
    const uses = Math.min(...free.map(({ slot }) => slot.uses))
    const at = free.findIndex(({ slot }) => slot.uses === uses)
    return free.splice(at, 1)[0]?.connection ?? null
  }

  const given = (slot: PoolSlot): PoolSlot => {
    busy.add(slot)
    return slot
  }

  return {
    take: (login, openedAfterMs, nowMs, max) => {
      dropStale(nowMs)
      const key = loginKey(login)
      const at = free.findLastIndex(({ slot }) => slot.key === key && slot.openedAtMs >= openedAfterMs)
      const fitting = free[at]
      if (fitting) {
        free.splice(at, 1)
        const uses = Math.min(usesMax, fitting.slot.uses + 1)
        return given({ ...fitting.slot, uses, evicted: null })
      }
      const full = busy.size + free.length >= max
      if (full && free.length === 0) return null
      return given({ key, openedAtMs: nowMs, uses: 1, connection: null, evicted: full ? evict() : null })
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
