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

function watchKeys(): (db: Db, fail: Fail) => void {
  /** Keys under which a policy was acknowledged, as `pin kid`. */
  const governed = new Set<string>()
  let last = 0
  return (db, fail) => {
    for (const { name } of db.all<{ name: string }>(
      "SELECT DISTINCT pin || ' ' || kid AS name FROM delivery WHERE message = 'policy' AND state = 'answered'",
    ))
      governed.add(name)
    for (const { id, name } of db.all<{ id: number; name: string }>(
      "SELECT id, pin || ' ' || kid AS name FROM delivery WHERE message = 'books' AND id > ? ORDER BY id",
      last,
    )) {
      last = id
      if (!governed.has(name)) fail(`books go out under key ${name}, which no policy was acknowledged under`)
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
