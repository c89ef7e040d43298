import type { Db } from '#store/sqlite/database.ts'
import type { Checker, Fail } from './checks.ts'
import { type ItemRow, isLive } from './queue-rows.ts'

/** Within an activation and ever after: the handheld has applied a policy under the key that the books come under. */
export const policyBeforeBooks = (): Checker => {
  const underKeys = watchKeys()
  const inQueue = watchQueue()
  const own = new Map<string, string>()
  return {
    invariant: 'no service book before the acknowledgement of the policy',
    look: (observed, fail) => {
      if (observed.has('activations')) underKeys(observed.db, fail)
      if (observed.items) inQueue(observed.items, fail)
    },
    saved: ({ name }, { state: { account } }, fail) => {
      if (!account?.bookNumber) return
      const now = `${account.link.kid} ${account.bookNumber.number}`
      const before = own.get(name)
      own.set(name, now)
      const isNew = before !== undefined && before !== now && before.startsWith(`${account.link.kid} `)
      if (isNew && !(account.policy && account.policyConfirmed)) fail(`${name} took books, and no policy yet`)
    },
  }
}

interface Sent {
  readonly id: number
  readonly message: 'policy' | 'books'
  readonly state: string
  readonly key: string
}

function watchKeys(): (db: Db, fail: Fail) => void {
  /** The activation that each key belongs to: a key that took another's place goes on with its policy. */
  const activations = new Map<string, string>()
  const governed = new Set<string | undefined>()
  const looked = new Set<number>()
  return (db, fail) => {
    for (const { key, txn } of db.all<{ key: string; txn: string }>(
      "SELECT pin || ' ' || kid AS key, txn FROM master_key",
    ))
      activations.set(key, txn)
    const sent = db.all<Sent>(
      "SELECT id, message, state, pin || ' ' || kid AS key FROM delivery WHERE message IN ('policy', 'books')",
    )
    for (const { message, state, key } of sent)
      if (message === 'policy' && state === 'answered') governed.add(activations.get(key))
    for (const { id, message, key } of sent) {
      if (message !== 'books' || looked.has(id)) continue
      looked.add(id)
      if (!governed.has(activations.get(key)))
        fail(`books go out under key ${key}, and no policy was acknowledged since its activation`)
    }
  }
}

function watchQueue(): (items: readonly ItemRow[], fail: Fail) => void {
  /** Policies that were waiting or out, and the packets of books that were out, as of the last look. */
  let policies = new Set<number>()
  let out = new Map<number, string | null>()
  return (items, fail) => {
    const live = items.filter((item) => item.kind === 'policy' && isLive(item))
    const books = items.filter(({ kind, state }) => kind === 'books' && state === 'out')
    for (const { id, pin, delivery_key } of books) {
      if (out.get(id) === delivery_key) continue
      const beside = live.find((item) => item.pin === pin && policies.has(item.id))
      if (beside) fail(`books, item ${id}, went out to ${pin} beside the policy, item ${beside.id}`)
    }
    policies = new Set(live.map(({ id }) => id))
    out = new Map(books.map(({ id, delivery_key }) => [id, delivery_key]))
  }
}
