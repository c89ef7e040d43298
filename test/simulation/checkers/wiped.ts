import { type HandheldState, initialState } from '#handheld/state.ts'
import { encodeSaved, type SavedHandheld } from '#handheld/state-codec.ts'
import type { Checker } from './checks.ts'

interface Erased {
  readonly before: SavedHandheld
  readonly pin: string | null
  /** How long after its order it was, by the handheld's clock, and by the world's when. */
  readonly atMs: number
  readonly afterMs: number
}

/** Without a receipt for its acknowledgement a handheld waits so long. */
const receiptWithinMs = 60_000

/**
 * When it was last used is brought into the handheld's time whenever that is set back, and what is due comes before what
 * its user does in the same moment: who opens the lock finds it wiped, and open.
 */
function usersPart(lock: HandheldState['lock'], after: HandheldState['lock']): string {
  const isOpened = lock.locked && !after.locked && after.wrongTries === 0
  const { locked, wrongTries, mustChange } = isOpened ? after : lock
  return JSON.stringify({ ...lock, locked, wrongTries, mustChange, lastUsedAtMs: 0 })
}

export const wipedIsEmpty = (): Checker => {
  const last = new Map<string, SavedHandheld>()
  const erased = new Map<string, Erased>()
  return {
    invariant: 'a wiped handheld keeps nothing, and its account has ended',
    saved: (handheld, saved, fail) => {
      const { name, world } = handheld
      const before = last.get(name)
      last.set(name, saved)
      if (saved.state.account) erased.delete(name)
      if (!before?.state.account || saved.state.account) return
      const { wipe } = before.state.account
      if (!wipe) return fail(`${name} was erased, and nobody ordered it`)
      const nowMs = world.handheldHost(name).nowMs()
      erased.set(name, {
        before,
        pin: saved.state.device.pin,
        atMs: world.time.nowMs(),
        afterMs: nowMs - wipe.takenAtMs,
      })
      const { device, lock, run, failure, unanswered, online, screen } = saved.state
      const own = wipe.scope === 'everything' ? {} : { lock, run, failure, unanswered }
      const left = encodeSaved({
        seed: before.seed,
        state: { ...initialState(device), ...own, online, screen },
      })
      if (encodeSaved(saved) !== left) fail(`${name} keeps more than it may after a wipe of ${wipe.scope}`)
      if (wipe.scope === 'organisation' && usersPart(lock, lock) !== usersPart(before.state.lock, lock))
        fail(`${name} lost what is its user's by a wipe of ${wipe.scope}`)
    },
    quiet: ({ db, world }, fail) => {
      // Where the server knows when it will be empty, it ends by then.
      for (const [name, { before, pin, atMs, afterMs }] of erased) {
        const txn = before.state.account?.txn ?? ''
        const row = db.one<{ state: string }>(
          "SELECT state FROM handheld WHERE pin = ? AND txn = ? AND state = 'active' AND wipe_at_ms IS NULL",
          ...[pin, txn],
        )
        // Its acknowledgement ran out of time at the relay, or never got there.
        const unheard = afterMs >= receiptWithinMs || (world.expiredAtMs ?? 0) >= atMs - receiptWithinMs
        if (row && !unheard) fail(`${name} was erased, and its account of ${txn} is active`)
      }
      for (const { name, saved } of world.handhelds) {
        const { account, device } = saved?.state ?? {}
        const row = db.one<{ state: string }>(
          "SELECT state FROM handheld WHERE pin = ? AND txn = ? AND state = 'wiped'",
          ...[device?.pin ?? '', account?.txn ?? ''],
        )
        if (row) fail(`${name} works, and its account of ${account?.txn} has ended as wiped`)
      }
    },
  }
}
