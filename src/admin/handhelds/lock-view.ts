/** What this server knows of a handheld's lock: that it took the command. Opening it is told to nobody. */
import type { Pin } from '#kernel/brand.ts'
import type { HandheldAccount } from '#store/handhelds.ts'
import type { QueueItem } from '#store/queue.ts'
import type { AdminParts } from '../ports.ts'
import type { LockView } from '../views.ts'

type Parts = Pick<AdminParts, 'store'>

/** Lines of the audit log in which the act is looked for. */
const actsMax = 1_000

/** The newest lock of each of these handhelds that was acknowledged under its present account. */
export async function locksTaken(
  { store }: Parts,
  accounts: readonly HandheldAccount[],
  only?: Pin,
): Promise<ReadonlyMap<HandheldAccount, QueueItem>> {
  const newest = new Map((await store.queue.newestDone('lock', only)).map((item) => [item.pin, item]))
  return new Map(
    accounts.flatMap((account) => {
      const item = newest.get(account.pin)
      return item && counts(account, item) ? [[account, item] as const] : []
    }),
  )
}

/** Whoever activates has opened it before, and a wipe leaves no lock. */
const counts = ({ userId, state, activatedAtMs }: HandheldAccount, item: QueueItem): boolean =>
  item.userId === userId && state !== 'wiped' && item.sinceMs >= activatedAtMs

export async function lockView({ store }: Parts, item: QueueItem | undefined): Promise<LockView | null> {
  if (!item) return null
  const acts = await store.audit.acts({ on: [item.pin], what: 'handhelds.lock', limit: actsMax })
  const order = acts.findLast(({ answer }) => answer !== null && idIn(answer.change) === item.id)
  return {
    takenAtMs: item.sinceMs,
    item: item.id,
    orderedBy: order?.line.who ?? null,
    hasPassword: !item.leftOut.includes('password'),
  }
}

/** Whoever could change a line of the log could write anything there. */
function idIn(change: string): unknown {
  try {
    return Reflect.get(Object(Reflect.get(Object(JSON.parse(change)), 'after')), 'id')
  } catch {
    return null
  }
}
