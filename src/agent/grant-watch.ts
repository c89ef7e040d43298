/** Who may activate right now: their mailboxes are read closely, and looked at as soon as they may. */
import type { MailAddress } from '#kernel/brand.ts'
import type { Clock } from '#kernel/clock.ts'
import { faultCodeOf } from '#kernel/fault.ts'
import type { Log } from '#kernel/log.ts'
import type { Store } from '#store/store.ts'
import { makeLoop } from './loop.ts'
import { keepUntilUsersChange } from './until-users-change.ts'

export interface GrantWatch {
  /** As of now: a grant that was opened before the call counts. */
  live(): Promise<ReadonlySet<MailAddress>>
  isLive(owner: MailAddress): Promise<boolean>
  /** Calls `listener` with those who may activate since the last call, also when others no longer may. */
  onChange(listener: (opened: readonly MailAddress[]) => void): () => void
  close(): Promise<void>
}

export interface GrantWatchParts {
  readonly store: Pick<Store, 'onCommit'>
  readonly clock: Clock
  readonly log: Log
  liveGrants(): Promise<readonly MailAddress[]>
}

/** A grant runs out without a commit; who is then still read closely costs a little work, nothing else. */
const staleMs = 30_000

export function makeGrantWatch({ store, clock, log, liveGrants }: GrantWatchParts): GrantWatch {
  const listeners = new Set<(opened: readonly MailAddress[]) => void>()
  const kept = keepUntilUsersChange({ store, clock }, liveGrants, staleMs)
  let readAtMs = 0
  let told: ReadonlySet<MailAddress> = new Set()
  const loop = makeLoop({
    clock,
    dueInMs: async () => readAtMs + staleMs - clock.monotonicMs(),
    pass: async () => {
      readAtMs = clock.monotonicMs()
      const now = await kept.read()
      const opened = [...now].filter((owner) => !told.has(owner))
      const changed = opened.length > 0 || now.size !== told.size
      told = now
      if (changed) for (const listener of listeners) listener(opened)
      return 0
    },
    onError: (error) => log.error({ code: faultCodeOf(error) }, 'the list of live grants could not be read'),
  })
  const stopListening = store.onCommit((changed) => {
    if (changed.has('grants') || changed.has('users')) loop.poke()
  })

  return {
    live: kept.read,
    isLive: async (owner) => (await kept.read()).has(owner),
    onChange: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: () => {
      stopListening()
      kept.close()
      return loop.close()
    },
  }
}
